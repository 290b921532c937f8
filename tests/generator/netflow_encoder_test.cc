#include "collector/generator/netflow_encoder.h"

#include <gtest/gtest.h>

#include "tests/generator/play.h"

namespace weir::generator {
namespace {

using namespace std::chrono_literals;
using test::from_hex;
using test::kStart;  // 0x6553f164 seconds

ExporterPlan exporter(Protocol protocol, Announce announce) {
  ExporterPlan plan;
  plan.name = "r1";
  plan.address = IpAddress::v4(0x7f01'0001);
  plan.protocol = protocol;
  plan.domain = 0x0102;
  plan.sampling = 1'000;
  plan.announce = announce;
  return plan;
}

ExportedFlow flow() {
  return {.identity = {.source = IpAddress::v4(0x0a00'0001),
                       .destination = IpAddress::v4(0xc612'0002),
                       .source_port = 0x8001,
                       .destination_port = 443,
                       .protocol = 6,
                       .tos = 0,
                       .input = 10,
                       .output = 1,
                       .input_vlan = 100,
                       .output_vlan = 0,
                       .source_as = 0,
                       .destination_as = 64'496},
          .octets = 0x1234,
          .packets = 5,
          .first = kStart - 2s,
          .last = kStart - 500ms};
}

TEST(NetflowEncoder, WritesNetflow5AsPublished) {
  const ExporterPlan plan = exporter(Protocol::Netflow5, Announce::Header);
  NetflowEncoder encoder(plan, kStart - 16s);
  const std::vector<ExportedFlow> flows{flow()};
  const auto messages = encoder.messages(flows, kStart);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].record_count, 1U);
  EXPECT_EQ(messages[0].payload,
            from_hex("0005 0001 00003e80 6553f164 00000000 00000000 01 02 43e8"
                     "0a000001 c6120002 00000000 000a 0001 00000005 00001234"
                     "000036b0 00003c8c 8001 01bb 00 1b 06 00 0000 fbf0 18 18 0000"));
}

TEST(NetflowEncoder, CountsFlowsInTheNetflow5Sequence) {
  const ExporterPlan plan = exporter(Protocol::Netflow5, Announce::None);
  NetflowEncoder encoder(plan, kStart);
  const std::vector<ExportedFlow> flows(31, flow());
  const auto messages = encoder.messages(flows, kStart);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].record_count, 30U);
  EXPECT_EQ(messages[1].first_record, 30U);
  EXPECT_EQ(test::number_at(messages[1].payload, 16, 4), 30U);
  EXPECT_EQ(test::number_at(messages[1].payload, 22, 2), 0U) << "announces nothing";
}

constexpr std::string_view kNetflow9Ipv4Template =
    "0100 0013 0008 0004 000c 0004 000a 0004 000e 0004 0002 0008 0001 0008 0007 0002 000b 0002"
    "0004 0001 0006 0001 0005 0001 003d 0001 003a 0002 003b 0002 0010 0004 0011 0004 0016 0004"
    "0015 0004 0030 0001";
constexpr std::string_view kNetflow9Ipv6Template =
    "0101 0013 001b 0010 001c 0010 000a 0004 000e 0004 0002 0008 0001 0008 0007 0002 000b 0002"
    "0004 0001 0006 0001 0005 0001 003d 0001 003a 0002 003b 0002 0010 0004 0011 0004 0016 0004"
    "0015 0004 0030 0001";

TEST(NetflowEncoder, AnnouncesNetflow9TemplatesAndItsSampler) {
  const ExporterPlan plan = exporter(Protocol::Netflow9, Announce::Options);
  NetflowEncoder encoder(plan, kStart - 16s);
  const auto message = encoder.announcement(kStart);
  ASSERT_TRUE(message);
  std::string text = "0009 0004 00003e80 6553f164 00000000 00000102 0000 00a4";
  text += kNetflow9Ipv4Template;
  text += kNetflow9Ipv6Template;
  text += "0001 001c 0102 0004 000c 0001 0004 0030 0001 0031 0001 0032 0004 0000";
  text += "0102 0010 00000102 01 02 000003e8 0000";
  EXPECT_EQ(message->payload, from_hex(text));
}

TEST(NetflowEncoder, WritesNetflow9DataAndCountsPackets) {
  const ExporterPlan plan = exporter(Protocol::Netflow9, Announce::Options);
  NetflowEncoder encoder(plan, kStart - 16s);
  (void)encoder.announcement(kStart);
  const std::vector<ExportedFlow> flows{flow()};
  const auto messages = encoder.messages(flows, kStart);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(
      messages[0].payload,
      from_hex("0009 0001 00003e80 6553f164 00000001 00000102 0100 0044"
               "0a000001 c6120002 0000000a 00000001 0000000000000005 0000000000001234"
               "8001 01bb 06 1b 00 00 0064 0000 00000000 0000fbf0 000036b0 00003c8c 01 000000"));
}

TEST(NetflowEncoder, AnnouncesIpfixPacketIntervalAndSpace) {
  const ExporterPlan plan = exporter(Protocol::Ipfix, Announce::Options305);
  NetflowEncoder encoder(plan, kStart);
  const auto message = encoder.announcement(kStart);
  ASSERT_TRUE(message);
  const std::vector<std::byte> tail(message->payload.end() - 40, message->payload.end());
  EXPECT_EQ(tail, from_hex("0003 0018 0102 0003 0001 0095 0004 0131 0004 0132 0004 0000"
                           "0102 0010 00000102 00000001 000003e7"));
  EXPECT_EQ(test::number_at(message->payload, 2, 2), message->payload.size());
}

TEST(NetflowEncoder, WritesIpfixDataAndCountsDataRecords) {
  const ExporterPlan plan = exporter(Protocol::Ipfix, Announce::Record);
  NetflowEncoder encoder(plan, kStart);
  (void)encoder.announcement(kStart);  // no options: no data record
  const std::vector<ExportedFlow> flows{flow(), flow()};
  (void)encoder.messages(flows, kStart);
  const auto messages = encoder.messages(std::span{flows}.first(1), kStart);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].payload,
            from_hex("000a 005c 6553f164 00000002 00000102 0100 004c"
                     "0a000001 c6120002 0000000a 00000001 0000000000000005 0000000000001234"
                     "8001 01bb 06 1b 00 00 0064 0000 00000000 0000fbf0"
                     "0000018bcfe6e6d0 0000018bcfe6ecac 000003e8"));
}

