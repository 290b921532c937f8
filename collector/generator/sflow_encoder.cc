#include "collector/generator/sflow_encoder.h"

#include <algorithm>
#include <utility>

namespace weir::generator {
namespace {

constexpr std::uint32_t kFcsBytes = 4;
constexpr std::uint32_t kFullDuplex = 1;
constexpr std::uint32_t kEthernetInterface = 6;  // ifType ethernetCsmacd
constexpr std::uint32_t kUpUp = 3;

void write_mac(ByteWriter& writer, std::uint32_t interface) {
  writer.u16(0x0200);
  writer.u32(interface);
}

std::uint32_t header_checksum(const std::vector<std::byte>& bytes, std::size_t start) noexcept {
  std::uint32_t sum = 0;
  for (std::size_t i = start; i < start + 20; i += 2)
    sum += std::to_integer<std::uint32_t>(bytes[i]) << 8 |
           std::to_integer<std::uint32_t>(bytes[i + 1]);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

void write_ip_header(ByteWriter& writer, const PacketSample& sample) {
  const FlowIdentity& identity = sample.identity;
  if (!identity.source.is_v4()) {
    writer.u32(6U << 28 | std::uint32_t{identity.tos} << 20);
    writer.u16(sample.ip_bytes - 40);
    writer.u8(identity.protocol);
    writer.u8(sample.hop_limit);
    writer.address(identity.source);
    writer.address(identity.destination);
    return;
  }
  const std::size_t start = writer.size();
  writer.u8(0x45);
  writer.u8(identity.tos);
  writer.u16(sample.ip_bytes);
  writer.u16(sample.source_sequence);  // identification
  writer.u16(0x4000);                  // do not fragment
  writer.u8(sample.hop_limit);
  writer.u8(identity.protocol);
  writer.u16(0);
  writer.address(identity.source);
  writer.address(identity.destination);
  writer.set_u16(start + 10, header_checksum(writer.bytes(), start));
}

/// The frame's first bytes, without FCS.
ByteWriter frame_header(const PacketSample& sample) {
  const FlowIdentity& identity = sample.identity;
  ByteWriter writer;
  write_mac(writer, identity.output);
  write_mac(writer, identity.input);
  if (sample.is_tagged) {
    writer.u16(0x8100);
    writer.u16(identity.input_vlan);
  }
  writer.u16(identity.source.is_v4() ? 0x0800 : 0x86dd);
  const std::size_t ip_start = writer.size();
  write_ip_header(writer, sample);
  const std::size_t ip_header_bytes = writer.size() - ip_start;
  writer.u16(identity.source_port);
  writer.u16(identity.destination_port);
  if (identity.protocol == 6) {
    writer.u32(sample.source_sequence);
    writer.u32(0);
    writer.u16(0x5010);  // five words, ACK
    writer.u16(512);
    writer.u32(0);
  } else {
    writer.u16(sample.ip_bytes - ip_header_bytes);
    writer.u16(0);
  }
  return writer;
}

}  // namespace

SflowEncoder::SflowEncoder(const ExporterPlan& exporter, TrafficTime boot)
    : exporter_(exporter), boot_(boot) {}

void SflowEncoder::restart(TrafficTime boot) noexcept {
  boot_ = boot;
  sequence_ = 0;
}

ByteWriter SflowEncoder::packet_sample(const PacketSample& sample) const {
  const FlowIdentity& identity = sample.identity;
  ByteWriter body;
  body.u32(sample.source_sequence);
  body.u32(identity.input);  // data source: class 0 (ifIndex), index
  body.u32(exporter_.announce == Announce::None ? 0U : exporter_.sampling);
  body.u32(sample.pool);
  body.u32(0);  // drops
  body.u32(identity.input);
  body.u32(identity.output);
  const bool has_switch = identity.input_vlan != 0 || identity.output_vlan != 0;
  const bool has_gateway = identity.source_as != 0 || identity.destination_as != 0;
  body.u32(1U + (has_switch ? 1U : 0U) + (has_gateway ? 1U : 0U));

  // Raw packet header, format 1; the frame length has the FCS, the header has not.
  const std::size_t header_bytes =
      std::min<std::size_t>(sample.frame_bytes - kFcsBytes, kSampledHeaderBytes);
  const std::size_t padded = (header_bytes + 3) / 4 * 4;
  body.u32(1);
  body.u32(16 + padded);
  body.u32(1);  // Ethernet
  body.u32(sample.frame_bytes);
  body.u32(kFcsBytes);
  body.u32(header_bytes);
  const ByteWriter header = frame_header(sample);
  body.append(std::span{header.bytes()}.first(std::min(header.size(), header_bytes)));
  if (header.size() < padded) body.zeros(padded - header.size());

  if (has_switch) {  // extended switch data, format 1001
    body.u32(1'001);
    body.u32(16);
    body.u32(identity.input_vlan);
    body.u32(0);
    body.u32(identity.output_vlan);
    body.u32(0);
  }
  if (has_gateway) {  // extended gateway data, format 1003, without communities
    const bool has_path = identity.destination_as != 0;
    body.u32(1'003);
    body.u32(has_path ? 44 : 32);
    body.u32(1);  // next hop: IPv4 0.0.0.0
    body.u32(0);
    body.u32(0);  // the router's own AS
    body.u32(identity.source_as);
    body.u32(0);  // AS of the source peer
    body.u32(has_path ? 1U : 0U);
    if (has_path) {
      body.u32(2);  // an ordered sequence of one
      body.u32(1);
      body.u32(identity.destination_as);
    }
    body.u32(0);    // no communities
    body.u32(100);  // local preference
  }
  ByteWriter sample_writer;
  sample_writer.u32(1);
  sample_writer.u32(body.size());
  sample_writer.append(body.bytes());
  return sample_writer;
}

ByteWriter SflowEncoder::counter_sample(const InterfaceReading& reading) {
  ByteWriter writer;
  writer.u32(2);
  writer.u32(12 + 8 + 88);
  writer.u32(reading.sequence);
  writer.u32(reading.index);
  writer.u32(1);
  writer.u32(1);  // generic interface counters
  writer.u32(88);
  writer.u32(reading.index);
  writer.u32(kEthernetInterface);
  writer.u64(reading.speed);
  writer.u32(kFullDuplex);
  writer.u32(kUpUp);
  writer.u64(reading.in_octets);
  writer.u32(reading.in_packets);
  writer.zeros(5 * 4);  // multicast, broadcast, discards, errors, unknown protocols
  writer.u64(reading.out_octets);
  writer.u32(reading.out_packets);
  writer.zeros(4 * 4);  // multicast, broadcast, discards, errors
  writer.u32(0);        // promiscuous mode
  return writer;
}

std::vector<EncodedMessage> SflowEncoder::messages(std::span<const PacketSample> packets,
                                                   std::span<const InterfaceReading> readings,
                                                   TrafficTime now) {
  std::vector<EncodedMessage> messages;
  ByteWriter samples;
  std::size_t sample_count = 0;
  std::size_t first_packet = 0;
  std::size_t packet_count = 0;
  const std::size_t header_bytes = exporter_.address.is_v4() ? 28 : 40;
  const auto close = [&] {
    if (sample_count == 0) return;
    ByteWriter datagram;
    datagram.u32(5);
    datagram.u32(exporter_.address.is_v4() ? 1 : 2);
    datagram.address(exporter_.address);
    datagram.u32(exporter_.domain);
    datagram.u32(++sequence_);
    datagram.u32(static_cast<std::uint64_t>((now - boot_).count()));
    datagram.u32(sample_count);
    datagram.append(samples.bytes());
    messages.push_back(
        {.payload = datagram.take(), .first_record = first_packet, .record_count = packet_count});
    first_packet += packet_count;
    packet_count = 0;
    sample_count = 0;
    samples = ByteWriter{};
  };
  const auto append = [&](const ByteWriter& sample) {
    if (header_bytes + samples.size() + sample.size() > kLargestPayloadBytes) close();
    samples.append(sample.bytes());
    ++sample_count;
  };
  for (const PacketSample& packet : packets) {
    append(packet_sample(packet));
    ++packet_count;
  }
  for (const InterfaceReading& reading : readings) append(counter_sample(reading));
  close();
  return messages;
}

}  // namespace weir::generator
