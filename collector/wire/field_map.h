#pragma once

#include <cstddef>
#include <cstdint>

namespace weir::wire {

/// One field specifier of a template, as sent (RFC 7011, 3.2; RFC 3954, 5.2).
struct TemplateField {
  std::uint32_t enterprise = 0;  ///< 0: IANA element
  std::uint16_t id = 0;
  std::uint16_t length = 0;  ///< kVariableLength: each record says (IPFIX only)

  friend bool operator==(const TemplateField&, const TemplateField&) noexcept = default;
};

inline constexpr std::uint16_t kVariableLength = 65'535;

/// What a field means to Weir: a place in FlowRecord, a sampling parameter, or a scope.
/// Several elements may feed one destination; the lowest rank in a template wins.
enum class Destination : std::uint8_t {
  Octets,
  Packets,
  TotalOctets,
  TotalPackets,
  ReverseOctets,
  ReversePackets,
  Layer2Octets,
  Input,
  Output,
  First,
  Last,
  Metered,
  SamplerId,
  SourceV4,
  SourceV6,
  DestinationV4,
  DestinationV6,
  NextHopV4,
  NextHopV6,
  InputVlan,
  OutputVlan,
  SourceAs,
  DestinationAs,
  ForwardingStatus,
  SystemInit,
  IpVersion,
  Protocol,
  Tos,
  TcpFlags,
  SourcePort,
  DestinationPort,
  InnerSourceV4,
  InnerSourceV6,
  InnerDestinationV4,
  InnerDestinationV6,
  IngressVrf,
  EgressVrf,
  MplsLabel1,  ///< 70; the other nine follow in order
  MplsLabel2,
  MplsLabel3,
  MplsLabel4,
  MplsLabel5,
  MplsLabel6,
  MplsLabel7,
  MplsLabel8,
  MplsLabel9,
  MplsLabel10,
  FlowId,
  EndReason,
  Dot1qPriority,
  CustomerVlan,
  PostCustomerVlan,
  EtherType,
  ReverseMetered,
  // A section of the packet and what tells how to read it: read by record, see
  // packet_section.h.
  LinkSection,    ///< 315, 104: from the link layer header on
  IpSection,      ///< 313: from the IP header on
  FrameBytes,     ///< 312
  FrameType,      ///< 408
  SectionOctets,  ///< 410
  // Sampling parameters: not kept in FlowRecord, they give its sampling_interval.
  Interval,           ///< 34
  RandomInterval,     ///< 50
  PacketInterval,     ///< 305
  PacketSpace,        ///< 306
  SampleSize,         ///< 309
  Population,         ///< 310
  Probability,        ///< 311, IEEE 754
  SelectorAlgorithm,  ///< 304: which of the parameters above hold
  ScopeInterface,     ///< options scope: an ifIndex, of ingress where the element says
  ScopeEgress,        ///< options scope: an ifIndex of egress
  ScopeTemplate,      ///< options scope: a template id
  ScopeLineCard,      ///< options scope
  Nothing,            ///< not used by Weir, only passed over
};
inline constexpr std::size_t kDestinations = static_cast<std::size_t>(Destination::Nothing);

/// What kind of bytes a destination takes.
enum class Content : std::uint8_t { Integer, Ipv4, Ipv6, Float, Octets };

/// Where an element goes. `rank` orders elements with one destination; for First and Last
/// it is the order of preference among time formats.
struct Meaning {
  Destination destination = Destination::Nothing;
  std::uint8_t rank = 0;
};

/// Meaning of a data field (RFC 7012, IANA IPFIX registry, RFC 5103 for enterprise 29305,
/// VMware 6876 for tunnels).
[[nodiscard]] Meaning meaning_of(const TemplateField& field) noexcept;

/// Meaning of a field that belongs to the packet inside a tunnel: its addresses, or Nothing.
[[nodiscard]] Meaning meaning_of_inner(const TemplateField& field) noexcept;

/// True for a section of the packet or a field that tells how to read it.
[[nodiscard]] constexpr bool is_of_section(Destination destination) noexcept {
  return destination >= Destination::LinkSection && destination <= Destination::SectionOctets;
}

/// Meaning of a NetFlow v9 options scope, which has numbers of its own (RFC 3954, 6.1).
[[nodiscard]] Meaning meaning_of_v9_scope(const TemplateField& field) noexcept;

/// Meaning of an IPFIX options scope field.
[[nodiscard]] Meaning meaning_of_scope(const TemplateField& field) noexcept;

[[nodiscard]] Content content_of(Destination destination) noexcept;

/// True if `destination` can be read from `field`: addresses and points in time have exact
/// lengths, integers may be reduced to 1..8 bytes (RFC 7011, 6.2), sections have any length.
[[nodiscard]] bool can_hold(Destination destination, const TemplateField& field) noexcept;

/// Where a destination stands in FlowRecord: byte offset, width and its `Has` or `Detail` bit.
struct Place {
  std::uint16_t offset = 0;
  std::uint8_t width = 0;  ///< 0: not in FlowRecord
  std::uint32_t has = 0;
  std::uint32_t detail = 0;
};
[[nodiscard]] Place place_of(Destination destination) noexcept;

}  // namespace weir::wire
