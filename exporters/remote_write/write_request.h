#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exporters/remote_write/bucket_samples.h"

namespace weir::remote_write {

/// The only series that are pushed: bytes of one bucket.
inline constexpr std::string_view kMetricName = "weir_contract_bucket_bytes";

/// Makes the bodies of remote write requests: each sample as a series with its labels, in
/// Protobuf, packed by snappy's block format.
///
/// Labels are sorted, and none is empty or stands twice: the configuration refuses external labels
/// of the names that Weir gives itself. So no request is refused for its form.
///
/// Threads: one.
class WriteRequests {
 public:
  /// Contract ids by slot; asked again when a slot is met that had none.
  using Names = std::function<std::vector<std::string>()>;

  WriteRequests(const std::map<std::string, std::string>& external_labels, Names names);

  [[nodiscard]] std::string body(std::int64_t time_ms, std::span<const CellSample> samples);

  /// As people write it: `weir_contract_bucket_bytes{contract="A",...}`, without external labels.
  [[nodiscard]] std::string describe(std::uint32_t cell);

 private:
  enum class Source : std::uint8_t { Fixed, Contract, Direction, Family };
  struct Label {
    std::string name;
    std::string value;  ///< of Fixed
    Source source = Source::Fixed;
  };

  [[nodiscard]] const std::string& contract_of(std::uint32_t cell);

  std::vector<Label> labels_;  ///< by name
  const Names names_;
  std::vector<std::string> known_;
};

}  // namespace weir::remote_write
