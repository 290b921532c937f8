#include "collector/generator/stream.h"

#include <algorithm>
#include <cmath>

namespace weir::generator {
namespace {

using namespace std::chrono_literals;

// Log-normal noise that changes over five minutes.
constexpr double kNoiseSigma = 0.06;
constexpr double kNoiseMemory = 0.8;
constexpr std::int64_t kNoiseIntervalMs = 300'000;
constexpr double kYearMs = 365.25 * 86'400'000.0;

constexpr std::uint32_t kShortestFlowSeconds = 20;
constexpr std::uint32_t kLongestFlowSeconds = 300;

constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;

std::uint64_t low_bits(std::uint64_t value, std::uint32_t bits) noexcept {
  if (bits == 0) return 0;
  return bits >= 64 ? value : value & ((std::uint64_t{1} << bits) - 1);
}

}  // namespace

Stream::Stream(const Parts& parts)
    : plan_(parts.plan),
      rule_(parts.rule),
      exporter_(parts.exporter),
      growth_(parts.growth),
      start_(parts.start),
      random_(derive_seed(parts.seed, 1)),
      noise_random_(derive_seed(parts.seed, 2)),
      rate_until_(parts.start),
      noise_interval_(since_epoch_ms(parts.start) / kNoiseIntervalMs) {
  mean_ip_bytes_ = 0;
  for (const PacketClass& one : rule_.packet_mix.classes()) {
    const std::uint32_t ip_bytes = plan_.key.family == Family::Ipv6
                                       ? std::max(one.ip_bytes, kSmallestIpv6Bytes)
                                       : one.ip_bytes;
    bursts_.push_back({.ip_bytes = ip_bytes, .packets = 0});
    owed_packets_.push_back(random_.unit());
    mean_ip_bytes_ += ip_bytes * (one.percent / 100.0);
  }
  noise_from_ = kNoiseSigma * noise_random_.normal();
  noise_to_ = noise_from_;
  const auto active_seconds = static_cast<std::uint32_t>(exporter_.active_timeout / 1s);
  for (StreamFlow& flow : flows_) {
    replace_flow(flow, start_);
    // The first records end at moments of their own, so that export begins at once and
    // does not come in waves.
    flow.record_due = start_ + std::chrono::seconds{1 + random_.below(active_seconds)};
  }
}

double Stream::noise_at(TrafficTime now) {
  if (rule_.profile == Profile::Constant) return 1.0;
  const std::int64_t interval = since_epoch_ms(now) / kNoiseIntervalMs;
  const double fresh = kNoiseSigma * std::sqrt(1 - kNoiseMemory * kNoiseMemory);
  while (noise_interval_ < interval) {
    ++noise_interval_;
    noise_from_ = noise_to_;
    noise_to_ = kNoiseMemory * noise_to_ + fresh * noise_random_.normal();
  }
  const double way = static_cast<double>(since_epoch_ms(now) % kNoiseIntervalMs) / kNoiseIntervalMs;
  return std::exp(noise_from_ + way * (noise_to_ - noise_from_));
}

double Stream::rate_at(TrafficTime now) {
  const double level = profile_level(rule_.profile, local_moment(now, exporter_.utc_offset));
  const double years = static_cast<double>((now - start_).count()) / kYearMs;
  return plan_.peak_bits_per_second * level * std::pow(1 + growth_, years) * noise_at(now);
}

std::span<const PacketBurst> Stream::advance(TrafficTime now) {
  if (now >= rate_until_) {
    const double bytes_per_tick = rate_at(now) / 8.0 * (static_cast<double>(kTick.count()) / 1e3);
    packets_per_tick_ = bytes_per_tick / mean_ip_bytes_;
    rate_until_ = now + 1s;
  }
  const auto classes = rule_.packet_mix.classes();
  for (std::size_t i = 0; i < bursts_.size(); ++i) {
    owed_packets_[i] += packets_per_tick_ * (classes[i].percent / 100.0);
    const double whole = std::floor(owed_packets_[i]);
    owed_packets_[i] -= whole;
    bursts_[i].packets = static_cast<std::uint64_t>(whole);
  }
  return bursts_;
}

StreamFlow& Stream::pick_flow() noexcept {
  const std::uint32_t one = random_.below(kFlowsPerStream);
  const std::uint32_t other = random_.below(kFlowsPerStream);
  return flows_[std::min(one, other)];
}

IpAddress Stream::draw_host(const IpPrefix& hosts) {
  const std::uint64_t drawn = random_.next();
  const IpAddress base = hosts.address();
  if (hosts.is_v4()) {
    const std::uint32_t bits = 32U - hosts.length();
    return IpAddress::v4(base.v4_value() | static_cast<std::uint32_t>(low_bits(drawn, bits)));
  }
  // A few thousand hosts a prefix, as a real network has.
  return IpAddress::v6(base.high(),
                       base.low() | low_bits(drawn, std::min(12U, 128U - hosts.length())));
}

void Stream::replace_flow(StreamFlow& flow, TrafficTime now) {
  constexpr std::array<std::uint16_t, 4> kServerPorts{443, 80, 53, 8'080};
  FlowIdentity& identity = flow.identity;
  identity.source = draw_host(plan_.source.hosts);
  identity.destination = draw_host(plan_.destination.hosts);
  identity.protocol = random_.below(10) < 7 ? kTcp : kUdp;
  const std::uint16_t server = kServerPorts[random_.below(kServerPorts.size())];
  const auto client = static_cast<std::uint16_t>(32'768 + random_.below(28'000));
  // Customers fetch: what they receive comes from a server's port.
  const bool is_to = plan_.key.direction == Direction::ToCustomer;
  identity.source_port = is_to ? server : client;
  identity.destination_port = is_to ? client : server;
  identity.input = exporter_.interfaces[plan_.source.interface].index;
  identity.output = exporter_.interfaces[plan_.destination.interface].index;
  identity.input_vlan = plan_.source.vlan;
  identity.output_vlan = plan_.destination.vlan;
  identity.source_as = plan_.source.asn;
  identity.destination_as = plan_.destination.asn;
  flow.ends = now + std::chrono::seconds{kShortestFlowSeconds +
                                         random_.below(kLongestFlowSeconds - kShortestFlowSeconds)};
  flow.record = {};
  flow.record_due = TrafficTime::max();
}

}  // namespace weir::generator
