#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "collector/model/flow_record.h"
#include "collector/model/ip_address.h"

namespace weir::wire {

/// What the first byte of a sampled header belongs to.
enum class LinkLayer : std::uint8_t {
  Ethernet,  ///< sFlow header protocol 1
  Ip,        ///< IPv4 or IPv6 without a link header; sFlow header protocols 11 and 12
};

/// Stack depths that are followed; a deeper stack stays unread. Each step advances, so a
/// hostile header costs a bounded number of steps.
inline constexpr int kVlanBudget = 4;
inline constexpr int kMplsBudget = 8;
inline constexpr int kIpv6ExtensionBudget = 8;
inline constexpr int kGtpExtensionBudget = 4;

/// What the first bytes of a packet say. A plain value; every field that the bytes do not
/// reach is zero. Lengths, ports and protocol are of the outermost IP header: the outer
/// packet is what a link carries and a customer pays for. Of a packet inside a tunnel
/// (IP in IP, GRE, MPLS in IP, VXLAN, Geneve, GTP-U) the addresses alone are read, one tunnel deep.
struct ParsedHeader {
  IpAddress source{};
  IpAddress destination{};
  IpAddress inner_source{};  ///< of the packet inside a tunnel; unspecified when there is none
  IpAddress inner_destination{};
  std::uint32_t link_bytes = 0;  ///< before the IP header, or before what could not be read
  std::uint32_t ip_bytes = 0;    ///< IP header and payload as the header says; 0 = it does not say
  std::uint16_t ether_type = 0;  ///< after the tags
  std::uint16_t vlan = 0;        ///< VLAN id of the outermost tag; 0 = none or priority tag
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;  ///< ICMP: type * 256 + code, as flow records have it
  std::uint8_t vlan_tags = 0;
  std::uint8_t mpls_labels = 0;
  std::uint8_t ip_version = 0;  ///< 4 or 6; 0 when there is no IP header to read
  std::uint8_t protocol = 0;    ///< past the IPv6 extension headers
  std::uint8_t tos = 0;         ///< IPv4 type of service, IPv6 traffic class
  std::uint8_t ttl = 0;
  std::uint8_t tcp_flags = 0;
  bool is_later_fragment = false;  ///< carries no transport header

  friend bool operator==(const ParsedHeader&, const ParsedHeader&) noexcept = default;
};

/// Reads a sampled header, which may be cut anywhere. Never reads beyond it.
[[nodiscard]] ParsedHeader parse_packet_header(LinkLayer link,
                                               std::span<const std::byte> header) noexcept;

/// Reads what follows an Ethernet type field: tags, labels, IP. For link layers that carry
/// such a field in a header of their own.
[[nodiscard]] ParsedHeader parse_after_ether_type(std::uint16_t ether_type,
                                                  std::span<const std::byte> header) noexcept;

/// Adds addresses, inner ones too, ports, tags and IP version of `header` to `record`. Lengths are
/// the caller's.
void describe_packet(const ParsedHeader& header, FlowRecord& record) noexcept;

}  // namespace weir::wire
