#include "collector/generator/router.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace weir::generator {
namespace {

using namespace std::chrono_literals;

/// Records end before their 32-bit octets of NetFlow v5 wrap.
constexpr std::uint64_t kLargestNetflow5Octets = 1ULL << 31;
/// Most octets added to a record at once, so that the limit above is met with room.
constexpr std::uint64_t kLargestAddition = 1ULL << 30;

constexpr std::int64_t kCounterSeconds = 20;

bool is_whole_second(TrafficTime time) noexcept { return since_epoch_ms(time) % 1'000 == 0; }

TrafficTime boot_before(TrafficTime start, std::uint64_t seed) noexcept {
  Random random(seed);
  return start - std::chrono::seconds{3'600 + random.below(40 * 86'400)};
}

}  // namespace

Router::Router(const ExporterPlan& exporter, std::uint32_t number, std::uint64_t seed,
               TrafficTime start, Truth* truth)
    : exporter_(exporter),
      number_(number),
      start_(start),
      truth_(truth),
      random_(derive_seed(seed, 1)),
      fate_random_(derive_seed(seed, 2)),
      next_announcement_(start) {
  const TrafficTime boot = boot_before(start, derive_seed(seed, 3));
  if (exporter.protocol == Protocol::Sflow5)
    sflow_.emplace(exporter, boot);
  else
    netflow_.emplace(exporter, boot);
  for (const InterfacePlan& interface : exporter.interfaces) {
    Port port;
    port.packets_until_sample = random_.packets_until_sample(exporter.sampling);
    port.reading.index = interface.index;
    port.reading.speed = interface.speed;
    ports_.push_back(port);
  }
  if (exporter.restart_at) restart_time_ = start + *exporter.restart_at;
}

void Router::add_stream(const Stream::Parts& parts) {
  streams_.emplace_back(parts);
  carried_.emplace_back();
}

std::vector<Emission> Router::advance(TrafficTime now) {
  std::vector<Emission> leaving;
  if (restart_time_ && now >= *restart_time_) {
    restart_time_.reset();
    restart(now, leaving);
  }
  if (now >= next_announcement_) announce(now, leaving);
  for (Stream& stream : streams_) meter(stream, now);
  const TrafficTime end = now + kTick;
  if (is_sflow()) {
    export_samples(end, leaving);
  } else if (is_whole_second(end)) {
    expire(end);
    export_flows(end, leaving);
  }
  if (is_whole_second(end) && truth_ != nullptr) {
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      if (carried_[i].packets != 0) truth_->carry(streams_[i].plan().key, now, carried_[i]);
      carried_[i] = {};
    }
  }
  return leaving;
}

std::vector<Emission> Router::finish(TrafficTime now) {
  std::vector<Emission> leaving;
  if (!is_sflow()) {
    expire_all();
    export_flows(now, leaving);
  }
  release_held(now, leaving);
  return leaving;
}

void Router::meter(Stream& stream, TrafficTime now) {
  const StreamPlan& plan = stream.plan();
  const auto bursts = stream.advance(now);
  std::uint64_t total = 0;
  for (const PacketBurst& burst : bursts) total += burst.packets;
  if (total == 0) return;
  Port& port = ports_[plan.source.interface];
  const bool is_tagged = is_input_tagged(plan);
  Volume& carried = carried_[static_cast<std::size_t>(&stream - streams_.data())];
  // Packets are evenly spaced over the tick.
  const auto time_of = [&](std::uint64_t position) {
    const auto tick_ms = static_cast<std::uint64_t>(kTick.count());
    return now + TrafficSpan{static_cast<std::int64_t>(position * tick_ms / total)};
  };
  std::uint64_t base = 0;
  for (const PacketBurst& burst : bursts) {
    if (burst.packets == 0) continue;
    carried += {burst.packets, burst.packets * burst.ip_bytes,
                burst.packets * frame_bytes(burst.ip_bytes, is_tagged)};
    if (is_sflow()) count_interfaces(plan, burst);
    if (!is_sflow() && exporter_.sampling == 1) {
      add_packets(stream, stream.pick_flow(), burst, time_of(base),
                  time_of(base + burst.packets - 1));
      base += burst.packets;
      continue;
    }
    std::uint64_t passed = 0;
    while (burst.packets - passed >= port.packets_until_sample) {
      passed += port.packets_until_sample;
      port.packets_until_sample = random_.packets_until_sample(exporter_.sampling);
      if (is_sflow()) {
        add_sample(stream, burst.ip_bytes, static_cast<std::uint32_t>(port.pool + passed));
      } else {
        const TrafficTime time = time_of(base + passed - 1);
        add_packets(stream, stream.pick_flow(), {burst.ip_bytes, 1}, time, time);
      }
    }
    port.packets_until_sample -= burst.packets - passed;
    port.pool += static_cast<std::uint32_t>(burst.packets);
    base += burst.packets;
  }
}

