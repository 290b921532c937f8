#include "collector/ingest/udp_extract.h"

#include <algorithm>

#include "collector/ingest/byte_order.h"
#include "collector/ingest/link_layer.h"

namespace weir::ingest {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::size_t kV4HeaderBytes = 20;
constexpr std::size_t kV6HeaderBytes = 40;
constexpr std::size_t kUdpHeaderBytes = 8;
constexpr std::size_t kFragmentHeaderBytes = 8;
/// Extension headers of one packet; an honest one has a few.
constexpr int kMostExtensions = 16;

/// IANA protocol numbers.
constexpr std::uint8_t kHopByHop = 0;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kRouting = 43;
constexpr std::uint8_t kFragment = 44;
constexpr std::uint8_t kAuthentication = 51;
constexpr std::uint8_t kDestinationOptions = 60;
constexpr std::uint8_t kMobility = 135;
constexpr std::uint8_t kHip = 139;
constexpr std::uint8_t kShim6 = 140;

bool is_extension(std::uint8_t next_header) noexcept {
  switch (next_header) {
    case kHopByHop:
    case kRouting:
    case kAuthentication:
    case kDestinationOptions:
    case kMobility:
    case kHip:
    case kShim6:
      return true;
    default:
      return false;
  }
}

IpAddress read_v6_address(Bytes bytes, std::size_t offset) noexcept {
  return IpAddress::v6(read_u64(bytes, offset), read_u64(bytes, offset + 8));
}

bool is_cut_by_capture(const CapturedPacket& captured) noexcept {
  return captured.bytes.size() < captured.original_length;
}

}  // namespace

std::optional<Datagram> UdpExtractor::extract(const CapturedPacket& captured) {
  ++stats_.packets;
  const Packet nothing_read{.arrival = captured.arrival, .is_cut = is_cut_by_capture(captured)};
  const auto ip = find_ip(captured.link_type, captured.bytes);
  if (!ip) {
    if (ip.error() == LinkError::NotIp) return refuse(nothing_read, Refusal::NotUdp);
    return refuse_short(nothing_read);
  }
  if (ip->empty()) return refuse_short(nothing_read);
  switch (read_u8(*ip, 0) >> 4) {
    case 4:
      return read_v4(*ip, captured);
    case 6:
      return read_v6(*ip, captured);
    default:
      return refuse(nothing_read, Refusal::Malformed);
  }
}

std::optional<Datagram> UdpExtractor::read_v4(Bytes bytes, const CapturedPacket& captured) {
  Packet packet{.arrival = captured.arrival, .is_cut = is_cut_by_capture(captured)};
  if (bytes.size() < kV4HeaderBytes) return refuse_short(packet);
  const std::size_t header_bytes = std::size_t{read_u8(bytes, 0)} % 16 * 4;
  std::size_t total_bytes = read_u16(bytes, 2);
  // A sender whose card cuts large packets leaves the length zero in its own captures.
  if (total_bytes == 0) total_bytes = std::max(bytes.size(), header_bytes);
  if (header_bytes < kV4HeaderBytes || total_bytes < header_bytes)
    return refuse(packet, Refusal::Malformed);
  const std::uint8_t protocol = read_u8(bytes, 9);
  if (protocol != kUdp) return refuse(packet, Refusal::NotUdp);
  if (bytes.size() < header_bytes) return refuse_short(packet);
  if (total_bytes > bytes.size() && !packet.is_cut) return refuse(packet, Refusal::Malformed);

  packet.source = IpAddress::v4(read_u32(bytes, 12));
  packet.destination = IpAddress::v4(read_u32(bytes, 16));
  // A frame pads a short packet, so that what follows it on the link does not belong to it.
  packet.is_cut = packet.is_cut && (total_bytes > bytes.size() || read_u16(bytes, 2) == 0);
  packet.rest = bytes.first(std::min(total_bytes, bytes.size())).subspan(header_bytes);

  // RFC 791, 3.1: bit 13 says that more fragments follow, the low 13 bits the place.
  const std::uint16_t fragmentation = read_u16(bytes, 6);
  const bool has_more = (fragmentation & 0x2000) != 0;
  const std::size_t offset = (fragmentation & 0x1fffU) * std::size_t{8};
  if (!has_more && offset == 0) return read_udp(packet);
  return read_fragment(
      protocol, packet,
      {.identification = read_u16(bytes, 4), .offset = offset, .is_last = !has_more});
}

std::optional<Datagram> UdpExtractor::read_v6(Bytes bytes, const CapturedPacket& captured) {
  Packet packet{.arrival = captured.arrival, .is_cut = is_cut_by_capture(captured)};
  if (bytes.size() < kV6HeaderBytes) return refuse_short(packet);
  const std::size_t available = bytes.size() - kV6HeaderBytes;
  const std::size_t said_bytes = read_u16(bytes, 4);
  // Zero: a jumbogram (RFC 2675, 3), or a sender whose card cuts large packets.
  const std::size_t payload_bytes = said_bytes == 0 ? available : said_bytes;
  if (payload_bytes > available && !packet.is_cut) return refuse(packet, Refusal::Malformed);

  packet.source = read_v6_address(bytes, 8);
  packet.destination = read_v6_address(bytes, 24);
  packet.is_cut = packet.is_cut && (payload_bytes > available || said_bytes == 0);
  packet.rest = bytes.subspan(kV6HeaderBytes, std::min(payload_bytes, available));
  return read_next(read_u8(bytes, 6), packet);
}

