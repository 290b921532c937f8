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

// IANA "Assigned Internet Protocol Numbers".
constexpr std::uint8_t kHopByHop = 0;
constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kRouting = 43;
constexpr std::uint8_t kFragment = 44;
constexpr std::uint8_t kAuthentication = 51;
constexpr std::uint8_t kIcmpv6 = 58;
constexpr std::uint8_t kDestinationOptions = 60;
constexpr std::uint8_t kDccp = 33;
constexpr std::uint8_t kSctp = 132;
constexpr std::uint8_t kMobility = 135;
constexpr std::uint8_t kUdpLite = 136;
constexpr std::uint8_t kHip = 139;
constexpr std::uint8_t kShim6 = 140;

constexpr bool is_vlan_type(std::uint16_t type) noexcept {
  return type == kTypeVlan || type == kTypeServiceVlan || type == kTypeOldServiceVlan;
}

IpAddress read_v6(ByteReader& reader) noexcept {
  const std::uint64_t high = reader.u64();
  return IpAddress::v6(high, reader.u64());
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
      return;
    }
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
}

}  // namespace weir::wire