TEST(NetflowEncoder, KeepsMessagesBelowTheirLargestSize) {
  for (const Protocol protocol : {Protocol::Netflow9, Protocol::Ipfix}) {
    const ExporterPlan plan = exporter(protocol, Announce::Options);
    NetflowEncoder encoder(plan, kStart);
    std::vector<ExportedFlow> flows(100, flow());
    for (std::size_t i = 0; i < flows.size(); i += 3) {
      flows[i].identity.source = IpAddress::v6(0x2001'0db8'0000'0000ULL, i);
      flows[i].identity.destination = IpAddress::v6(0x2001'0db8'ffff'0000ULL, i);
    }
    std::size_t records = 0;
    for (const EncodedMessage& message : encoder.messages(flows, kStart)) {
      EXPECT_LE(message.payload.size(), kLargestPayloadBytes);
      EXPECT_EQ(message.first_record, records);
      records += message.record_count;
    }
    EXPECT_EQ(records, 100U);
  }
}

TEST(NetflowEncoder, ClockSkewMovesTheClockButNotTheUptime) {
  ExporterPlan plan = exporter(Protocol::Netflow9, Announce::Options);
  plan.clock_skew = -100s;
  NetflowEncoder encoder(plan, kStart - 16s);
  const auto message = encoder.announcement(kStart);
  ASSERT_TRUE(message);
  EXPECT_EQ(test::number_at(message->payload, 4, 4), 16'000U);
  EXPECT_EQ(test::number_at(message->payload, 8, 4), 1'700'000'000U);
}

}  // namespace
}  // namespace weir::generator