std::optional<Datagram> UdpExtractor::read_next(std::uint8_t next_header, Packet packet) {
  for (int extensions = 0; extensions <= kMostExtensions; ++extensions) {
    if (next_header == kUdp) return read_udp(packet);
    if (next_header == kFragment) {
      if (packet.rest.size() < kFragmentHeaderBytes) return refuse_short(packet);
      // RFC 8200, 4.5.
      next_header = read_u8(packet.rest, 0);
      const std::uint16_t place = read_u16(packet.rest, 2);
      const std::uint32_t identification = read_u32(packet.rest, 4);
      packet.rest = packet.rest.subspan(kFragmentHeaderBytes);
      const bool has_more = (place & 1) != 0;
      const std::size_t offset = place & 0xfff8U;
      // An atomic fragment is the whole packet (RFC 6946).
      if (!has_more && offset == 0) continue;
      if (packet.fragments != 0) return refuse(packet, Refusal::Malformed);
      return read_fragment(
          next_header, packet,
          {.identification = identification, .offset = offset, .is_last = !has_more});
    }
    if (!is_extension(next_header)) return refuse(packet, Refusal::NotUdp);
    if (packet.rest.size() < 2) return refuse_short(packet);
    // RFC 4302, 2.2: in 4 bytes less two; RFC 8200, 4: the others in 8 bytes less one.
    const std::size_t length = read_u8(packet.rest, 1);
    const std::size_t header_bytes =
        next_header == kAuthentication ? (length + 2) * 4 : (length + 1) * 8;
    if (packet.rest.size() < header_bytes) return refuse_short(packet);
    next_header = read_u8(packet.rest, 0);
    packet.rest = packet.rest.subspan(header_bytes);
  }
  return refuse(packet, Refusal::Malformed);
}

std::optional<Datagram> UdpExtractor::read_fragment(std::uint8_t next_header, Packet packet,
                                                    const FragmentPlace& place) {
  if (next_header != kUdp && !is_extension(next_header)) return refuse(packet, Refusal::NotUdp);
  if (packet.is_cut) return refuse(packet, Refusal::Truncated);
  const auto whole = fragments_.add({.key = {.source = packet.source,
                                             .destination = packet.destination,
                                             .identification = place.identification,
                                             .protocol = next_header},
                                     .offset = place.offset,
                                     .is_last = place.is_last,
                                     .bytes = packet.rest,
                                     .arrival = packet.arrival});
  if (!whole) return std::nullopt;
  packet.rest = whole->bytes;
  packet.fragments = whole->fragments;
  return read_next(next_header, packet);
}

std::optional<Datagram> UdpExtractor::read_udp(const Packet& packet) {
  if (packet.rest.size() < kUdpHeaderBytes) return refuse_short(packet);
  const std::size_t said_bytes = read_u16(packet.rest, 4);
  if (said_bytes < kUdpHeaderBytes) return refuse(packet, Refusal::Malformed);
  if (said_bytes > packet.rest.size() && packet.is_cut) return refuse(packet, Refusal::Truncated);
  // A length beyond the packet's is read leniently: the decoder bounds what it finds. The
  // checksum is not looked at, since cards fill it in after a sender's capture.
  const std::size_t bytes = std::min(said_bytes, packet.rest.size());
  ++stats_.datagrams;
  if (packet.fragments != 0) {
    ++stats_.datagrams_reassembled;
    stats_.fragments_reassembled += packet.fragments;
  }
  return Datagram{.payload = packet.rest.subspan(kUdpHeaderBytes, bytes - kUdpHeaderBytes),
                  .source = packet.source,
                  .source_port = read_u16(packet.rest, 0),
                  .destination_port = read_u16(packet.rest, 2),
                  .arrival = packet.arrival};
}

std::nullopt_t UdpExtractor::refuse(const Packet& packet, Refusal refusal) noexcept {
  if (packet.fragments != 0) {
    stats_.fragments_dropped += packet.fragments;
    return std::nullopt;
  }
  switch (refusal) {
    case Refusal::NotUdp:
      ++stats_.not_udp;
      break;
    case Refusal::Truncated:
      ++stats_.truncated_packets;
      break;
    case Refusal::Malformed:
      ++stats_.malformed;
      break;
  }
  return std::nullopt;
}

std::nullopt_t UdpExtractor::refuse_short(const Packet& packet) noexcept {
  return refuse(packet, packet.is_cut ? Refusal::Truncated : Refusal::Malformed);
}

CaptureStats UdpExtractor::stats() const noexcept {
  CaptureStats stats = stats_;
  stats.fragments_dropped += fragments_.dropped();
  return stats;
}

}  // namespace weir::ingest
