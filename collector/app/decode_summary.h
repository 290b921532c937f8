#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>

#include "collector/model/counter_record.h"
#include "collector/model/flow_record.h"
#include "collector/model/record_sink.h"
#include "collector/wire/decode_outcome.h"

namespace weir::app {

/// Totals of what a decoder hands over, by exporter, domain and interface (flow records) and
/// by sFlow data source (samples). Sums are as reported; `scaled` ones are multiplied by the
/// sampling interval, where it is known. Sums saturate.
///
/// Grows with the number of interfaces, not with the traffic. Threads: one.
class DecodeSummary final : public RecordSink {
 public:
  void take(const MessageContext& context, std::span<const FlowRecord> records) override;
  void take(const MessageContext& context, const CounterRecord& record) override;

  /// What one datagram turned out to hold.
  void count(const wire::DecodeOutcome& outcome) noexcept;

  /// How many outcomes were counted.
  [[nodiscard]] std::uint64_t datagrams() const noexcept { return datagrams_; }

  /// The object of `weir decode --summary`, on one line; rows are sorted by their keys.
  [[nodiscard]] std::string json() const;

 private:
  struct GroupKey {
    IpAddress exporter;
    Protocol protocol = Protocol::Netflow5;
    std::uint32_t domain = 0;
    std::optional<std::uint32_t> input;
    std::optional<std::uint32_t> output;

    friend auto operator<=>(const GroupKey&, const GroupKey&) noexcept = default;
  };
  struct Group {
    std::uint64_t records = 0;
    std::uint64_t octets = 0;
    std::uint64_t packets = 0;
    std::uint64_t total_octets = 0;
    std::uint64_t total_packets = 0;
    std::uint64_t reverse_octets = 0;
    std::uint64_t reverse_packets = 0;
    std::uint64_t scaled_octets = 0;
    std::uint64_t scaled_packets = 0;
  };
  struct SourceKey {
    IpAddress agent;
    std::uint32_t sub_agent = 0;
    std::uint32_t source_class = 0;
    std::uint32_t source_index = 0;

    friend auto operator<=>(const SourceKey&, const SourceKey&) noexcept = default;
  };
  struct Source {
    std::uint64_t flow_samples = 0;
    std::uint64_t counter_samples = 0;
    std::uint64_t frame_bytes = 0;
    std::uint64_t frame_bytes_scaled = 0;
  };

  void add_to_group(const MessageContext& context, const FlowRecord& record);
  void add_to_source(const MessageContext& context, const FlowRecord& record);

  std::uint64_t datagrams_ = 0;
  std::uint64_t malformed_ = 0;
  std::uint64_t templates_ = 0;
  std::uint64_t options_templates_ = 0;
  std::uint64_t options_records_ = 0;
  std::uint64_t sets_without_template_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t recovered_ = 0;
  std::map<GroupKey, Group> groups_;
  std::map<SourceKey, Source> sources_;
};

}  // namespace weir::app
