#include "collector/wire/packet_header.h"

#include "collector/wire/byte_reader.h"

namespace weir::wire {
namespace {

constexpr std::uint32_t kMacAddressesBytes = 12;
constexpr std::size_t kIpv4HeaderBytes = 20;
constexpr std::size_t kIpv6HeaderBytes = 40;

// IEEE 802 Numbers, "Ethertypes".
constexpr std::uint16_t kTypeIpv4 = 0x0800;
constexpr std::uint16_t kTypeIpv6 = 0x86dd;
constexpr std::uint16_t kTypeVlan = 0x8100;
constexpr std::uint16_t kTypeServiceVlan = 0x88a8;
constexpr std::uint16_t kTypeOldServiceVlan = 0x9100;
constexpr std::uint16_t kTypeMpls = 0x8847;
constexpr std::uint16_t kTypeMplsUpstream = 0x8848;
constexpr std::uint16_t kTypeBridged = 0x6558;  // transparent Ethernet bridging

// IANA "Assigned Internet Protocol Numbers".
constexpr std::uint8_t kHopByHop = 0;
constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kIpv4InIp = 4;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kIpv6InIp = 41;
constexpr std::uint8_t kRouting = 43;
constexpr std::uint8_t kFragment = 44;
constexpr std::uint8_t kGre = 47;
constexpr std::uint8_t kAuthentication = 51;
constexpr std::uint8_t kIcmpv6 = 58;
constexpr std::uint8_t kDestinationOptions = 60;
constexpr std::uint8_t kDccp = 33;
constexpr std::uint8_t kSctp = 132;
constexpr std::uint8_t kMobility = 135;
constexpr std::uint8_t kUdpLite = 136;
constexpr std::uint8_t kMplsInIp = 137;
constexpr std::uint8_t kHip = 139;
constexpr std::uint8_t kShim6 = 140;
constexpr std::uint8_t kEthernetInIp = 143;

// IANA "Service Name and Transport Protocol Port Number Registry".
constexpr std::uint16_t kGtpUserPort = 2'152;
constexpr std::uint16_t kVxlanPort = 4'789;
constexpr std::uint16_t kGenevePort = 6'081;

constexpr bool is_vlan_type(std::uint16_t type) noexcept {
  return type == kTypeVlan || type == kTypeServiceVlan || type == kTypeOldServiceVlan;
}

IpAddress read_v6(ByteReader& reader) noexcept {
  const std::uint64_t high = reader.u64();
  return IpAddress::v6(high, reader.u64());
}

// The packet inside a tunnel: its addresses, and no further tunnel. Most packets are in none:
// these stay out of the way of the others (kept from being inlined).

[[gnu::noinline]] void read_inner_ip(std::span<const std::byte> bytes,
                                     ParsedHeader& parsed) noexcept {
  ByteReader reader{bytes};
  const unsigned version = bytes.empty() ? 0 : std::to_integer<unsigned>(bytes.front()) >> 4;
  if (version == 4 && bytes.size() >= kIpv4HeaderBytes) {
    reader.skip(12);
    parsed.inner_source = IpAddress::v4(reader.u32());
    parsed.inner_destination = IpAddress::v4(reader.u32());
  } else if (version == 6 && bytes.size() >= kIpv6HeaderBytes) {
    reader.skip(8);
    parsed.inner_source = read_v6(reader);
    parsed.inner_destination = read_v6(reader);
  }
}

[[gnu::noinline]] void read_inner_labels(std::span<const std::byte> bytes,
                                         ParsedHeader& parsed) noexcept {
  ByteReader reader{bytes};
  for (int depth = 0; depth < kMplsBudget; ++depth) {
    const bool is_bottom = (reader.u32() & 0x100U) != 0;
    if (!reader.ok()) return;
    if (is_bottom) return read_inner_ip(reader.rest(), parsed);
  }
}

/// What follows an Ethernet type inside a tunnel.
void read_inner_type(std::uint16_t type, ByteReader reader, ParsedHeader& parsed) noexcept {
  for (int tags = 0; tags < kVlanBudget && is_vlan_type(type); ++tags) {
    reader.skip(2);
    type = reader.u16();
  }
  if (!reader.ok()) return;
  if (type == kTypeIpv4 || type == kTypeIpv6) read_inner_ip(reader.rest(), parsed);
  if (type == kTypeMpls) read_inner_labels(reader.rest(), parsed);
}

[[gnu::noinline]] void read_inner_frame(std::span<const std::byte> bytes,
                                        ParsedHeader& parsed) noexcept {
  ByteReader reader{bytes};
  reader.skip(kMacAddressesBytes);
  const std::uint16_t type = reader.u16();
  if (reader.ok()) read_inner_type(type, reader, parsed);
}

/// RFC 2784, 2.1, with the fields of RFC 2890, 2. Source routing (RFC 1701) and PPTP
/// (version 1) are not followed.
[[gnu::noinline]] void read_inner_gre(std::span<const std::byte> bytes,
                                      ParsedHeader& parsed) noexcept {
  ByteReader reader{bytes};
  const unsigned flags = reader.u16();
  const std::uint16_t type = reader.u16();
  if ((flags & 0x4007U) != 0) return;
  if ((flags & 0x8000U) != 0) reader.skip(4);  // checksum
  if ((flags & 0x2000U) != 0) reader.skip(4);  // key
  if ((flags & 0x1000U) != 0) reader.skip(4);  // sequence number
  if (!reader.ok()) return;
  if (type == kTypeBridged) return read_inner_frame(reader.rest(), parsed);
  read_inner_type(type, reader, parsed);
}

/// RFC 7348, 5: a header whose I flag is set, then a frame.
[[gnu::noinline]] void read_inner_vxlan(ByteReader reader, ParsedHeader& parsed) noexcept {
  const unsigned flags = reader.u8();
  reader.skip(7);
  if (reader.ok() && (flags & 0x08U) != 0) read_inner_frame(reader.rest(), parsed);
}

/// RFC 8926, 3.4.
[[gnu::noinline]] void read_inner_geneve(ByteReader reader, ParsedHeader& parsed) noexcept {
  const unsigned first = reader.u8();
  reader.skip(1);
  const std::uint16_t type = reader.u16();
  reader.skip(4 + std::size_t{first & 0x3fU} * 4);  // network identifier and options
  if (!reader.ok() || first >> 6 != 0) return;
  if (type == kTypeBridged) return read_inner_frame(reader.rest(), parsed);
  read_inner_type(type, reader, parsed);
}

/// 3GPP TS 29.281, 5.1: a G-PDU carries an IP packet behind its extension headers.
[[gnu::noinline]] void read_inner_gtp(ByteReader reader, ParsedHeader& parsed) noexcept {
  const unsigned flags = reader.u8();
  const unsigned kind = reader.u8();
  reader.skip(6);  // length, tunnel endpoint
  constexpr unsigned kUserPacket = 255;
  if (!reader.ok() || flags >> 4 != 3 || kind != kUserPacket) return;
  if ((flags & 0x07U) != 0) {
    reader.skip(3);
    unsigned extension = reader.u8();
    for (int step = 0; step < kGtpExtensionBudget && extension != 0; ++step) {
      const std::size_t words = reader.u8();
      if (words == 0) return;
      reader.skip(words * 4 - 2);
      extension = reader.u8();
    }
    if (!reader.ok() || extension != 0) return;
  }
  read_inner_ip(reader.rest(), parsed);
}

/// `reader` stands behind the ports of a UDP header.
void read_inner_udp(ByteReader reader, ParsedHeader& parsed) noexcept {
  reader.skip(4);  // length, checksum
  if (!reader.ok()) return;
  switch (parsed.destination_port) {
    case kVxlanPort:
      return read_inner_vxlan(reader, parsed);
    case kGenevePort:
      return read_inner_geneve(reader, parsed);
    case kGtpUserPort:
      return read_inner_gtp(reader, parsed);
    default:
      return;
  }
}

void parse_transport(std::span<const std::byte> bytes, ParsedHeader& parsed) noexcept {
  ByteReader reader{bytes};
  switch (parsed.protocol) {
    case kTcp: {
      if (bytes.size() < 4) return;
      parsed.source_port = reader.u16();
      parsed.destination_port = reader.u16();
      reader.skip(9);  // sequence, acknowledgement, data offset (RFC 9293, 3.1)
      parsed.tcp_flags = reader.u8();
      return;
    }
    case kUdp:
    case kUdpLite:
    case kDccp:
    case kSctp: {
      if (bytes.size() < 4) return;
      parsed.source_port = reader.u16();
      parsed.destination_port = reader.u16();
      if (parsed.protocol == kUdp) read_inner_udp(reader, parsed);
      return;
    }
    case kIpv4InIp:
    case kIpv6InIp:
      return read_inner_ip(bytes, parsed);
    case kGre:
      return read_inner_gre(bytes, parsed);
    case kMplsInIp:
      return read_inner_labels(bytes, parsed);
    case kEthernetInIp:
      return read_inner_frame(bytes, parsed);
    case kIcmp:
    case kIcmpv6: {
      if (bytes.size() >= 2) parsed.destination_port = reader.u16();
      return;
    }
    default:
      return;
  }
}

/// RFC 791, 3.1.
void parse_ipv4(std::span<const std::byte> bytes, ParsedHeader& parsed) noexcept {
  if (bytes.size() < kIpv4HeaderBytes) return;
  ByteReader reader{bytes.first<kIpv4HeaderBytes>()};
  const std::uint8_t version_and_length = reader.u8();
  const std::size_t header_bytes = std::size_t{version_and_length & 0xfU} * 4;
  if (version_and_length >> 4 != 4 || header_bytes < kIpv4HeaderBytes) return;
  parsed.ip_version = 4;
  parsed.tos = reader.u8();
  const std::uint16_t total_length = reader.u16();
  // Zero comes from hosts that leave segmentation to the card: the header does not say.
  if (total_length >= header_bytes) parsed.ip_bytes = total_length;
  reader.skip(2);  // identification
  parsed.is_later_fragment = (reader.u16() & 0x1fffU) != 0;
  parsed.ttl = reader.u8();
  parsed.protocol = reader.u8();
  reader.skip(2);  // checksum
  parsed.source = IpAddress::v4(reader.u32());
  parsed.destination = IpAddress::v4(reader.u32());
  if (!parsed.is_later_fragment && bytes.size() > header_bytes)
    parse_transport(bytes.subspan(header_bytes), parsed);
}

/// Follows the extension headers of RFC 8200, 4 to the transport header. What they hide
/// (too many, cut, encrypted) leaves the protocol at the last one that was named.
void parse_ipv6_payload(std::uint8_t next_header, std::span<const std::byte> bytes,
                        ParsedHeader& parsed) noexcept {
  ByteReader reader{bytes};
  parsed.protocol = next_header;
  for (int step = 0; step < kIpv6ExtensionBudget; ++step) {
    std::size_t length = 0;
    switch (parsed.protocol) {
      case kHopByHop:
      case kRouting:
      case kDestinationOptions:
      case kMobility:
      case kHip:
      case kShim6: {
        const std::uint8_t following = reader.u8();
        // In units of 8 bytes, the first not counted: even a zero advances.
        length = std::size_t{reader.u8()} * 8 + 6;
        if (!reader.ok()) return;
        parsed.protocol = following;
        break;
      }
      case kAuthentication: {
        const std::uint8_t following = reader.u8();
        // In units of 4 bytes, less two (RFC 4302, 2.2).
        length = std::size_t{reader.u8()} * 4 + 6;
        if (!reader.ok()) return;
        parsed.protocol = following;
        break;
      }
      case kFragment: {
        const std::uint8_t following = reader.u8();
        reader.skip(1);
        const bool is_later = (reader.u16() & 0xfff8U) != 0;
        if (!reader.ok()) return;
        parsed.protocol = following;
        parsed.is_later_fragment = is_later;
        if (is_later) return;
        length = 4;  // identification
        break;
      }
      default:
        parse_transport(reader.rest(), parsed);
        return;
    }
    reader.skip(length);
    if (!reader.ok()) return;
  }
}

/// RFC 8200, 3.
void parse_ipv6(std::span<const std::byte> bytes, ParsedHeader& parsed) noexcept {
  if (bytes.size() < kIpv6HeaderBytes) return;
  ByteReader reader{bytes.first<kIpv6HeaderBytes>()};
  const std::uint32_t first = reader.u32();
  if (first >> 28 != 6) return;
  parsed.ip_version = 6;
  parsed.tos = static_cast<std::uint8_t>(first >> 20);
  const std::uint16_t payload_length = reader.u16();
  // Zero means a jumbo payload (RFC 2675, 3) or a segment that the card cuts.
  if (payload_length != 0) {
    parsed.ip_bytes = static_cast<std::uint32_t>(kIpv6HeaderBytes) + payload_length;
  }
  const std::uint8_t next_header = reader.u8();
  parsed.ttl = reader.u8();
  parsed.source = read_v6(reader);
  parsed.destination = read_v6(reader);
  parse_ipv6_payload(next_header, bytes.subspan(kIpv6HeaderBytes), parsed);
}

void parse_ip(std::span<const std::byte> bytes, ParsedHeader& parsed) noexcept {
  if (bytes.empty()) return;
  const auto version = std::to_integer<unsigned>(bytes.front()) >> 4;
  if (version == 4) parse_ipv4(bytes, parsed);
  if (version == 6) parse_ipv6(bytes, parsed);
}

/// Reads tags and labels from `reader`, which stands behind the type field. False when the
/// stack is cut or deeper than its budget.
bool parse_stack(ByteReader& reader, ParsedHeader& parsed) noexcept {
  while (is_vlan_type(parsed.ether_type)) {
    if (parsed.vlan_tags == kVlanBudget || reader.remaining() < 4) return false;
    const std::uint16_t tag = reader.u16();
    if (parsed.vlan_tags == 0) parsed.vlan = tag & 0x0fffU;
    parsed.ether_type = reader.u16();
    ++parsed.vlan_tags;
  }
  if (parsed.ether_type != kTypeMpls && parsed.ether_type != kTypeMplsUpstream) return true;
  for (bool is_bottom = false; !is_bottom;) {
    if (parsed.mpls_labels == kMplsBudget || reader.remaining() < 4) return false;
    is_bottom = (reader.u32() & 0x100U) != 0;  // RFC 3032, 2.1
    ++parsed.mpls_labels;
  }
  return true;
}

void parse_from_type(ByteReader& reader, ParsedHeader& parsed) noexcept {
  const bool is_whole = parse_stack(reader, parsed);
  parsed.link_bytes = static_cast<std::uint32_t>(reader.position());
  if (!is_whole) return;
  // Behind a label stack nothing names the payload; the version nibble is what routers go by
  // (RFC 4928, 3).
  if (parsed.mpls_labels != 0) {
    parse_ip(reader.rest(), parsed);
  } else if (parsed.ether_type == kTypeIpv4) {
    parse_ipv4(reader.rest(), parsed);
  } else if (parsed.ether_type == kTypeIpv6) {
    parse_ipv6(reader.rest(), parsed);
  }
}

}  // namespace

ParsedHeader parse_packet_header(LinkLayer link, std::span<const std::byte> header) noexcept {
  ParsedHeader parsed;
  if (link == LinkLayer::Ip) {
    parse_ip(header, parsed);
    return parsed;
  }
  ByteReader reader{header};
  reader.skip(kMacAddressesBytes);
  parsed.ether_type = reader.u16();
  if (!reader.ok()) return ParsedHeader{};
  parse_from_type(reader, parsed);
  return parsed;
}

ParsedHeader parse_after_ether_type(std::uint16_t ether_type,
                                    std::span<const std::byte> header) noexcept {
  ParsedHeader parsed;
  parsed.ether_type = ether_type;
  ByteReader reader{header};
  parse_from_type(reader, parsed);
  return parsed;
}

void describe_packet(const ParsedHeader& header, FlowRecord& record) noexcept {
  record.proven_tags = header.vlan_tags;
  if (header.vlan != 0) {
    record.input_vlan = header.vlan;
    record.set(Has::InputVlan);
  }
  if (header.ip_version == 0) return;
  record.ip_version = header.ip_version;
  record.source = header.source;
  record.destination = header.destination;
  record.set(Has::IpVersion);
  record.set(Has::SourceAddress);
  record.set(Has::DestinationAddress);
  record.protocol = header.protocol;
  record.tos = header.tos;
  record.source_port = header.source_port;
  record.destination_port = header.destination_port;
  record.tcp_flags = header.tcp_flags;
  if (!header.inner_source.is_unspecified() || !header.inner_destination.is_unspecified()) {
    record.inner_source = header.inner_source;
    record.inner_destination = header.inner_destination;
    record.set(Has::InnerAddresses);
  }
}

}  // namespace weir::wire
