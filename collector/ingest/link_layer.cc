#include "collector/ingest/link_layer.h"

#include <pcap/dlt.h>

#include <cstdint>

#include "collector/ingest/byte_order.h"

namespace weir::ingest {
namespace {

using Bytes = std::span<const std::byte>;
using Found = tl::expected<Bytes, LinkError>;

constexpr std::uint16_t kIpv4 = 0x0800;
constexpr std::uint16_t kIpv6 = 0x86dd;
/// Smaller values of the type field are an IEEE 802.3 length.
constexpr std::uint16_t kLeastEtherType = 0x0600;
/// Tags of one frame; two are common, more than eight are no honest frame.
constexpr int kMostTags = 8;
/// BSD files keep the raw IP of old systems under this number.
constexpr int kBsdRaw = 14;

bool is_vlan(std::uint16_t ether_type) noexcept {
  // IEEE 802.1Q, 802.1ad, and what switches used for stacks before 802.1ad.
  return ether_type == 0x8100 || ether_type == 0x88a8 || ether_type == 0x9100 ||
         ether_type == 0x9200;
}

Found skip(Bytes bytes, std::size_t count) noexcept {
  if (bytes.size() < count) return tl::unexpected(LinkError::Truncated);
  return bytes.subspan(count);
}

/// `bytes` follow the type field; VLAN tags are taken off.
Found follow_ether_type(std::uint16_t ether_type, Bytes bytes) noexcept {
  for (int tags = 0; is_vlan(ether_type); ++tags) {
    if (tags == kMostTags) return tl::unexpected(LinkError::NotIp);
    if (bytes.size() < 4) return tl::unexpected(LinkError::Truncated);
    ether_type = read_u16(bytes, 2);
    bytes = bytes.subspan(4);
  }
  if (ether_type < kLeastEtherType) {
    // IEEE 802.2 SNAP: DSAP and SSAP 0xaa, control 3, no organisation, then the type.
    if (bytes.size() < 8) return tl::unexpected(LinkError::Truncated);
    if (read_u32(bytes, 0) != 0xaaaa'0300 || read_u16(bytes, 4) != 0)
      return tl::unexpected(LinkError::NotIp);
    ether_type = read_u16(bytes, 6);
    bytes = bytes.subspan(8);
  }
  if (ether_type != kIpv4 && ether_type != kIpv6) return tl::unexpected(LinkError::NotIp);
  return bytes;
}

/// A header of `header_bytes` with a type field inside it.
Found typed(Bytes frame, std::size_t header_bytes, std::size_t type_offset) noexcept {
  if (frame.size() < header_bytes) return tl::unexpected(LinkError::Truncated);
  return follow_ether_type(read_u16(frame, type_offset), frame.subspan(header_bytes));
}

/// The family is in the byte order of the machine that captured (DLT_NULL) or of the network
/// (DLT_LOOP); the values are small, so that their order shows.
Found bsd_loopback(Bytes frame) noexcept {
  const Found rest = skip(frame, 4);
  if (!rest) return rest;
  const std::uint32_t big = read_u32(frame, 0);
  const std::uint32_t family = big > 0xffff ? __builtin_bswap32(big) : big;
  switch (family) {
    case 2:   // AF_INET
    case 10:  // AF_INET6 on Linux; the others on NetBSD, FreeBSD and macOS
    case 24:
    case 28:
    case 30:
      return rest;
    default:
      return tl::unexpected(LinkError::NotIp);
  }
}

}  // namespace

bool is_link_type_supported(int link_type) noexcept {
  switch (link_type) {
    case DLT_EN10MB:
    case DLT_LINUX_SLL:
    case DLT_LINUX_SLL2:
    case DLT_RAW:
    case kBsdRaw:
    case DLT_IPV4:
    case DLT_IPV6:
    case DLT_NULL:
    case DLT_LOOP:
      return true;
    default:
      return false;
  }
}

tl::expected<std::span<const std::byte>, LinkError> find_ip(
    int link_type, std::span<const std::byte> frame) noexcept {
  switch (link_type) {
    case DLT_EN10MB:
      return typed(frame, 14, 12);
    case DLT_LINUX_SLL:
      return typed(frame, 16, 14);
    case DLT_LINUX_SLL2:
      return typed(frame, 20, 0);
    case DLT_RAW:
    case kBsdRaw:
    case DLT_IPV4:
    case DLT_IPV6:
      return frame;
    case DLT_NULL:
    case DLT_LOOP:
      return bsd_loopback(frame);
    default:
      return tl::unexpected(LinkError::NotIp);
  }
}

}  // namespace weir::ingest
