#include "collector/accounting/layer.h"

#include <gtest/gtest.h>

namespace weir::accounting {
namespace {

FlowRecord ip_record(std::uint64_t octets, std::uint64_t packets) {
  FlowRecord record;
  record.octets = octets;
  record.packets = packets;
  record.set(Has::Octets);
  record.set(Has::Packets);
  return record;
}

FlowRecord layer2_record(std::uint64_t octets, std::uint64_t packets) {
  FlowRecord record;
  record.layer2_octets = octets;
  record.packets = packets;
  record.set(Has::Layer2Octets);
  record.set(Has::Packets);
  return record;
}

FlowRecord flow_sample(std::uint64_t frame, std::uint64_t ip_length) {
  FlowRecord record = layer2_record(frame, 1);
  record.octets = ip_length;
  record.set(Has::Octets);
  record.set(Has::IpLength);
  return record;
}

// Domain requirement 27.
TEST(Layer, EthernetAddsHeaderAndChecksumPerPacket) {
  EXPECT_EQ(layer_bytes(ip_record(1'000'000, 1'000), Layer::Ethernet, 0), 1'018'000U);
}

TEST(Layer, EthernetAddsEachProvenTag) {
  EXPECT_EQ(layer_bytes(ip_record(1'000'000, 1'000), Layer::Ethernet, 1), 1'022'000U);
  EXPECT_EQ(layer_bytes(ip_record(1'000'000, 1'000), Layer::Ethernet, 2), 1'026'000U);
}

TEST(Layer, WireAddsPreambleAndGap) {
  EXPECT_EQ(layer_bytes(ip_record(1'000'000, 1'000), Layer::Wire, 0), 1'038'000U);
}

TEST(Layer, ShortPacketsFillTheShortestFrame) {
  EXPECT_EQ(layer_bytes(ip_record(46'000, 1'000), Layer::Ethernet, 0), 64'000U);
  EXPECT_EQ(layer_bytes(ip_record(20'000, 1'000), Layer::Ethernet, 0), 64'000U);
  EXPECT_EQ(layer_bytes(ip_record(20'000, 1'000), Layer::Wire, 0), 84'000U);
}

TEST(Layer, IpCountIsTakenAsItIsAtIp) {
  EXPECT_EQ(layer_bytes(ip_record(1'000'000, 1'000), Layer::Ip, 1), 1'000'000U);
}

TEST(Layer, FlowSampleCountsItsFrameAtEthernet) {
  EXPECT_EQ(layer_bytes(flow_sample(132, 114), Layer::Ethernet, 0), 132U);
  EXPECT_EQ(layer_bytes(flow_sample(132, 114), Layer::Ip, 0), 114U);
  EXPECT_EQ(layer_bytes(flow_sample(132, 114), Layer::Wire, 0), 152U);
}

TEST(Layer, Layer2CountIsTakenAsItIsAtEthernet) {
  EXPECT_EQ(layer_bytes(layer2_record(1'018'000, 1'000), Layer::Ethernet, 1), 1'018'000U);
}

TEST(Layer, Layer2CountWinsOverTheIpCountBesideIt) {
  FlowRecord record = layer2_record(1'020'000, 1'000);
  record.octets = 1'000'000;
  record.set(Has::Octets);
  EXPECT_EQ(layer_bytes(record, Layer::Ethernet, 0), 1'020'000U);
  EXPECT_EQ(layer_bytes(record, Layer::Ip, 0), 1'000'000U);
}

TEST(Layer, ZeroLayer2CountGivesWayToTheIpCountBesideIt) {
  FlowRecord record = ip_record(1'000'000, 1'000);
  record.set(Has::Layer2Octets);
  EXPECT_EQ(layer_bytes(record, Layer::Ethernet, 0), 1'018'000U);
}

TEST(Layer, Layer2CountAloneLosesWhatEthernetAddsAtIp) {
  EXPECT_EQ(layer_bytes(layer2_record(1'022'000, 1'000), Layer::Ip, 1), 1'000'000U);
  EXPECT_EQ(layer_bytes(layer2_record(10, 1), Layer::Ip, 0), 0U);
}

TEST(Layer, RecordWithoutPacketsKeepsItsBytes) {
  FlowRecord record;
  record.octets = 5'000;
  record.set(Has::Octets);
  EXPECT_EQ(layer_bytes(record, Layer::Wire, 1), 5'000U);
}

TEST(Layer, RunningTotalsAloneAmountToNothing) {
  FlowRecord record;
  record.total_octets = 5'000;
  record.set(Has::TotalOctets);
  EXPECT_TRUE(has_only_totals(record));
  EXPECT_EQ(layer_bytes(record, Layer::Ethernet, 0), 0U);
  record.set(Has::Octets);
  EXPECT_FALSE(has_only_totals(record));
}

TEST(Layer, SaturatesWhereTheOverheadExceeds64Bits) {
  EXPECT_EQ(layer_bytes(ip_record(UINT64_MAX, 1), Layer::Ethernet, 0), UINT64_MAX);
  EXPECT_EQ(layer_bytes(ip_record(1, UINT64_MAX), Layer::Wire, 0), UINT64_MAX);
  EXPECT_EQ(layer_bytes(layer2_record(1'000, UINT64_MAX), Layer::Ip, 0), 0U);
}

}  // namespace
}  // namespace weir::accounting
