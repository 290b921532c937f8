#include "collector/pipeline/completeness.h"

#include <algorithm>

namespace weir::pipeline {
namespace {

/// A worker stamps datagrams as it receives them; one that has not turned for so long makes
/// the collector unready.
constexpr TrafficSpan kWorkersAreDone = std::chrono::seconds{10};

bool has_sequence(Protocol protocol) noexcept {
  return protocol != Protocol::Netflow1 && protocol != Protocol::Packets;
}

bool was_heard_before(std::span<const core::WorkerBooks* const> books, ExporterId exporter,
                      Protocol protocol, TrafficTime end) noexcept {
  return std::ranges::any_of(books, [&](const core::WorkerBooks* worker) {
    const core::ExporterCounters* const counters = worker->find(exporter, protocol);
    if (counters == nullptr) return false;
    const auto first_ms = static_cast<std::int64_t>(counters->first_seen_ms.read());
    return first_ms != 0 && first_ms < since_epoch_ms(end);
  });
}

/// True if `a` says worse of an exporter than `b`.
bool is_worse(const Completeness& a, const Completeness& b) noexcept {
  return a.ratio().value_or(1.0) < b.ratio().value_or(1.0) ||
         (!a.ratio() && b.ratio() == std::optional{1.0});
}

}  // namespace

std::optional<double> Completeness::ratio() const noexcept {
  switch (state) {
    case State::Measured:
      if (lost == 0) return 1.0;
      return static_cast<double>(received) /
             (static_cast<double>(received) + static_cast<double>(lost));
    case State::Silent:
      return 0.0;
    case State::Unknown:
      break;
  }
  return std::nullopt;
}

Completeness completeness_of(Protocol protocol,
                             const std::optional<core::Reception>& reception) noexcept {
  if (!reception || reception->datagrams == 0) return {};
  Completeness found{
      .state = Completeness::State::Measured,
      .received = reception->units,
      .lost = reception->lost > reception->recovered ? reception->lost - reception->recovered : 0};
  if (!has_sequence(protocol) || reception->sequence_unknown > reception->datagrams / 2)
    found.state = Completeness::State::Unknown;
  return found;
}

TrafficTime last_closed_interval(TrafficTime now) noexcept {
  return core::ReceptionRing::start_of(now - kWorkersAreDone) - core::ReceptionRing::kInterval;
}

bool is_reception_kept(TrafficTime start, TrafficTime now) noexcept {
  using Ring = core::ReceptionRing;
  return Ring::start_of(now) - start < Ring::kIntervals * Ring::kInterval;
}

std::optional<core::Reception> reception_of(std::span<const core::WorkerBooks* const> books,
                                            ExporterId exporter, Protocol protocol,
                                            TrafficTime start) noexcept {
  std::optional<core::Reception> sum;
  for (const core::WorkerBooks* const worker : books) {
    const core::ExporterCounters* const counters = worker->find(exporter, protocol);
    if (counters == nullptr) continue;
    if (const auto part = counters->reception.read(start)) {
      if (!sum) sum.emplace();
      *sum += *part;
    }
  }
  return sum;
}

Completeness completeness_of(std::span<const core::WorkerBooks* const> books, ExporterId exporter,
                             TrafficTime start) noexcept {
  std::optional<Completeness> worst;
  for (std::size_t i = 0; i < kProtocols; ++i) {
    const auto protocol = static_cast<Protocol>(i);
    const auto found = completeness_of(protocol, reception_of(books, exporter, protocol, start));
    if (found.state == Completeness::State::Silent) continue;
    if (!worst || is_worse(found, *worst)) worst = found;
  }
  return worst.value_or(Completeness{});
}

std::vector<ProtocolCompleteness> completeness_by_protocol(
    std::span<const core::WorkerBooks* const> books, ExporterId exporter, TrafficTime start) {
  std::vector<ProtocolCompleteness> all;
  for (std::size_t i = 0; i < kProtocols; ++i) {
    const auto protocol = static_cast<Protocol>(i);
    if (!was_heard_before(books, exporter, protocol, start + core::ReceptionRing::kInterval))
      continue;
    all.push_back({.protocol = protocol,
                   .completeness =
                       completeness_of(protocol, reception_of(books, exporter, protocol, start))});
  }
  const auto is_silent = [](const ProtocolCompleteness& one) {
    return one.completeness.state == Completeness::State::Silent;
  };
  if (!std::ranges::all_of(all, is_silent)) std::erase_if(all, is_silent);
  return all;
}

}  // namespace weir::pipeline
