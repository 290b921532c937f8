#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collector/generator/backbone.h"
#include "collector/generator/scenario.h"
#include "collector/generator/truth.h"

namespace weir::generator::test {

/// A file in the test's temporary folder, removed with the object.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view text = {});
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::string read() const;

 private:
  std::string path_;
};

/// 2023-11-14T22:15:00Z, the start of an interval of five minutes.
inline constexpr TrafficTime kStart = traffic_time_ms(1'700'000'100'000);

/// One router (interfaces 1: peer, 10: customer) and one contract C-1 on interface 10 with
/// constant traffic. The texts are put in as they are.
struct SmallScenario {
  std::string protocol = "netflow9";
  std::string exporter_keys;               ///< ", loss: 5%"
  std::string traffic_keys = "peak: 20M";  ///< of the one rule
  std::string customer_port = "role: customer";
  std::string attachment = "{exporter: r1, interface: 10}";

  [[nodiscard]] std::string text() const;
};

/// What came of a scenario that was played from kStart.
struct Played {
  std::vector<Emission> emissions;
  std::vector<Truth::Row> rows;

  /// Sum of a part of the rows in one direction.
  [[nodiscard]] Volume sum(Volume Truth::Row::*part, Direction direction) const;
  [[nodiscard]] Volume sum(Volume Truth::Row::*part) const;
};

/// Fails the test when the scenario has problems.
[[nodiscard]] Scenario load(std::string_view text);
[[nodiscard]] Played play(const Scenario& scenario, TrafficSpan duration);
[[nodiscard]] Played play(const SmallScenario& scenario, TrafficSpan duration);

/// Payloads as numbers.
[[nodiscard]] std::uint32_t number_at(const std::vector<std::byte>& bytes, std::size_t at,
                                      std::size_t count);

/// "0005 001e" as bytes; blanks are skipped.
[[nodiscard]] std::vector<std::byte> from_hex(std::string_view text);

}  // namespace weir::generator::test