void Router::count_interfaces(const StreamPlan& plan, const PacketBurst& burst) {
  const auto bytes_at = [&](std::uint32_t interface) {
    return burst.packets * frame_bytes(burst.ip_bytes, exporter_.interfaces[interface].is_tagged);
  };
  InterfaceReading& in = ports_[plan.source.interface].reading;
  in.in_octets += bytes_at(plan.source.interface);
  in.in_packets += burst.packets;
  InterfaceReading& out = ports_[plan.destination.interface].reading;
  out.out_octets += bytes_at(plan.destination.interface);
  out.out_packets += burst.packets;
}

void Router::add_packets(Stream& stream, StreamFlow& flow, const PacketBurst& burst,
                         TrafficTime first, TrafficTime last) {
  std::uint64_t left = burst.packets;
  const std::uint64_t most = std::max<std::uint64_t>(1, kLargestAddition / burst.ip_bytes);
  while (left != 0) {
    const std::uint64_t packets = std::min(left, most);
    left -= packets;
    ExportedFlow& record = flow.record;
    if (record.packets == 0) {
      record.identity = flow.identity;
      record.first = first;
      // The very first record of a stream has a moment of its own (Stream's constructor).
      if (flow.record_due == TrafficTime::max()) flow.record_due = first + exporter_.active_timeout;
    }
    record.packets += packets;
    record.octets += packets * burst.ip_bytes;
    record.last = last;
    if (exporter_.protocol == Protocol::Netflow5 && record.octets >= kLargestNetflow5Octets)
      close_record(stream, flow);
  }
}

void Router::add_sample(Stream& stream, std::uint32_t ip_bytes, std::uint32_t pool) {
  const StreamPlan& plan = stream.plan();
  Port& port = ports_[plan.source.interface];
  PacketSample sample;
  sample.identity = stream.pick_flow().identity;
  sample.ip_bytes = ip_bytes;
  sample.is_tagged = is_input_tagged(plan);
  sample.frame_bytes = frame_bytes(ip_bytes, sample.is_tagged);
  sample.source_sequence = ++port.sample_sequence;
  sample.pool = pool;
  const std::uint64_t interval = exporter_.sampling;
  sample_entries_.push_back(
      {.key = plan.key,
       .start = {},
       .end = {},
       .volume = {interval, interval * sample.ip_bytes, interval * sample.frame_bytes}});
  samples_.push_back(sample);
}

Router::Due Router::due_record(const Stream& stream, const StreamFlow& flow) const {
  return {.flow = flow.record,
          .key = stream.plan().key,
          .is_tagged = is_input_tagged(stream.plan()),
          .time = flow.record.last + exporter_.inactive_timeout};
}

void Router::close_record(Stream& stream, StreamFlow& flow) {
  expired_.push_back(due_record(stream, flow));
  flow.record = {};
  flow.record_due = TrafficTime::max();
}

void Router::expire(TrafficTime now) {
  for (Stream& stream : streams_) {
    for (StreamFlow& flow : stream.flows()) {
      const bool has_record = flow.record.packets != 0;
      const bool is_idle = has_record && flow.record.last + exporter_.inactive_timeout <= now;
      if (has_record && (flow.record_due <= now || is_idle)) close_record(stream, flow);
      if (flow.ends > now) continue;
      if (flow.record.packets != 0) {
        // A router sees the end of a TCP flow; of others it sees only silence.
        constexpr std::uint8_t kTcp = 6;
        if (flow.identity.protocol == kTcp)
          close_record(stream, flow);
        else
          idle_.push_back(due_record(stream, flow));
      }
      stream.replace_flow(flow, now);
    }
  }
  const auto silent = std::stable_partition(idle_.begin(), idle_.end(),
                                            [&](const Due& due) { return due.time > now; });
  std::move(silent, idle_.end(), std::back_inserter(expired_));
  idle_.erase(silent, idle_.end());
}

void Router::expire_all() {
  for (Stream& stream : streams_)
    for (StreamFlow& flow : stream.flows())
      if (flow.record.packets != 0) close_record(stream, flow);
  std::move(idle_.begin(), idle_.end(), std::back_inserter(expired_));
  idle_.clear();
}

