// One packet header behind each link, with what must hold of any.

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

#include "collector/wire/decoder.h"
#include "collector/wire/packet_header.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const weir::wire::ParsedHeader& header, std::size_t size) {
  require(header.link_bytes <= size);
  require(header.vlan_tags <= weir::wire::kVlanBudget);
  require(header.mpls_labels <= weir::wire::kMplsBudget);
  require(header.ip_version == 0 || header.ip_version == 4 || header.ip_version == 6);
  require(header.ip_version != 0 || header.ip_bytes == 0);
  require(!header.is_later_fragment || header.source_port == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  std::vector<std::byte> bytes(size);
  std::transform(data, data + size, bytes.begin(),
                 [](std::uint8_t b) { return static_cast<std::byte>(b); });
  check(wire::parse_packet_header(wire::LinkLayer::Ethernet, bytes), size);
  check(wire::parse_packet_header(wire::LinkLayer::Ip, bytes), size);

  constexpr std::array kLinkTypes{1, 12, 101, 113, 228, 229, 276};
  for (const int link_type : kLinkTypes) {
    const CapturedPacket packet{.bytes = bytes,
                                .original_length = static_cast<std::uint32_t>(size),
                                .link_type = link_type,
                                .arrival = {}};
    FlowRecord record;
    if (!wire::record_from_packet(packet, 100, record)) continue;
    require(record.octets <= size && record.packets == 1);
    require(!record.has(Has::Layer2Octets) || record.layer2_octets == size + 4);
  }
  return 0;
}
