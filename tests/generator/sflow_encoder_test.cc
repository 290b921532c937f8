#include "collector/generator/sflow_encoder.h"

#include <gtest/gtest.h>

#include "tests/generator/play.h"

namespace weir::generator {
namespace {

using namespace std::chrono_literals;
using test::from_hex;
using test::kStart;
using test::number_at;

ExporterPlan exporter() {
  ExporterPlan plan;
  plan.name = "r1";
  plan.address = IpAddress::v4(0x7f01'0003);
  plan.protocol = Protocol::Sflow5;
  plan.domain = 2;
  plan.sampling = 512;
  plan.announce = Announce::Header;
  return plan;
}

PacketSample small_udp() {
  return {.identity = {.source = IpAddress::v4(0x0a00'0001),
                       .destination = IpAddress::v4(0xc612'0002),
                       .source_port = 0x8001,
                       .destination_port = 53,
                       .protocol = 17,
                       .tos = 0,
                       .input = 10,
                       .output = 1,
                       .input_vlan = 100,
                       .output_vlan = 0,
                       .source_as = 0,
                       .destination_as = 0},
          .ip_bytes = 40,
          .frame_bytes = 64,
          .is_tagged = true,
          .source_sequence = 3,
          .pool = 1'536,
          .hop_limit = 60};
}

TEST(SflowEncoder, WritesASampledFrameAsPublished) {
  const ExporterPlan plan = exporter();
  SflowEncoder encoder(plan, kStart - 16s);
  const std::vector<PacketSample> packets{small_udp()};
  const auto messages = encoder.messages(packets, {}, kStart);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].record_count, 1U);
  // Frame of 64 bytes: 60 without FCS, of which 18 are header and tag, 40 IP, 2 padding.
  EXPECT_EQ(messages[0].payload,
            from_hex("00000005 00000001 7f010003 00000002 00000001 00003e80 00000001"
                     "00000001 0000008c 00000003 0000000a 00000200 00000600 00000000 0000000a"
                     "00000001 00000002"
                     "00000001 0000004c 00000001 00000040 00000004 0000003c"
                     "020000000001 02000000000a 8100 0064 0800"
                     "45 00 0028 0003 4000 3c 11 6ead 0a000001 c6120002"
                     "8001 0035 0014 0000 0000000000000000 00000000 0000"
                     "000003e9 00000010 00000064 00000000 00000000 00000000"));
}

TEST(SflowEncoder, WritesInterfaceCountersAsPublished) {
  const ExporterPlan plan = exporter();
  SflowEncoder encoder(plan, kStart - 16s);
  const std::vector<InterfaceReading> readings{{.index = 7,
                                                .speed = 10'000'000'000,
                                                .sequence = 2,
                                                .in_octets = 0x1'0000'0001,
                                                .out_octets = 2,
                                                .in_packets = 3,
                                                .out_packets = 4}};
  const auto messages = encoder.messages({}, readings, kStart);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].record_count, 0U);
  EXPECT_EQ(messages[0].payload,
            from_hex("00000005 00000001 7f010003 00000002 00000001 00003e80 00000001"
                     "00000002 0000006c 00000002 00000007 00000001"
                     "00000001 00000058 00000007 00000006 00000002540be400 00000001 00000003"
                     "0000000100000001 00000003 00000000 00000000 00000000 00000000 00000000"
                     "0000000000000002 00000004 00000000 00000000 00000000 00000000 00000000"));
}

TEST(SflowEncoder, SplitsSamplesOverDatagramsAndCountsThem) {
  const ExporterPlan plan = exporter();
  SflowEncoder encoder(plan, kStart);
  PacketSample packet = small_udp();
  packet.ip_bytes = 1'500;
  packet.frame_bytes = 1'522;
  packet.identity.destination_as = 64'496;
  const std::vector<PacketSample> packets(20, packet);
  const auto messages = encoder.messages(packets, {}, kStart);
  std::size_t records = 0;
  std::uint32_t sequence = 0;
  for (const EncodedMessage& message : messages) {
    EXPECT_LE(message.payload.size(), kLargestPayloadBytes);
    EXPECT_EQ(message.first_record, records);
    EXPECT_EQ(number_at(message.payload, 16, 4), ++sequence);
    EXPECT_EQ(number_at(message.payload, 24, 4), message.record_count);
    records += message.record_count;
  }
  EXPECT_EQ(records, 20U);
  EXPECT_GT(messages.size(), 1U);
}

TEST(SflowEncoder, SaysNothingOfItsRateWhenToldSo) {
  ExporterPlan plan = exporter();
  plan.announce = Announce::None;
  SflowEncoder encoder(plan, kStart);
  const std::vector<PacketSample> packets{small_udp()};
  EXPECT_EQ(number_at(encoder.messages(packets, {}, kStart)[0].payload, 44, 4), 0U);
}

}  // namespace
}  // namespace weir::generator