TruthEntry Router::entry_of(const Due& due) const {
  const std::uint64_t interval = exporter_.sampling;
  const std::uint64_t packets = due.flow.packets;
  // The collector sees only the record's sums, so padding to 64 bytes is judged by them too.
  const std::uint64_t overhead = due.is_tagged ? 22 : 18;
  const std::uint64_t ethernet = std::max(due.flow.octets + packets * overhead, packets * 64);
  return {.key = due.key,
          .start = due.flow.first,
          .end = due.flow.last,
          .volume = {packets * interval, due.flow.octets * interval, ethernet * interval}};
}

void Router::announce(TrafficTime now, std::vector<Emission>& leaving) {
  next_announcement_ = now + exporter_.template_refresh;
  if (!netflow_) return;
  if (auto message = netflow_->announcement(now))
    leaving.push_back({.exporter = number_, .time = now, .payload = std::move(message->payload)});
}

void Router::export_flows(TrafficTime now, std::vector<Emission>& leaving) {
  if (expired_.empty()) return;
  std::vector<ExportedFlow> flows;
  flows.reserve(expired_.size());
  for (const Due& due : expired_) flows.push_back(due.flow);
  for (EncodedMessage& encoded : netflow_->messages(flows, now)) {
    Message message{.payload = std::move(encoded.payload), .entries = {}};
    for (std::size_t i = 0; i < encoded.record_count; ++i)
      message.entries.push_back(entry_of(expired_[encoded.first_record + i]));
    send(std::move(message), now, leaving);
  }
  expired_.clear();
}

void Router::export_samples(TrafficTime now, std::vector<Emission>& leaving) {
  std::vector<InterfaceReading> readings;
  if (is_whole_second(now)) {
    const std::int64_t second = (now - start_) / 1s;
    for (std::size_t i = 0; i < ports_.size(); ++i) {
      if ((second + static_cast<std::int64_t>(i)) % kCounterSeconds != 0) continue;
      ++ports_[i].reading.sequence;
      readings.push_back(ports_[i].reading);
    }
  }
  for (EncodedMessage& encoded : sflow_->messages(samples_, readings, now)) {
    Message message{.payload = std::move(encoded.payload), .entries = {}};
    const auto first = sample_entries_.begin() + static_cast<std::ptrdiff_t>(encoded.first_record);
    message.entries.assign(first, first + static_cast<std::ptrdiff_t>(encoded.record_count));
    send(std::move(message), now, leaving);
  }
  samples_.clear();
  sample_entries_.clear();
}

void Router::restart(TrafficTime now, std::vector<Emission>& leaving) {
  release_held(now, leaving);
  // What the cache held is never exported.
  if (!is_sflow()) {
    expire_all();
    Message forgotten;
    for (const Due& due : expired_) forgotten.entries.push_back(entry_of(due));
    record_truth(forgotten, now, Arrival::Lost);
    expired_.clear();
    netflow_->restart(now);
  } else {
    sflow_->restart(now);
  }
  for (Port& port : ports_) {
    port.pool = 0;
    port.sample_sequence = 0;
    port.reading = {.index = port.reading.index, .speed = port.reading.speed};
  }
  next_announcement_ = now;
}

void Router::send(Message message, TrafficTime now, std::vector<Emission>& leaving) {
  if (message.entries.empty()) {
    emit(message, now, leaving);
    return;
  }
  // Three draws a message, whatever they decide: one share does not shift the others.
  const bool is_lost = fate_random_.unit() < exporter_.loss;
  const bool is_delayed = fate_random_.unit() < exporter_.reorder;
  const bool is_doubled = fate_random_.unit() < exporter_.duplicate;
  if (is_lost) {
    record_truth(message, now, Arrival::Lost);
    return;
  }
  if (is_delayed && !held_) {
    held_ = std::move(message);
    return;
  }
  record_truth(message, now, Arrival::Delivered);
  emit(message, now, leaving);
  if (is_doubled) emit(message, now, leaving);
  release_held(now, leaving);
}

void Router::release_held(TrafficTime now, std::vector<Emission>& leaving) {
  if (!held_) return;
  record_truth(*held_, now, Arrival::Delivered);
  emit(*held_, now, leaving);
  held_.reset();
}

void Router::emit(const Message& message, TrafficTime now, std::vector<Emission>& leaving) {
  leaving.push_back({.exporter = number_, .time = now, .payload = message.payload});
}

void Router::record_truth(const Message& message, TrafficTime now, Arrival arrival) {
  if (truth_ == nullptr) return;
  for (TruthEntry entry : message.entries) {
    // An sFlow sample has no time of its own: it counts when it arrives.
    if (is_sflow()) entry.start = entry.end = now;
    truth_->add(entry, arrival);
  }
}

}  // namespace weir::generator
