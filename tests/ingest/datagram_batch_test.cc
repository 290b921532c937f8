#include "collector/ingest/datagram_batch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "tests/ingest/loopback.h"
#include "tests/support/pcap_builder.h"

namespace weir::ingest {
namespace {

using test::kLoopbackV4;
using test::kLoopbackV6;
using test::octets;
using test::pattern;
using test::Sender;

const TrafficTime kArrival = traffic_time_ms(1'700'000'000'123);

UdpSocket open(const IpAddress& address) {
  auto socket = UdpSocket::open({.address = address});
  EXPECT_TRUE(socket) << socket.error().message;
  return std::move(*socket);
}

std::vector<std::byte> bytes_of(const Datagram& datagram) {
  return {datagram.payload.begin(), datagram.payload.end()};
}

TEST(DatagramBatch, IsEmptyWhenNothingWaits) {
  UdpSocket socket = open(kLoopbackV4);
  DatagramBatch batch;
  EXPECT_TRUE(batch.receive(socket, kArrival).empty());
  EXPECT_EQ(batch.failures(), 0U);
}

TEST(DatagramBatch, GivesTheWholeDatagram) {
  UdpSocket socket = open(kLoopbackV4);
  const Sender sender(kLoopbackV4, socket.local_port());
  sender.send(octets("hello"));
  DatagramBatch batch;
  const auto datagrams = batch.receive(socket, kArrival);
  ASSERT_EQ(datagrams.size(), 1U);
  EXPECT_EQ(bytes_of(datagrams[0]), octets("hello"));
  EXPECT_EQ(datagrams[0].source, kLoopbackV4);
  EXPECT_EQ(datagrams[0].source_port, sender.port());
  EXPECT_EQ(datagrams[0].destination_port, socket.local_port());
  EXPECT_EQ(datagrams[0].arrival, kArrival);
}

TEST(DatagramBatch, ReceivesIpv6) {
  UdpSocket socket = open(kLoopbackV6);
  const Sender sender(kLoopbackV6, socket.local_port());
  sender.send(octets("six"));
  DatagramBatch batch;
  const auto datagrams = batch.receive(socket, kArrival);
  ASSERT_EQ(datagrams.size(), 1U);
  EXPECT_EQ(bytes_of(datagrams[0]), octets("six"));
  EXPECT_EQ(datagrams[0].source, kLoopbackV6);
  EXPECT_EQ(datagrams[0].source_port, sender.port());
}

TEST(DatagramBatch, Ipv4OnADualStackSocketIsTheSameAddress) {
  UdpSocket socket = open(IpAddress{});
  const Sender four(kLoopbackV4, socket.local_port());
  const Sender six(kLoopbackV6, socket.local_port());
  four.send(octets("4"));
  six.send(octets("6"));
  DatagramBatch batch;
  const auto datagrams = batch.receive(socket, kArrival);
  ASSERT_EQ(datagrams.size(), 2U);
  EXPECT_EQ(datagrams[0].source, kLoopbackV4);
  EXPECT_EQ(datagrams[0].source_port, four.port());
  EXPECT_EQ(datagrams[1].source, kLoopbackV6);
  EXPECT_EQ(datagrams[1].source_port, six.port());
}

TEST(DatagramBatch, DeliversADatagramWithoutAByte) {
  UdpSocket socket = open(kLoopbackV4);
  const Sender sender(kLoopbackV4, socket.local_port());
  sender.send({});
  DatagramBatch batch;
  const auto datagrams = batch.receive(socket, kArrival);
  ASSERT_EQ(datagrams.size(), 1U);
  EXPECT_TRUE(datagrams[0].payload.empty());
  EXPECT_EQ(batch.truncated(), 0U);
}

TEST(DatagramBatch, EverySizeUpToTheLongestArrivesWhole) {
  UdpSocket socket = open(kLoopbackV4);
  const Sender sender(kLoopbackV4, socket.local_port());
  // Around the head's 2 KiB, a jumbo frame, and the longest that IPv4 carries.
  constexpr std::array<std::size_t, 10> kSizes{1,     1'472, 1'500, 2'047,  2'048,
                                               2'049, 4'097, 9'000, 65'506, 65'507};
  for (const std::size_t size : kSizes) sender.send(pattern(size));
  DatagramBatch batch;
  const auto datagrams = batch.receive(socket, kArrival);
  ASSERT_EQ(datagrams.size(), kSizes.size());
  for (std::size_t i = 0; i < kSizes.size(); ++i)
    EXPECT_EQ(bytes_of(datagrams[i]), pattern(kSizes[i])) << kSizes[i];
  EXPECT_EQ(batch.truncated(), 0U);
}

TEST(DatagramBatch, ABurstOf64ComesInOneCall) {
  UdpSocket socket = open(kLoopbackV4);
  const Sender sender(kLoopbackV4, socket.local_port());
  for (std::size_t i = 0; i < 70; ++i) sender.send(pattern(1'400 + i));
  DatagramBatch batch;
  const auto datagrams = batch.receive(socket, kArrival);
  ASSERT_EQ(datagrams.size(), 64U);
  for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(bytes_of(datagrams[i]), pattern(1'400 + i));
  EXPECT_EQ(batch.receive(socket, kArrival).size(), 6U);
}

TEST(DatagramBatch, AShortDatagramAfterALongOneInTheSamePlaceIsItself) {
  UdpSocket socket = open(kLoopbackV4);
  const Sender sender(kLoopbackV4, socket.local_port());
  DatagramBatch batch(1);
  for (const std::size_t size : std::array<std::size_t, 5>{60'000, 3, 3'000, 0, 2'048}) {
    sender.send(pattern(size));
    const auto datagrams = batch.receive(socket, kArrival);
    ASSERT_EQ(datagrams.size(), 1U);
    EXPECT_EQ(bytes_of(datagrams[0]), pattern(size)) << size;
  }
}

TEST(DatagramBatch, AddressesStayWholeWhenFamiliesAlternate) {
  UdpSocket four_socket = open(kLoopbackV4);
  UdpSocket six_socket = open(kLoopbackV6);
  const Sender four(kLoopbackV4, four_socket.local_port());
  const Sender six(kLoopbackV6, six_socket.local_port());
  DatagramBatch batch(1);
  for (int i = 0; i < 3; ++i) {
    four.send(octets("4"));
    const auto from_four = batch.receive(four_socket, kArrival);
    ASSERT_EQ(from_four.size(), 1U);
    EXPECT_EQ(from_four[0].source, kLoopbackV4);
    six.send(octets("6"));
    const auto from_six = batch.receive(six_socket, kArrival);
    ASSERT_EQ(from_six.size(), 1U);
    EXPECT_EQ(from_six[0].source, kLoopbackV6);
  }
}

TEST(DatagramBatch, DropsAndCountsWhatIsLongerThanTheBuffer) {
  UdpSocket socket = open(kLoopbackV4);
  const Sender sender(kLoopbackV4, socket.local_port());
  sender.send(pattern(3'001));
  sender.send(pattern(3'000));
  sender.send(pattern(9'000));
  sender.send(octets("short"));
  DatagramBatch batch(64, 3'000);
  const auto datagrams = batch.receive(socket, kArrival);
  ASSERT_EQ(datagrams.size(), 2U);
  EXPECT_EQ(bytes_of(datagrams[0]), pattern(3'000));
  EXPECT_EQ(bytes_of(datagrams[1]), octets("short"));
  EXPECT_EQ(batch.truncated(), 2U);
  EXPECT_EQ(batch.last_truncated(), 2U);
  EXPECT_TRUE(batch.receive(socket, kArrival).empty());
  EXPECT_EQ(batch.truncated(), 2U);
  EXPECT_EQ(batch.last_truncated(), 0U);
}

TEST(DatagramBatch, ABufferBelowTheHeadStillTruncates) {
  UdpSocket socket = open(kLoopbackV4);
  const Sender sender(kLoopbackV4, socket.local_port());
  sender.send(pattern(100));
  sender.send(pattern(101));
  DatagramBatch batch(64, 100);
  const auto datagrams = batch.receive(socket, kArrival);
  ASSERT_EQ(datagrams.size(), 1U);
  EXPECT_EQ(bytes_of(datagrams[0]), pattern(100));
  EXPECT_EQ(batch.truncated(), 1U);
}

}  // namespace
}  // namespace weir::ingest
