#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "collector/model/connection_id.h"
#include "collector/model/exporter.h"
#include "collector/model/ip_address.h"
#include "collector/model/time.h"

namespace weir {
inline namespace model {

/// Which fields of a FlowRecord its exporter really sent. Bits of FlowRecord::present.
enum class Has : std::uint32_t {
  Octets = 1U << 0,  ///< octets, packets count this flow alone (elements 1, 2)
  Packets = 1U << 1,
  TotalOctets = 1U << 2,  ///< running totals (85, 86)
  TotalPackets = 1U << 3,
  ReverseOctets = 1U << 4,  ///< reverse direction (enterprise 29305, or 231 with 232)
  ReversePackets = 1U << 5,
  Layer2Octets = 1U << 6,  ///< element 352, or an sFlow frame length
  Input = 1U << 7,         ///< element 10 / sFlow input
  Output = 1U << 8,        ///< element 14 / sFlow output
  First = 1U << 9,
  Last = 1U << 10,
  MeteredDirection = 1U << 11,  ///< element 61
  SamplerId = 1U << 12,         ///< element 48 or 302
  SourceAddress = 1U << 13,
  DestinationAddress = 1U << 14,
  InputVlan = 1U << 15,
  OutputVlan = 1U << 16,
  SourceAs = 1U << 17,
  DestinationAs = 1U << 18,
  ForwardingStatus = 1U << 19,  ///< element 89
  SystemInit = 1U << 20,        ///< element 160
  NextHop = 1U << 21,
  IpVersion = 1U << 22,
  IpLength = 1U << 23,        ///< sFlow: ip_bytes was read from the sampled header
  PacketSection = 1U << 24,   ///< lengths were read from a section of the packet (315, 104, 313)
  InnerAddresses = 1U << 25,  ///< of the packet inside a tunnel; unspecified ones are absent
};

/// Which of the rarely sent fields a record holds. Bits of FlowRecord::details.
enum class Detail : std::uint32_t {
  IngressVrf = 1U << 0,
  EgressVrf = 1U << 1,
  MplsLabels = 1U << 2,
  FlowId = 1U << 3,
  EndReason = 1U << 4,
  Dot1qPriority = 1U << 5,
  CustomerVlan = 1U << 6,
  PostCustomerVlan = 1U << 7,
  EtherType = 1U << 8,
  ReverseMetered = 1U << 9,
  ReverseTotals = 1U << 10,  ///< the reverse counters are running totals (29305 with 85, 86)
};

/// How FlowRecord::first and ::last are to be read (RFC 7011, 6.1; RFC 3954, 8).
enum class TimeFormat : std::uint8_t {
  None,               ///< no time was sent: the export or arrival time dates the record
  UptimeMs,           ///< 22, 21: milliseconds of the exporter's uptime (32 bit)
  Seconds,            ///< 150, 151
  Milliseconds,       ///< 152, 153
  NtpMicroseconds,    ///< 154, 155: 64-bit NTP time
  NtpNanoseconds,     ///< 156, 157: 64-bit NTP time
  DeltaMicroseconds,  ///< 158, 159: microseconds before the export time (32 bit)
  Resolved            ///< milliseconds of our clock since 1970: worked out here, never sent
};

/// Where sampling_interval came from.
enum class SamplingSource : std::uint8_t {
  Unknown,  ///< nobody said; sampling_interval is kUnknownSampling
  Record,   ///< element 34 (or 305/306, 309/310, 50) in the data record, or the sFlow sample
  Sampler,  ///< options data, by sampler id
  Domain,   ///< options data that holds for the whole observation domain
  Header,   ///< NetFlow v5 header
};

/// Whether and how the router forwarded the packets.
enum class Forwarding : std::uint8_t {
  Forwarded,
  Dropped,      ///< egress interface 0, status 10xxxxxx (element 89), sFlow output format 1
  ManyOutputs,  ///< sFlow output format 2
  Consumed,     ///< status 11xxxxxx: meant for the router itself, or ended there
};

/// False for packets that entered the router and left it nowhere: they count for who sent
/// them, and for no receiver.
[[nodiscard]] constexpr bool has_left_router(Forwarding forwarding) noexcept {
  return forwarding != Forwarding::Dropped && forwarding != Forwarding::Consumed;
}

/// Element 61, flowDirection.
enum class MeteredDirection : std::uint8_t { Ingress = 0, Egress = 1, Unknown = 255 };

/// One flow record or flow sample as its exporter reported it: not scaled, not converted,
/// times unread. Fixed size, no heap. A field whose `Has` bit is clear is zero.
///
/// IPv4 addresses are in mapped form (ip_address.h). For an sFlow sample `packets` is 1,
/// `layer2_octets` the frame length with FCS, `octets` the IP length of the sampled header.
struct alignas(64) FlowRecord {
  IpAddress source;
  IpAddress destination;
  std::uint64_t octets = 0;
  std::uint64_t packets = 0;
  std::uint64_t layer2_octets = 0;
  std::uint64_t first = 0;  ///< see time_format
  std::uint64_t last = 0;
  std::uint32_t present = 0;  ///< Has bits
  std::uint32_t input = 0;    ///< ifIndex
  std::uint32_t output = 0;   ///< ifIndex
  std::uint32_t source_as = 0;
  std::uint32_t destination_as = 0;
  /// N as announced; sFlow: plus what lost samples stood for. 0 when nobody said.
  std::uint32_t sampling_interval = 0;
  SamplingSource sampling_source = SamplingSource::Unknown;
  TimeFormat time_format = TimeFormat::None;
  Forwarding forwarding = Forwarding::Forwarded;
  MeteredDirection metered = MeteredDirection::Unknown;
  std::uint16_t input_vlan = 0;   ///< 58 or 243, sFlow: tag or extended switch
  std::uint16_t output_vlan = 0;  ///< 59 or 254, sFlow extended switch
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint8_t protocol = 0;  ///< IP protocol number, element 4
  std::uint8_t tos = 0;
  std::uint8_t tcp_flags = 0;
  std::uint8_t proven_tags =
      0;  ///< 802.1Q tags that the record proves (243 one, 245 one more, unless 0; header)
  std::uint8_t ip_version = 0;         ///< 4, 6, or 0 when neither sent nor inferable
  std::uint8_t forwarding_status = 0;  ///< element 89 as sent
  // Read rarely from here on.
  IpAddress next_hop;
  /// The packet inside a tunnel: of a sampled header, of a template that names the fields of
  /// two headers, or of elements for it (VMware 881 to 884). What is billed is the outer one.
  IpAddress inner_source;
  IpAddress inner_destination;
  // sFlow only.
  std::uint32_t source_class = 0;  ///< data source type, 0 = ifIndex
  std::uint32_t source_index = 0;
  std::uint32_t sample_pool = 0;
  std::uint32_t agent_drops = 0;
  // What follows no flow sample has (kSampleBytes).
  std::uint64_t sampler_id = 0;     ///< 48 or 302
  std::uint64_t total_octets = 0;   ///< 85
  std::uint64_t total_packets = 0;  ///< 86
  std::uint64_t reverse_octets = 0;
  std::uint64_t reverse_packets = 0;
  std::uint64_t system_init_ms = 0;             ///< 160
  std::uint64_t flow_id = 0;                    ///< 148
  std::uint32_t details = 0;                    ///< Detail bits
  std::uint32_t ingress_vrf = 0;                ///< 234
  std::uint32_t egress_vrf = 0;                 ///< 235
  std::array<std::uint32_t, 10> mpls_labels{};  ///< 70..79, top first: label, EXP, S; 24 bit
  std::uint16_t ether_type = 0;                 ///< 256
  std::uint16_t customer_vlan = 0;              ///< 245
  std::uint16_t post_customer_vlan = 0;         ///< 255
  std::uint8_t dot1q_priority = 0;              ///< 244
  std::uint8_t end_reason = 0;                  ///< 136
  MeteredDirection reverse_metered = MeteredDirection::Unknown;  ///< 61 of enterprise 29305

  [[nodiscard]] constexpr bool has(Has field) const noexcept {
    return (present & static_cast<std::uint32_t>(field)) != 0;
  }
  constexpr void set(Has field) noexcept { present |= static_cast<std::uint32_t>(field); }
  constexpr void clear(Has field) noexcept { present &= ~static_cast<std::uint32_t>(field); }
  [[nodiscard]] constexpr bool has(Detail field) const noexcept {
    return (details & static_cast<std::uint32_t>(field)) != 0;
  }
  constexpr void set(Detail field) noexcept { details |= static_cast<std::uint32_t>(field); }
};

/// The leading bytes of a FlowRecord that a flow sample may set; the others stay as they are in
/// an empty record.
inline constexpr std::size_t kSampleBytes = offsetof(FlowRecord, sampler_id);

/// What all records of one message share.
struct MessageContext {
  IpAddress source;  ///< of the packet
  IpAddress agent;   ///< sFlow: as the datagram says; otherwise = source
  std::uint16_t source_port = 0;
  ConnectionId connection{};
  Protocol protocol = Protocol::Netflow5;
  std::uint32_t domain = 0;  ///< v9 source id, IPFIX ODID, v5 engine type*256+id, sFlow sub-agent
  TrafficTime arrival;       ///< of the datagram that carried the records
  TrafficTime released;      ///< = arrival, or when held records were set free
  TrafficTime export_time;   ///< exporter's clock; = arrival for sFlow, which sends none
  bool has_export_time = false;
  bool has_uptime = false;
  std::uint32_t uptime_ms = 0;       ///< at export; NetFlow header
  std::uint64_t system_init_ms = 0;  ///< element 160 from options data, 0 = not known
};

}  // namespace model
}  // namespace weir
