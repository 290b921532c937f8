#pragma once

#include <cstddef>
#include <cstdint>

#include <boost/unordered/unordered_flat_map.hpp>

#include "collector/accounting/exporter_clock.h"
#include "collector/accounting/layer.h"
#include "collector/model/exporter.h"
#include "collector/model/flow_record.h"

namespace weir::accounting {

/// True for a record some of whose counters are known as running totals (85, 86) alone.
/// Where an exporter sends both, the deltas (1, 2) count.
[[nodiscard]] constexpr bool needs_last_totals(const FlowRecord& record) noexcept {
  return has_only_totals(record) || (record.has(Has::TotalPackets) && !record.has(Has::Packets));
}

/// Turns running totals into what was added since the flow's last report.
///
/// A flow is known by its exporter and domain, addresses, ports, protocol, interfaces and flow
/// id (148); the template does not matter. Its first report counts whole, over the times it
/// names. A later one counts the difference, over the time since the report before. A total
/// that fell is a new flow, as is one that begins after a report that named its end (136);
/// a lower total that ends before the last report is that of a datagram that came late, and
/// adds nothing.
///
/// Remembers kFlows flows at most, in two generations: when the younger is full, what the
/// older one holds is forgotten. A flow that was forgotten counts whole again, so forgotten()
/// is a measure of the error that is possible.
///
/// Threads: one worker. Memory is taken when the first running total comes.
class RunningTotals {
 public:
  static constexpr std::size_t kFlows = 65'536;

  /// `flows` bounds the table; at least 2.
  explicit RunningTotals(std::size_t flows = kFlows);

  struct Origin {
    ExporterId exporter;
    std::uint32_t domain = 0;

    friend bool operator==(const Origin&, const Origin&) noexcept = default;
  };

  /// `record`, for which needs_last_totals() holds, with octets and packets of its own and the
  /// time that they cover. `time` is when the record's own times say.
  [[nodiscard]] FlowRecord since_last(const Origin& origin, const FlowRecord& record,
                                      const ResolvedTime& time);

  /// Flows forgotten so far.
  [[nodiscard]] std::uint64_t forgotten() const noexcept { return forgotten_; }

 private:
  struct Flow {
    Origin origin;
    IpAddress source;
    IpAddress destination;
    std::uint64_t flow_id = 0;
    std::uint32_t input = 0;
    std::uint32_t output = 0;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::uint8_t protocol = 0;

    friend bool operator==(const Flow&, const Flow&) noexcept = default;
  };
  struct Report {
    std::uint64_t octets = 0;
    std::uint64_t packets = 0;
    TrafficTime until;            ///< what it covers ends here
    std::uint8_t end_reason = 0;  ///< 136: why the flow ended with this report, 0 if it did not
  };
  struct Hash {
    using is_avalanching = void;
    std::uint64_t seed;
    [[nodiscard]] std::size_t operator()(const Flow& flow) const noexcept;
  };
  using Reports = boost::unordered_flat_map<Flow, Report, Hash>;

  [[nodiscard]] static Flow flow_of(const Origin& origin, const FlowRecord& record) noexcept;
  /// The last report of a flow, in the younger generation; null if none is known.
  [[nodiscard]] Report* find(const Flow& flow);
  void remember(const Flow& flow, const Report& report);

  std::size_t generation_flows_;
  Reports younger_;
  Reports older_;  ///< of other flows
  std::uint64_t forgotten_ = 0;
};

}  // namespace weir::accounting
