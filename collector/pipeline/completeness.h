#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "collector/core/books.h"
#include "collector/core/reception.h"
#include "collector/model/exporter.h"
#include "collector/model/time.h"

namespace weir::pipeline {

/// How much of what an exporter sent in one interval of arrival has come. It is the
/// exporter's, and so that of each of its interfaces: flow export numbers what it sends by domain,
/// never by interface.
///
/// The rules: of units whose place in the stream is known, received / (received + lost),
/// where lost is less what came late after all. Unknown where more than half of the
/// datagrams stand behind a loss that cannot be known (a template that is missing, one
/// restart after the other), and for protocols that number nothing. An exporter from which not a
/// datagram came is Silent: its ratio is 0, never 1, since nothing was measured. One that is alive
/// and has nothing to report is complete.
struct Completeness {
  enum class State : std::uint8_t { Measured, Silent, Unknown };

  State state = State::Silent;
  std::uint64_t received = 0;  ///< in the protocol's own unit
  std::uint64_t lost = 0;      ///< net

  /// 0 to 1; nullopt where it is unknown.
  [[nodiscard]] std::optional<double> ratio() const noexcept;

  friend bool operator==(const Completeness&, const Completeness&) noexcept = default;
};

/// Of one exporter over one protocol. Pure. `reception` is nullopt when nothing came.
[[nodiscard]] Completeness completeness_of(
    Protocol protocol, const std::optional<core::Reception>& reception) noexcept;

/// The start of the newest interval that is over at `now` for every worker. Pure.
[[nodiscard]] TrafficTime last_closed_interval(TrafficTime now) noexcept;

/// Whether the books still hold at `now` what came in the interval that starts at `start`; what
/// they no longer hold reads as silence. Pure.
[[nodiscard]] bool is_reception_kept(TrafficTime start, TrafficTime now) noexcept;

/// What came from one exporter over one protocol in the interval that starts at `start`, summed
/// over the workers; nullopt if nothing did, or if that is longer ago than the books keep
/// (core::ReceptionRing::kIntervals). Any thread.
[[nodiscard]] std::optional<core::Reception> reception_of(
    std::span<const core::WorkerBooks* const> books, ExporterId exporter, Protocol protocol,
    TrafficTime start) noexcept;

/// Of one exporter over all its protocols: the least complete one that was heard; unknown if
/// one of them is and none is worse than complete. Any thread.
[[nodiscard]] Completeness completeness_of(std::span<const core::WorkerBooks* const> books,
                                           ExporterId exporter, TrafficTime start) noexcept;

/// One exporter over one protocol.
struct ProtocolCompleteness {
  Protocol protocol = Protocol::Netflow5;
  Completeness completeness;
};

/// Of each protocol over which the exporter was heard before the interval was over. One that was
/// silent while another was heard is left out: the router has changed its way of reporting. Any
/// thread.
[[nodiscard]] std::vector<ProtocolCompleteness> completeness_by_protocol(
    std::span<const core::WorkerBooks* const> books, ExporterId exporter, TrafficTime start);

}  // namespace weir::pipeline
