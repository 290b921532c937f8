#pragma once

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

namespace weir::app {

/// Arguments of `weir generate`, as typed. Texts are parsed by run_generate(), which names
/// a bad one and exits with 2; an empty text means that the option was not given.
struct GenerateOptions {
  std::string scenario;               ///< path of the scenario file
  std::string to;                     ///< "HOST:PORT"; either this or `pcap`
  std::string pcap;                   ///< capture file to write
  std::string truth;                  ///< CSV of what was really exported
  double speed = 1.0;                 ///< traffic seconds per second; 0: as fast as allowed
  std::string duration;               ///< "10m"; "0" runs until stopped (only with `to`)
  std::optional<std::uint64_t> seed;  ///< overrides the scenario's
  std::string start;                  ///< RFC 3339 in UTC or "now"; overrides the scenario's

  /// Raised (by a signal handler, say) to end early: what was sent stands and the truth
  /// is written. Null: never.
  const std::atomic<bool>* stop = nullptr;
};

/// `weir generate`: plays the exporters of a scenario to a collector or into a capture
/// file, and writes what they exported beside it. Exit code: 0, 1 at run time, 2 usage.
[[nodiscard]] int run_generate(const GenerateOptions& options, std::FILE* out, std::FILE* err);

}  // namespace weir::app
