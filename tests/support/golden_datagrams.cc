#include "tests/support/golden_datagrams.h"

#include <cstdint>

#include "tests/support/message_builder.h"
#include "tests/support/sflow_builder.h"
#include "tests/support/sflow_frame.h"

namespace weir::test {
namespace {

std::vector<std::byte> fixed_layout(std::uint16_t version) {
  return build(Netflow5Message{.version = version, .records = std::vector<Netflow5Record>(4)});
}

std::vector<std::byte> netflow9() {
  ByteWriter data;
  for (std::uint32_t i = 0; i < 4; ++i) {
    data.u32(i).address("192.0.2.1").u32(i).u16(9).zeros(16).u8(1);
  }
  return build(Netflow9Message{
      .sets = {{.id = 0,
                .body = template_record(256, {{1, 4}, {8, 4}, {2, 4}, {10, 2}, {27, 16}, {48, 1}})},
               {.id = 1,
                .body = netflow9_options_template(
                    {.id = 400, .scopes = {{1, 4}}, .options = {{48, 1}, {50, 4}}})},
               {.id = 400, .body = ByteWriter{}.u32(0).u8(1).u32(100).data()},
               {.id = 256, .body = data.data()}}});
}

/// Every kind of time, interface and status that a v9 record carries.
std::vector<std::byte> netflow9_full() {
  ByteWriter data;
  for (std::uint32_t i = 0; i < 2; ++i) {
    data.address("192.0.2.1").address("198.51.100.2").address("203.0.113.3").u32(11).u32(12);
    data.u32(90'000 + i).u32(95'000).u64(1'500).u64(10).u16(443).u16(50'000).u8(6).u8(0);
    data.u8(0x1b).u32(64'500).u32(64'501).u16(100).u16(200).u8(0).u8(64).u32(1'000).u8(4);
  }
  return build(Netflow9Message{
      .sets = {{.id = 0,
                .body = template_record(
                    300, {{8, 4},  {12, 4}, {15, 4}, {10, 4}, {14, 4}, {22, 4}, {21, 4}, {1, 8},
                          {2, 8},  {7, 2},  {11, 2}, {4, 1},  {5, 1},  {6, 1},  {16, 4}, {17, 4},
                          {58, 2}, {59, 2}, {61, 1}, {89, 1}, {34, 4}, {60, 1}})},
               {.id = 300, .body = data.data()}}});
}

std::vector<std::byte> ipfix() {
  return build(IpfixMessage{
      .sets = {
          {.id = 2, .body = template_record(256, {{1, 8}, {82, 65'535}, {8, 4}, {1, 8, 29'305}})},
          {.id = 3,
           .body = ipfix_options_template(
               {.id = 400, .scopes = {{302, 4}}, .options = {{305, 4}, {306, 4}, {82, 65'535}}})},
          {.id = 400, .body = ByteWriter{}.u32(1).u32(1).u32(99).u8(2).u16(0).data()},
          {.id = 256,
           .body = ByteWriter{}
                       .u64(1)
                       .u8(2)
                       .u16(0)
                       .u32(9)
                       .u64(3)
                       .u64(1)
                       .u8(255)
                       .u16(3)
                       .zeros(3)
                       .u32(9)
                       .u64(3)
                       .data()},
          {.id = 2, .body = template_record(256, {})}}});
}

/// Fixed lengths only, reduced sizes, both families, all formats of times.
std::vector<std::byte> ipfix_fixed() {
  ByteWriter data;
  for (std::uint32_t i = 0; i < 2; ++i) {
    data.address("2001:db8::1").address("2001:db8::2").address("0.0.0.0").address("0.0.0.0");
    data.integer(1'500 + i, 5).integer(10, 3).u32(11).u32(12).u64(1'700'000'000'000);
    data.u64(1'700'000'000'500).u32(1'700'000'000).u16(100).u8(1).u64(7);
  }
  return build(IpfixMessage{.sets = {{.id = 2,
                                      .body = template_record(257, {{27, 16},
                                                                    {28, 16},
                                                                    {8, 4},
                                                                    {12, 4},
                                                                    {1, 5},
                                                                    {2, 3},
                                                                    {10, 4},
                                                                    {14, 4},
                                                                    {152, 8},
                                                                    {153, 8},
                                                                    {150, 4},
                                                                    {243, 2},
                                                                    {61, 1},
                                                                    {302, 8}})},
                                     {.id = 257, .body = data.data()}}});
}

FlowSample sample_of(const FrameBuilder& frame, std::uint32_t index) {
  return {.sequence = index,
          .source_index = index,
          .pool = index * 1'000,
          .input = index,
          .output = index + 1,
          .records = {raw_header_record({.frame_length = 1'022, .header = frame.build()})}};
}

std::vector<std::byte> sflow(const IpAddress& agent) {
  FrameBuilder tagged;
  tagged.ethernet().vlan(100, 0x88a8).vlan(200).ether_type(0x0800);
  tagged.ipv4({.total_length = 1'000}).tcp(443, 50'000, 0x1b).zeros(20);
  FlowSample full = sample_of(tagged, 1);
  const IpAddress next_hop = IpAddress::v4(0xcb00'7103);
  full.records.push_back(switch_record(300, 400));
  full.records.push_back(router_record(next_hop));
  full.records.push_back(gateway_record({.next_hop = next_hop,
                                         .own_as = 1,
                                         .source_as = 2,
                                         .path = {{3, 4}, {5}},
                                         .communities = {6}}));
  full.records.push_back(ethernet_record(1'022));
  full.records.push_back(sampled_ip_record({.source = next_hop, .destination = next_hop}));
  full.records.push_back(
      sampled_ip_record({.source = IpAddress::v6(1, 2), .destination = IpAddress::v6(3, 4)}));

  FrameBuilder labelled;
  labelled.ethernet().ether_type(0x8847).mpls(16, FrameBuilder::Bottom::No);
  labelled.mpls(17, FrameBuilder::Bottom::Yes).ipv6({.payload_length = 960, .next_header = 0});
  labelled.ipv6_extension(43, 0).ipv6_fragment(17, 0).udp(53, 54);
  FlowSample expanded = sample_of(labelled, 2);
  expanded.form = SflowForm::Expanded;

  CounterRecord counters;
  counters.interface = 7;
  counters.speed = 10'000'000'000;
  counters.in_octets = 1;
  counters.out_octets = 2;
  CounterSample compact{.source_index = 7, .records = {generic_counters_record(counters)}};
  CounterSample wide = compact;
  wide.form = SflowForm::Expanded;
  return SflowBuilder{}.agent(agent).add(full).add(compact).add(expanded).add(wide).build();
}

}  // namespace

std::vector<GoldenDatagram> golden_datagrams() {
  return {{"netflow1", fixed_layout(1)},
          {"netflow5", fixed_layout(5)},
          {"netflow7", fixed_layout(7)},
          {"netflow9", netflow9()},
          {"netflow9Full", netflow9_full()},
          {"ipfix", ipfix()},
          {"ipfixFixed", ipfix_fixed()},
          {"sflow", sflow(IpAddress::v4(0xc000'02fe))},
          {"sflowIpv6Agent", sflow(IpAddress::v6(0x2001'0db8'0000'0000, 1))}};
}

}  // namespace weir::test
