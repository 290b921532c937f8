#include "collector/wire/field_map.h"

#include <cstddef>
#include <type_traits>

#include "collector/model/flow_record.h"

namespace weir::wire {
namespace {

static_assert(std::is_standard_layout_v<FlowRecord> && std::is_trivially_copyable_v<FlowRecord>,
              "field moves write FlowRecord by offset");

/// Reverse information elements carry the number of the forward one (RFC 5103, 6.1).
constexpr std::uint32_t kReverseEnterprise = 29'305;

/// VMware NSX: fields of the packet inside a VXLAN or Geneve tunnel ("tenant").
constexpr std::uint32_t kVmwareEnterprise = 6'876;

constexpr std::uint32_t bit(Detail detail) noexcept { return static_cast<std::uint32_t>(detail); }
constexpr std::uint32_t bit(Has has) noexcept { return static_cast<std::uint32_t>(has); }

template <class Member>
constexpr Place place(std::size_t offset, Member FlowRecord::* /*member*/, std::uint32_t has) {
  return {static_cast<std::uint16_t>(offset), sizeof(Member), has, 0};
}

template <class Member>
constexpr Place rare_place(std::size_t offset, Member FlowRecord::* /*member*/, Detail detail) {
  return {static_cast<std::uint16_t>(offset), sizeof(Member), 0, bit(detail)};
}

constexpr bool is_mpls_label(Destination destination) noexcept {
  return destination >= Destination::MplsLabel1 && destination <= Destination::MplsLabel10;
}

constexpr Place label_place(Destination destination) noexcept {
  const std::size_t number =
      static_cast<std::size_t>(destination) - static_cast<std::size_t>(Destination::MplsLabel1);
  return {static_cast<std::uint16_t>(offsetof(FlowRecord, mpls_labels) +
                                     number * sizeof(std::uint32_t)),
          sizeof(std::uint32_t), 0, bit(Detail::MplsLabels)};
}

constexpr Meaning meaning_of_reverse(std::uint16_t id) noexcept {
  using enum Destination;
  switch (id) {
    case 1:
      return {ReverseOctets, 0};
    case 2:
      return {ReversePackets, 0};
    case 61:
      return {ReverseMetered, 0};
    case 85:
      return {ReverseOctets, 2};
    case 86:
      return {ReversePackets, 2};
    default:
      return {};
  }
}

constexpr Meaning meaning_of_vmware(std::uint16_t id) noexcept {
  using enum Destination;
  switch (id) {
    case 881:
      return {InnerSourceV4, 0};
    case 882:
      return {InnerDestinationV4, 0};
    case 883:
      return {InnerSourceV6, 0};
    case 884:
      return {InnerDestinationV6, 0};
    default:
      return {};
  }
}

}  // namespace

Meaning meaning_of(const TemplateField& field) noexcept {
  using enum Destination;
  if (field.enterprise == kReverseEnterprise) return meaning_of_reverse(field.id);
  if (field.enterprise == kVmwareEnterprise) return meaning_of_vmware(field.id);
  if (field.enterprise != 0) return {};
  if (field.id >= 70 && field.id <= 79) {
    return {static_cast<Destination>(static_cast<unsigned>(MplsLabel1) + field.id - 70U), 0};
  }
  switch (field.id) {
    case 1:
      return {Octets, 0};
    case 2:
      return {Packets, 0};
    case 4:
      return {Protocol, 0};
    case 5:
      return {Tos, 0};
    case 6:
      return {TcpFlags, 0};
    case 7:
      return {SourcePort, 0};
    case 8:
      return {SourceV4, 0};
    case 10:
      return {Input, 0};
    case 11:
      return {DestinationPort, 0};
    case 12:
      return {DestinationV4, 0};
    case 14:
      return {Output, 0};
    case 15:
      return {NextHopV4, 0};
    case 16:
      return {SourceAs, 0};
    case 17:
      return {DestinationAs, 0};
    case 21:
      return {Last, 3};
    case 22:
      return {First, 3};
    // What leaves the router after metering (v9: OUT_BYTES, OUT_PKTS) is the same traffic,
    // never its reverse: it counts where nothing else is counted.
    case 23:
      return {Octets, 2};
    case 24:
      return {Packets, 2};
    case 27:
      return {SourceV6, 0};
    case 28:
      return {DestinationV6, 0};
    case 34:
      return {Interval, 0};
    case 48:
      return {SamplerId, 0};
    case 50:
      return {RandomInterval, 0};
    case 58:
      return {InputVlan, 0};
    case 59:
      return {OutputVlan, 0};
    case 60:
      return {IpVersion, 0};
    case 61:
      return {Metered, 0};
    case 62:
      return {NextHopV6, 0};
    case 85:
      return {TotalOctets, 0};
    case 86:
      return {TotalPackets, 0};
    case 89:
      return {ForwardingStatus, 0};
    case 104:
    case 315:
      return {LinkSection, 0};
    case 136:
      return {EndReason, 0};
    case 148:
      return {FlowId, 0};
    case 150:
      return {First, 2};
    case 151:
      return {Last, 2};
    case 152:
      return {First, 0};
    case 153:
      return {Last, 0};
    case 154:
    case 156:
      return {First, 1};
    case 155:
    case 157:
      return {Last, 1};
    case 158:
      return {First, 4};
    case 159:
      return {Last, 4};
    case 160:
      return {SystemInit, 0};
    case 231:
      return {Octets, 1};
    case 232:
      return {ReverseOctets, 1};
    case 234:
      return {IngressVrf, 0};
    case 235:
      return {EgressVrf, 0};
    case 243:
      return {InputVlan, 1};
    case 244:
      return {Dot1qPriority, 0};
    case 245:
      return {CustomerVlan, 0};
    case 254:
      return {OutputVlan, 1};
    case 255:
      return {PostCustomerVlan, 0};
    case 256:
      return {EtherType, 0};
    case 298:
      return {Packets, 1};
    case 299:
      return {ReversePackets, 1};
    case 302:
      return {SamplerId, 1};
    case 304:
      return {SelectorAlgorithm, 0};
    case 305:
      return {PacketInterval, 0};
    case 306:
      return {PacketSpace, 0};
    case 309:
      return {SampleSize, 0};
    case 310:
      return {Population, 0};
    case 311:
      return {Probability, 0};
    case 312:
      return {FrameBytes, 0};
    case 313:
      return {IpSection, 0};
    case 352:
      return {Layer2Octets, 0};
    case 408:
      return {FrameType, 0};
    case 410:
      return {SectionOctets, 0};
    default:
      return {};
  }
}

Meaning meaning_of_inner(const TemplateField& field) noexcept {
  using enum Destination;
  if (field.enterprise != 0) return {};
  switch (field.id) {
    case 8:
      return {InnerSourceV4, 0};
    case 12:
      return {InnerDestinationV4, 0};
    case 27:
      return {InnerSourceV6, 0};
    case 28:
      return {InnerDestinationV6, 0};
    default:
      return {};
  }
}

Meaning meaning_of_v9_scope(const TemplateField& field) noexcept {
  // 1 system, 2 interface, 3 line card, 4 cache, 5 template (RFC 3954, 6.1).
  switch (field.id) {
    case 2:
      return {Destination::ScopeInterface, 0};
    case 3:
      return {Destination::ScopeLineCard, 0};
    case 5:
      return {Destination::ScopeTemplate, 0};
    default:
      return {};
  }
}

Meaning meaning_of_scope(const TemplateField& field) noexcept {
  if (field.enterprise != 0) return meaning_of(field);
  switch (field.id) {
    case 10:
      return {Destination::ScopeInterface, 0};
    case 14:
      return {Destination::ScopeEgress, 0};
    case 141:
      return {Destination::ScopeLineCard, 0};
    case 145:
      return {Destination::ScopeTemplate, 0};
    default:
      return meaning_of(field);
  }
}

Content content_of(Destination destination) noexcept {
  switch (destination) {
    case Destination::SourceV4:
    case Destination::DestinationV4:
    case Destination::NextHopV4:
    case Destination::InnerSourceV4:
    case Destination::InnerDestinationV4:
      return Content::Ipv4;
    case Destination::SourceV6:
    case Destination::DestinationV6:
    case Destination::NextHopV6:
    case Destination::InnerSourceV6:
    case Destination::InnerDestinationV6:
      return Content::Ipv6;
    case Destination::LinkSection:
    case Destination::IpSection:
      return Content::Octets;
    case Destination::Probability:
      return Content::Float;
    default:
      return Content::Integer;
  }
}

bool can_hold(Destination destination, const TemplateField& field) noexcept {
  const std::uint16_t length = field.length;
  if (field.enterprise == 0) {
    // dateTimeSeconds; dateTimeMilliseconds to dateTimeNanoseconds (RFC 7011, 6.1.7 to 6.1.10).
    if (field.id == 150 || field.id == 151) return length == 4;
    if ((field.id >= 152 && field.id <= 157) || field.id == 160) return length == 8;
  }
  switch (content_of(destination)) {
    case Content::Ipv4:
      return length == 4;
    case Content::Ipv6:
      return length == 16;
    case Content::Float:
      return length == 4 || length == 8;
    case Content::Integer:
      return length >= 1 && length <= 8;
    case Content::Octets:
      return length >= 1;
  }
  return false;
}

Place place_of(Destination destination) noexcept {
  using R = FlowRecord;
  if (is_mpls_label(destination)) return label_place(destination);
  switch (destination) {
    case Destination::Octets:
      return place(offsetof(R, octets), &R::octets, bit(Has::Octets));
    case Destination::Packets:
      return place(offsetof(R, packets), &R::packets, bit(Has::Packets));
    case Destination::TotalOctets:
      return place(offsetof(R, total_octets), &R::total_octets, bit(Has::TotalOctets));
    case Destination::TotalPackets:
      return place(offsetof(R, total_packets), &R::total_packets, bit(Has::TotalPackets));
    case Destination::ReverseOctets:
      return place(offsetof(R, reverse_octets), &R::reverse_octets, bit(Has::ReverseOctets));
    case Destination::ReversePackets:
      return place(offsetof(R, reverse_packets), &R::reverse_packets, bit(Has::ReversePackets));
    case Destination::Layer2Octets:
      return place(offsetof(R, layer2_octets), &R::layer2_octets, bit(Has::Layer2Octets));
    case Destination::Input:
      return place(offsetof(R, input), &R::input, bit(Has::Input));
    case Destination::Output:
      return place(offsetof(R, output), &R::output, bit(Has::Output));
    case Destination::First:
      return place(offsetof(R, first), &R::first, bit(Has::First));
    case Destination::Last:
      return place(offsetof(R, last), &R::last, bit(Has::Last));
    case Destination::Metered:
      return place(offsetof(R, metered), &R::metered, bit(Has::MeteredDirection));
    case Destination::SamplerId:
      return place(offsetof(R, sampler_id), &R::sampler_id, bit(Has::SamplerId));
    case Destination::SourceV4:
    case Destination::SourceV6:
      return place(offsetof(R, source), &R::source, bit(Has::SourceAddress));
    case Destination::DestinationV4:
    case Destination::DestinationV6:
      return place(offsetof(R, destination), &R::destination, bit(Has::DestinationAddress));
    case Destination::NextHopV4:
    case Destination::NextHopV6:
      return place(offsetof(R, next_hop), &R::next_hop, bit(Has::NextHop));
    case Destination::InputVlan:
      return place(offsetof(R, input_vlan), &R::input_vlan, bit(Has::InputVlan));
    case Destination::OutputVlan:
      return place(offsetof(R, output_vlan), &R::output_vlan, bit(Has::OutputVlan));
    case Destination::SourceAs:
      return place(offsetof(R, source_as), &R::source_as, bit(Has::SourceAs));
    case Destination::DestinationAs:
      return place(offsetof(R, destination_as), &R::destination_as, bit(Has::DestinationAs));
    case Destination::ForwardingStatus:
      return place(offsetof(R, forwarding_status), &R::forwarding_status,
                   bit(Has::ForwardingStatus));
    case Destination::SystemInit:
      return place(offsetof(R, system_init_ms), &R::system_init_ms, bit(Has::SystemInit));
    case Destination::IpVersion:
      return place(offsetof(R, ip_version), &R::ip_version, bit(Has::IpVersion));
    case Destination::Protocol:
      return place(offsetof(R, protocol), &R::protocol, 0);
    case Destination::Tos:
      return place(offsetof(R, tos), &R::tos, 0);
    case Destination::TcpFlags:
      return place(offsetof(R, tcp_flags), &R::tcp_flags, 0);
    case Destination::SourcePort:
      return place(offsetof(R, source_port), &R::source_port, 0);
    case Destination::DestinationPort:
      return place(offsetof(R, destination_port), &R::destination_port, 0);
    case Destination::InnerSourceV4:
    case Destination::InnerSourceV6:
      return place(offsetof(R, inner_source), &R::inner_source, bit(Has::InnerAddresses));
    case Destination::InnerDestinationV4:
    case Destination::InnerDestinationV6:
      return place(offsetof(R, inner_destination), &R::inner_destination, bit(Has::InnerAddresses));
    case Destination::IngressVrf:
      return rare_place(offsetof(R, ingress_vrf), &R::ingress_vrf, Detail::IngressVrf);
    case Destination::EgressVrf:
      return rare_place(offsetof(R, egress_vrf), &R::egress_vrf, Detail::EgressVrf);
    case Destination::FlowId:
      return rare_place(offsetof(R, flow_id), &R::flow_id, Detail::FlowId);
    case Destination::EndReason:
      return rare_place(offsetof(R, end_reason), &R::end_reason, Detail::EndReason);
    case Destination::Dot1qPriority:
      return rare_place(offsetof(R, dot1q_priority), &R::dot1q_priority, Detail::Dot1qPriority);
    case Destination::CustomerVlan:
      return rare_place(offsetof(R, customer_vlan), &R::customer_vlan, Detail::CustomerVlan);
    case Destination::PostCustomerVlan:
      return rare_place(offsetof(R, post_customer_vlan), &R::post_customer_vlan,
                        Detail::PostCustomerVlan);
    case Destination::EtherType:
      return rare_place(offsetof(R, ether_type), &R::ether_type, Detail::EtherType);
    case Destination::ReverseMetered:
      return rare_place(offsetof(R, reverse_metered), &R::reverse_metered, Detail::ReverseMetered);
    default:
      return {};
  }
}

}  // namespace weir::wire
