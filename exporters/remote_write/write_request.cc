#include "exporters/remote_write/write_request.h"

#include <fmt/format.h>
#include <google/protobuf/arena.h>
#include <snappy.h>

#include <algorithm>
#include <utility>

#include "collector/model/fate.h"
#include "proto/remote_write.pb.h"

namespace weir::remote_write {
namespace {

namespace message = weir::remote_write::v1;

/// Reverse of core::cell_position().
std::string_view direction_of(std::uint32_t cell) noexcept {
  return direction_name(static_cast<Direction>(cell % core::kCellsPerSlot / 2));
}
std::string_view family_of(std::uint32_t cell) noexcept {
  return family_name(static_cast<Family>(cell % 2));
}

}  // namespace

WriteRequests::WriteRequests(const std::map<std::string, std::string>& external_labels, Names names)
    : names_(std::move(names)) {
  labels_ = {{.name = "__name__", .value = std::string(kMetricName)},
             {.name = "contract", .value = {}, .source = Source::Contract},
             {.name = "direction", .value = {}, .source = Source::Direction},
             {.name = "family", .value = {}, .source = Source::Family}};
  for (const auto& [name, value] : external_labels)
    labels_.push_back({.name = name, .value = value});
  std::ranges::sort(labels_, {}, &Label::name);
}

const std::string& WriteRequests::contract_of(std::uint32_t cell) {
  const std::size_t slot = cell / core::kCellsPerSlot;
  // Slots keep their names for the life of the process, and more may come.
  if (slot >= known_.size()) known_ = names_();
  return known_.at(slot);
}

std::string WriteRequests::body(std::int64_t time_ms, std::span<const CellSample> samples) {
  google::protobuf::Arena arena;
  auto& request = *google::protobuf::Arena::CreateMessage<message::WriteRequest>(&arena);
  request.mutable_timeseries()->Reserve(static_cast<int>(samples.size()));
  for (const CellSample& sample : samples) {
    message::TimeSeries& series = *request.add_timeseries();
    for (const Label& label : labels_) {
      message::Label& made = *series.add_labels();
      made.set_name(label.name);
      switch (label.source) {
        case Source::Fixed:
          made.set_value(label.value);
          break;
        case Source::Contract:
          made.set_value(contract_of(sample.cell));
          break;
        case Source::Direction:
          made.set_value(std::string(direction_of(sample.cell)));
          break;
        case Source::Family:
          made.set_value(std::string(family_of(sample.cell)));
          break;
      }
    }
    message::Sample& made = *series.add_samples();
    made.set_value(sample.value);
    made.set_timestamp(time_ms);
  }
  const std::string plain = request.SerializeAsString();
  std::string packed;
  snappy::Compress(plain.data(), plain.size(), &packed);
  return packed;
}

std::string WriteRequests::describe(std::uint32_t cell) {
  return fmt::format("{}{{contract=\"{}\",direction=\"{}\",family=\"{}\"}}", kMetricName,
                     contract_of(cell), direction_of(cell), family_of(cell));
}

}  // namespace weir::remote_write
