#include "collector/pipeline/worker.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "collector/wire/shared_decoder_state.h"

namespace weir::pipeline {
namespace {

/// Datagrams a receive call takes: enough that its cost is shared, few enough to stay in cache.
constexpr std::size_t kBatch = 64;
/// Batches from one socket before the others get their turn.
constexpr int kBatchesPerTurn = 16;
/// Packets from one mirror port before the others get their turn.
constexpr int kPacketsPerTurn = 1'024;
/// A nap lets the queue fill, so that a call receives many datagrams: a third of the cost of
/// waking for each. It grows while nothing comes, so that an idle collector costs nothing;
/// the longest nap still fits a burst into a socket's buffer.
constexpr std::chrono::microseconds kShortestNap{200};
constexpr std::chrono::microseconds kLongestNap{4'000};

}  // namespace

void WorkerState::note_turn() noexcept {
  last_turn_ms.store(std::chrono::duration_cast<std::chrono::milliseconds>(
                         std::chrono::steady_clock::now().time_since_epoch())
                         .count(),
                     std::memory_order_relaxed);
}

DatagramPath::DatagramPath(WorkerState& state, Registries& registries,
                           const Published<Policy>& policy,
                           std::shared_ptr<wire::SharedDecoderState> shared)
    : state_(state),
      attributor_({.cells = state.cells,
                   .books = state.books,
                   .interfaces = state.interfaces,
                   .exporters = registries.exporters,
                   .metering = registries.metering,
                   .policy = policy,
                   .pops = &state.pops,
                   .events = registries.events.get(),
                   .learned = &shared->interfaces(),
                   .readings = &registries.readings}),
      decoder_(std::move(shared), wire::DecoderLimits{}) {}

void DatagramPath::advance(TrafficTime now) noexcept {
  const TrafficSpan lateness = attributor_.lateness(now);
  state_.lateness_ms.store(lateness.count(), std::memory_order_relaxed);
  state_.cells.advance(now, lateness);
}

DatagramPath::Verdict DatagramPath::process(const Datagram& datagram) {
  if (!attributor_.admit(datagram.source)) {
    state_.books.refused_sources.note(datagram.source, datagram.arrival);
    return Verdict::Refused;
  }
  const wire::DecodeOutcome outcome = decoder_.decode(datagram, attributor_);
  attributor_.settle(datagram, outcome);
  return wire::is_sound(outcome) ? Verdict::Sound : Verdict::Malformed;
}

void DatagramPath::finish() {
  for (const wire::DecodeOutcome& outcome : decoder_.flush(attributor_)) {
    attributor_.settle_held(outcome);
  }
}

void DatagramPath::process(const CapturedPacket& packet, std::uint32_t sampling_interval,
                           const IpAddress& exporter) {
  // The policy may be new; the exporter is configured, so it is always admitted.
  if (!attributor_.admit(exporter)) return;
  FlowRecord record;
  wire::DecodeOutcome outcome;
  outcome.has_protocol = true;
  outcome.protocol = Protocol::Packets;
  outcome.agent = exporter;
  if (wire::record_from_packet(packet, sampling_interval, record)) {
    const MessageContext context{.source = exporter,
                                 .agent = exporter,
                                 .protocol = Protocol::Packets,
                                 .arrival = packet.arrival,
                                 .released = packet.arrival,
                                 .export_time = packet.arrival};
    attributor_.take(context, {&record, 1});
    outcome.records = 1;
  } else {
    outcome.refuse(DecodeError::Truncated);
  }
  attributor_.settle({.source = exporter, .arrival = packet.arrival}, outcome);
}

Worker::Worker(WorkerState& state, Registries& registries, const Published<Policy>& policy,
               std::shared_ptr<wire::SharedDecoderState> shared,
               std::vector<std::unique_ptr<WorkerSocket>>& sockets,
               std::vector<std::unique_ptr<WorkerCapture>>& captures)
    : state_(state),
      sockets_(sockets),
      captures_(captures),
      batch_(kBatch),
      path_(state, registries, policy, std::move(shared)) {}

TrafficTime Worker::now() noexcept {
  // A clock that was set back stands still here until it has caught up: buckets close once.
  latest_ = std::max(latest_, traffic_now());
  return latest_;
}

Worker::Found Worker::drain(WorkerSocket& socket) {
  Found found = Found::Nothing;
  for (int turn = 0; turn < kBatchesPerTurn; ++turn) {
    const TrafficTime arrival = now();
    const auto datagrams = batch_.receive(socket.socket, arrival);
    if (batch_.last_truncated() != 0) socket.truncated.add(batch_.last_truncated());
    if (datagrams.empty()) return found;
    path_.advance(arrival);
    for (const Datagram& datagram : datagrams) path_.process(datagram);
    socket.datagrams.add(datagrams.size());
    if (datagrams.size() < kBatch) return Found::All;
    found = Found::All;
  }
  return Found::More;
}

Worker::Found Worker::drain(WorkerCapture& capture) {
  Found found = Found::Nothing;
  for (int count = 0; count < kPacketsPerTurn; ++count) {
    const TrafficTime arrival = now();
    // Stamped now: the capture's own stamps may run behind this worker's frontier.
    if (capture.carries_packets) {
      auto packet = capture.capture.next_packet();
      capture.is_failing.store(!packet, std::memory_order_relaxed);
      if (!packet || !*packet) return found;
      (*packet)->arrival = arrival;
      path_.advance(arrival);
      path_.process(**packet, capture.sample, capture.exporter);
    } else {
      auto datagram = capture.capture.next_datagram();
      capture.is_failing.store(!datagram, std::memory_order_relaxed);
      if (!datagram || !*datagram) return found;
      (*datagram)->arrival = arrival;
      path_.advance(arrival);
      path_.process(**datagram);
    }
    found = Found::All;
    capture.received.add(1);
  }
  return Found::More;
}

void Worker::run(const std::stop_token& stop) {
  auto nap = kShortestNap;
  while (!stop.stop_requested()) {
    Found found = Found::Nothing;
    for (auto& socket : sockets_) found = std::max(found, drain(*socket));
    for (auto& capture : captures_) found = std::max(found, drain(*capture));
    state_.note_turn();
    if (found == Found::More) continue;
    if (found == Found::All) {
      nap = kShortestNap;
    } else {
      path_.advance(now());
      nap = std::min(nap * 2, kLongestNap);
    }
    std::this_thread::sleep_for(nap);
  }
  // What the kernel already holds was received in time.
  for (auto& socket : sockets_) static_cast<void>(drain(*socket));
  path_.finish();
}

}  // namespace weir::pipeline
