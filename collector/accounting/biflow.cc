#include "collector/accounting/biflow.h"

#include <utility>

namespace weir::accounting {
namespace {

/// Gives each of two presence bits the other's value.
template <class Bit>
std::uint32_t with_swapped(std::uint32_t bits, Bit one, Bit other) noexcept {
  const auto a = static_cast<std::uint32_t>(one);
  const auto b = static_cast<std::uint32_t>(other);
  const bool has_one = (bits & a) != 0;
  const bool has_other = (bits & b) != 0;
  bits &= ~(a | b);
  return bits | (has_one ? b : 0) | (has_other ? a : 0);
}

void swap_ends(FlowRecord& record) noexcept {
  std::swap(record.source, record.destination);
  std::swap(record.source_port, record.destination_port);
  std::swap(record.source_as, record.destination_as);
  std::swap(record.input, record.output);
  std::swap(record.input_vlan, record.output_vlan);
  std::swap(record.customer_vlan, record.post_customer_vlan);
  std::swap(record.ingress_vrf, record.egress_vrf);
  std::swap(record.inner_source, record.inner_destination);
  std::uint32_t present = record.present;
  present = with_swapped(present, Has::SourceAddress, Has::DestinationAddress);
  present = with_swapped(present, Has::SourceAs, Has::DestinationAs);
  present = with_swapped(present, Has::Input, Has::Output);
  record.present = with_swapped(present, Has::InputVlan, Has::OutputVlan);
  std::uint32_t details = record.details;
  details = with_swapped(details, Detail::IngressVrf, Detail::EgressVrf);
  record.details = with_swapped(details, Detail::CustomerVlan, Detail::PostCustomerVlan);
}

/// Leaves nothing that was counted or said of the forward packets.
void forget_forward(FlowRecord& record) noexcept {
  for (const Has has : {Has::Octets, Has::Packets, Has::TotalOctets, Has::TotalPackets,
                        Has::Layer2Octets, Has::NextHop, Has::ForwardingStatus,
                        Has::MeteredDirection, Has::ReverseOctets, Has::ReversePackets})
    record.clear(has);
  record.octets = record.packets = record.layer2_octets = 0;
  record.total_octets = record.total_packets = 0;
  record.reverse_octets = record.reverse_packets = 0;
  record.next_hop = {};
  record.forwarding_status = 0;
  record.forwarding = Forwarding::Forwarded;
  record.metered = MeteredDirection::Unknown;
  record.proven_tags = 0;
}

}  // namespace

FlowRecord reversed(const FlowRecord& record) noexcept {
  FlowRecord reverse = record;
  swap_ends(reverse);
  forget_forward(reverse);
  const bool are_totals = record.has(Detail::ReverseTotals);
  if (record.has(Has::ReverseOctets)) {
    (are_totals ? reverse.total_octets : reverse.octets) = record.reverse_octets;
    reverse.set(are_totals ? Has::TotalOctets : Has::Octets);
  }
  if (record.has(Has::ReversePackets)) {
    (are_totals ? reverse.total_packets : reverse.packets) = record.reverse_packets;
    reverse.set(are_totals ? Has::TotalPackets : Has::Packets);
  }
  if (record.has(Detail::ReverseMetered)) {
    reverse.metered = record.reverse_metered;
    reverse.set(Has::MeteredDirection);
  }
  return reverse;
}

}  // namespace weir::accounting
