#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace weir::app {

enum class DecodeFormat : std::uint8_t {
  Text,    ///< a table for people
  Json,    ///< one object a line for each record
  Summary  ///< one object: totals per exporter, domain and interface
};

struct DecodeOptions {
  std::vector<std::string> paths;  ///< capture files, read in this order by one decoder
  DecodeFormat format = DecodeFormat::Text;
};

/// `weir decode`: decodes every UDP payload of the captures, whatever its port, and prints
/// what it holds to `out`. Payloads that are not flow export are counted as malformed. Problems
/// go to `err` as sentences. Returns the exit code: 0, or 1 when a capture cannot be read or
/// the result cannot be written; what was read before stands.
[[nodiscard]] int run_decode(const DecodeOptions& options, std::FILE* out, std::FILE* err);

}  // namespace weir::app
