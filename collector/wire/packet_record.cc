#include <optional>

#include "collector/model/datagram.h"
#include "collector/model/flow_record.h"
#include "collector/wire/byte_reader.h"
#include "collector/wire/decoder.h"
#include "collector/wire/packet_header.h"

namespace weir::wire {
namespace {

// Link types of capture files and devices (tcpdump.org, "Link-layer header types"). Raw IP
// has a number of its own on devices (DLT_RAW) and one in files.
constexpr int kEthernet = 1;
constexpr int kRawDevice = 12;
constexpr int kRawFile = 101;
constexpr int kLinuxCooked1 = 113;
constexpr int kRawIpv4 = 228;
constexpr int kRawIpv6 = 229;
constexpr int kLinuxCooked2 = 276;

constexpr std::uint32_t kEthernetHeaderBytes = 14;
constexpr std::uint32_t kFcsBytes = 4;
constexpr std::uint32_t kCooked1Bytes = 16;
constexpr std::uint32_t kCooked2Bytes = 20;
constexpr std::uint8_t kSentByUs = 4;  // "LINUX_SLL packet type"

/// A packet's header, and how many bytes before it are no part of the frame.
struct LinkView {
  ParsedHeader header;
  std::uint32_t pseudo_bytes = 0;
  bool has_ethernet = false;
  std::optional<std::uint32_t> interface;
  bool is_outgoing = false;
};

/// LINKTYPE_LINUX_SLL: the Ethernet type stands in its last two bytes.
std::optional<LinkView> view_cooked1(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < kCooked1Bytes) return std::nullopt;
  ByteReader reader{bytes};
  reader.skip(14);
  const std::uint16_t type = reader.u16();
  return LinkView{.header = parse_after_ether_type(type, reader.rest()),
                  .pseudo_bytes = kCooked1Bytes,
                  .interface = std::nullopt};
}

/// LINKTYPE_LINUX_SLL2: the Ethernet type comes first; names the interface too.
std::optional<LinkView> view_cooked2(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < kCooked2Bytes) return std::nullopt;
  ByteReader reader{bytes};
  const std::uint16_t type = reader.u16();
  reader.skip(2);  // reserved
  const std::uint32_t interface = reader.u32();
  reader.skip(2);  // ARPHRD type
  const std::uint8_t packet_type = reader.u8();
  reader.skip(9);  // link address
  return LinkView{.header = parse_after_ether_type(type, reader.rest()),
                  .pseudo_bytes = kCooked2Bytes,
                  .interface = interface,
                  .is_outgoing = packet_type == kSentByUs};
}

std::optional<LinkView> view(const CapturedPacket& packet) noexcept {
  switch (packet.link_type) {
    case kEthernet:
      if (packet.bytes.size() < kEthernetHeaderBytes) return std::nullopt;
      return LinkView{.header = parse_packet_header(LinkLayer::Ethernet, packet.bytes),
                      .has_ethernet = true,
                      .interface = std::nullopt};
    case kRawDevice:
    case kRawFile:
    case kRawIpv4:
    case kRawIpv6:
      return LinkView{.header = parse_packet_header(LinkLayer::Ip, packet.bytes),
                      .interface = std::nullopt};
    case kLinuxCooked1:
      return view_cooked1(packet.bytes);
    case kLinuxCooked2:
      return view_cooked2(packet.bytes);
    default:
      return std::nullopt;
  }
}

}  // namespace

bool record_from_packet(const CapturedPacket& packet, std::uint32_t sampling_interval,
                        FlowRecord& record) noexcept {
  const std::optional<LinkView> link = view(packet);
  if (!link) return false;
  record = FlowRecord{};
  describe_packet(link->header, record);
  record.packets = 1;
  record.set(Has::Packets);
  record.sampling_interval = sampling_interval;
  if (sampling_interval != 0) record.sampling_source = SamplingSource::Record;
  if (link->interface && !link->is_outgoing) {
    record.input = *link->interface;
    record.set(Has::Input);
  }
  if (link->interface && link->is_outgoing) {
    record.output = *link->interface;
    record.set(Has::Output);
  }

  const std::uint64_t around = link->pseudo_bytes + std::uint64_t{link->header.link_bytes};
  const std::uint64_t carried =
      packet.original_length > around ? packet.original_length - around : 0;
  const bool says_length = link->header.ip_bytes != 0;
  record.octets = says_length && link->header.ip_bytes < carried ? link->header.ip_bytes : carried;
  record.set(Has::Octets);
  if (says_length) record.set(Has::IpLength);
  // A cooked or missing link header hides what the real one was: the layer stays unsaid there.
  if (link->has_ethernet) {
    record.layer2_octets = std::uint64_t{packet.original_length} + kFcsBytes;
    record.set(Has::Layer2Octets);
  }
  return true;
}

}  // namespace weir::wire
