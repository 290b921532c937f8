#include "collector/wire/packet_section.h"

#include <algorithm>

namespace weir::wire {
namespace {

/// Element 408, dataLinkFrameType (RFC 7133, 4.2.1).
constexpr std::uint64_t kEthernetFrame = 1;
constexpr std::uint64_t kFcsBytes = 4;
/// Shortest frame before its checksum (IEEE 802.3, 4A.4.2).
constexpr std::uint64_t kShortestPayloadFrame = 60;
/// A frame longer than any link carries, or an IP packet longer than IPv4 can say, is an
/// error of the exporter; the header is believed instead.
constexpr std::uint64_t kLongestFrame = 65'535 + 1'024;

[[nodiscard]] std::span<const std::byte> bytes_of(const PacketSection& section) noexcept {
  const auto said = section.section_bytes.value_or(0);
  return said != 0 && said < section.bytes.size()
             ? section.bytes.first(static_cast<std::size_t>(said))
             : section.bytes;
}

[[nodiscard]] std::uint64_t frame_bytes_of(const PacketSection& section) noexcept {
  const std::uint64_t said = section.frame_bytes.value_or(0);
  return said <= kLongestFrame ? said : 0;
}

}  // namespace

void describe_section(const PacketSection& section, FlowRecord& record) noexcept {
  const std::span<const std::byte> bytes = bytes_of(section);
  const bool is_readable = section.link == LinkLayer::Ip || !section.frame_type ||
                           (*section.frame_type & kEthernetFrame) != 0;
  const ParsedHeader header =
      is_readable ? parse_packet_header(section.link, bytes) : ParsedHeader{};
  const bool names_addresses =
      record.has(Has::SourceAddress) || record.has(Has::DestinationAddress);
  if (!names_addresses) describe_packet(header, record);

  const bool counts_octets =
      record.has(Has::Octets) || record.has(Has::TotalOctets) || record.has(Has::Layer2Octets);
  if (counts_octets) return;
  if (!record.has(Has::Packets)) {
    record.packets = 1;
    record.set(Has::Packets);
  }
  const std::uint64_t frame = frame_bytes_of(section);
  const std::uint64_t around = header.link_bytes;
  const std::uint64_t seen = std::max<std::uint64_t>(frame, bytes.size());
  const std::uint64_t ip = header.ip_bytes != 0 ? header.ip_bytes : seen - std::min(seen, around);
  // One packet, or as many of the same length as the record says; what overflows is refused
  // when it is scaled.
  const auto times = [&record](std::uint64_t length) noexcept {
    std::uint64_t product = 0;
    return __builtin_mul_overflow(length, record.packets, &product) ? UINT64_MAX : product;
  };
  record.octets = times(ip);
  record.set(Has::Octets);
  record.set(Has::PacketSection);
  if (header.ip_bytes != 0) record.set(Has::IpLength);
  // An IP section hides the link it was taken from; element 312 still tells.
  if (frame == 0 && section.link == LinkLayer::Ip) return;
  const std::uint64_t whole =
      frame != 0 ? frame : std::max({around + ip, seen, kShortestPayloadFrame});
  record.layer2_octets = times(whole + kFcsBytes);
  record.set(Has::Layer2Octets);
}

}  // namespace weir::wire
