#include "tests/support/sflow_frame.h"

namespace weir::test {

WordWriter& WordWriter::u8(std::uint32_t value) {
  bytes_.push_back(static_cast<std::byte>(value & 0xffU));
  return *this;
}

WordWriter& WordWriter::u16(std::uint32_t value) { return u8(value >> 8).u8(value); }

WordWriter& WordWriter::u32(std::uint32_t value) { return u16(value >> 16).u16(value); }

WordWriter& WordWriter::u64(std::uint64_t value) {
  return u32(static_cast<std::uint32_t>(value >> 32)).u32(static_cast<std::uint32_t>(value));
}

WordWriter& WordWriter::bytes(std::span<const std::byte> more) {
  bytes_.insert(bytes_.end(), more.begin(), more.end());
  return *this;
}

WordWriter& WordWriter::zeros(std::size_t count) {
  bytes_.insert(bytes_.end(), count, std::byte{0});
  return *this;
}

WordWriter& WordWriter::address(const IpAddress& address) {
  if (address.is_v4()) return u32(address.v4_value());
  return u64(address.high()).u64(address.low());
}

WordWriter& WordWriter::typed_address(const IpAddress& address) {
  return u32(address.is_v4() ? 1 : 2).address(address);
}

WordWriter& WordWriter::pad() { return zeros((4 - bytes_.size() % 4) % 4); }

FrameBuilder& FrameBuilder::ethernet() {
  writer_.u16(0x0200).u32(2).u16(0x0200).u32(1);
  return *this;
}

FrameBuilder& FrameBuilder::vlan(std::uint32_t id, std::uint32_t ether_type) {
  writer_.u16(ether_type).u16(id);
  return *this;
}

FrameBuilder& FrameBuilder::ether_type(std::uint32_t type) {
  writer_.u16(type);
  return *this;
}

FrameBuilder& FrameBuilder::mpls(std::uint32_t label, Bottom bottom) {
  writer_.u32(label << 12 | (bottom == Bottom::Yes ? 0x100U : 0U) | 64U);
  return *this;
}

FrameBuilder& FrameBuilder::ipv4(const Ipv4& header) {
  writer_.u8(0x40 | header.header_words).u8(header.tos).u16(header.total_length);
  writer_.u16(0).u16(header.fragment_offset).u8(header.ttl).u8(header.protocol).u16(0);
  writer_.address(header.source).address(header.destination);
  if (header.header_words > 5) writer_.zeros((std::size_t{header.header_words} - 5) * 4);
  return *this;
}

FrameBuilder& FrameBuilder::ipv6(const Ipv6& header) {
  writer_.u32(0x6000'0000U | header.traffic_class << 20).u16(header.payload_length);
  writer_.u8(header.next_header).u8(header.hop_limit);
  writer_.address(header.source).address(header.destination);
  return *this;
}

FrameBuilder& FrameBuilder::ipv6_extension(std::uint32_t next_header, std::uint32_t length) {
  writer_.u8(next_header).u8(length).zeros(6 + std::size_t{length} * 8);
  return *this;
}

FrameBuilder& FrameBuilder::ipv6_fragment(std::uint32_t next_header, std::uint32_t offset) {
  writer_.u8(next_header).u8(0).u16(offset << 3).u32(7);
  return *this;
}

FrameBuilder& FrameBuilder::tcp(std::uint32_t source_port, std::uint32_t destination_port,
                                std::uint32_t flags) {
  writer_.u16(source_port).u16(destination_port).u32(1).u32(2).u8(0x50).u8(flags);
  writer_.u16(512).u32(0);
  return *this;
}

FrameBuilder& FrameBuilder::udp(std::uint32_t source_port, std::uint32_t destination_port) {
  writer_.u16(source_port).u16(destination_port).u32(0);
  return *this;
}

FrameBuilder& FrameBuilder::icmp(std::uint32_t type, std::uint32_t code) {
  writer_.u8(type).u8(code).u16(0).u32(0);
  return *this;
}

FrameBuilder& FrameBuilder::zeros(std::size_t count) {
  writer_.zeros(count);
  return *this;
}

}  // namespace weir::test
