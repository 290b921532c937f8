#include "collector/ingest/udp_socket.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <thread>
#include <utility>

#include "tests/ingest/loopback.h"
#include "tests/support/pcap_builder.h"

namespace weir::ingest {
namespace {

using test::kLoopbackV4;
using test::kLoopbackV6;
using test::pattern;
using ::testing::HasSubstr;

TEST(UdpSocket, TakesAFreePortWhenAskedForNone) {
  const auto socket = UdpSocket::open({.address = kLoopbackV4});
  ASSERT_TRUE(socket) << socket.error().message;
  EXPECT_NE(socket->local_port(), 0);
  EXPECT_EQ(socket->local_address(), kLoopbackV4);
}

TEST(UdpSocket, KnowsItsIpv6Address) {
  const auto socket = UdpSocket::open({.address = kLoopbackV6});
  ASSERT_TRUE(socket) << socket.error().message;
  EXPECT_EQ(socket->local_address(), kLoopbackV6);
}

TEST(UdpSocket, IsNotInheritedAndDoesNotBlock) {
  const auto socket = UdpSocket::open({.address = kLoopbackV4});
  ASSERT_TRUE(socket);
  EXPECT_NE(::fcntl(socket->fd(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(::fcntl(socket->fd(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(UdpSocket, ReportsTheBufferAsTheKernelGrantsIt) {
  const auto socket = UdpSocket::open({.address = kLoopbackV4, .receive_buffer_bytes = 65'536});
  ASSERT_TRUE(socket);
  EXPECT_EQ(socket->requested_buffer_bytes(), 65'536U);
  EXPECT_EQ(socket->granted_buffer_bytes(), 131'072U);
}

TEST(UdpSocket, LeavesTheDefaultBufferWhenNoneIsAsked) {
  const auto socket = UdpSocket::open({.address = kLoopbackV4, .receive_buffer_bytes = 0});
  ASSERT_TRUE(socket);
  EXPECT_EQ(socket->requested_buffer_bytes(), 0U);
  EXPECT_GT(socket->granted_buffer_bytes(), 0U);
}

TEST(UdpSocket, SharesItsPortWithItsKind) {
  const auto first = UdpSocket::open({.address = kLoopbackV4});
  ASSERT_TRUE(first);
  const auto second = UdpSocket::open({.address = kLoopbackV4, .port = first->local_port()});
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->local_port(), first->local_port());
}

TEST(UdpSocket, ExclusiveOneIsRefusedWhereAnotherListens) {
  const auto first = UdpSocket::open({.address = kLoopbackV4});
  ASSERT_TRUE(first);
  const auto second = UdpSocket::open(
      {.address = kLoopbackV4, .port = first->local_port(), .sharing = PortSharing::Exclusive});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::Unavailable);
  EXPECT_EQ(second.error().message,
            "cannot listen on udp 127.0.0.1:" + std::to_string(first->local_port()) +
                ": another program listens there; stop it (`ss -ulpn` names it) or choose "
                "another port");
}

TEST(UdpSocket, ForeignAddressIsASentenceWithTheMend) {
  // 192.0.2.0/24 is for documentation (RFC 5737): no machine has it.
  const auto socket = UdpSocket::open({.address = IpAddress::v4(0xc000'0201), .port = 2'055});
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().code, ErrorCode::Unavailable);
  EXPECT_EQ(socket.error().message,
            "cannot listen on udp 192.0.2.1:2055: no interface of this machine has that address "
            "(`ip address` lists them); 0.0.0.0 listens on all");
}

TEST(UdpSocket, Ipv6EndpointIsNamedInBrackets) {
  const auto address = IpAddress::parse("2001:db8::1");
  ASSERT_TRUE(address);
  const auto socket = UdpSocket::open({.address = *address, .port = 2'055});
  ASSERT_FALSE(socket);
  EXPECT_THAT(socket.error().message, HasSubstr("udp [2001:db8::1]:2055"));
}

TEST(UdpSocket, SentIsReceivedPlusDroppedExactly) {
  constexpr std::size_t kSent = 5'000;
  auto socket = UdpSocket::open({.address = kLoopbackV4, .receive_buffer_bytes = 65'536});
  ASSERT_TRUE(socket);
  EXPECT_EQ(socket->dropped(), 0U);
  const test::Sender sender(kLoopbackV4, socket->local_port());
  for (std::size_t i = 0; i < kSent; ++i) sender.send(pattern(1'464));

  DatagramBatch batch;
  const std::size_t received = test::drain(batch, *socket).size();
  EXPECT_GT(received, 0U);
  EXPECT_LT(received, kSent);
  EXPECT_EQ(received + socket->dropped(), kSent);
  EXPECT_EQ(socket->dropped(), kSent - received) << "a second reading counts nothing twice";
}

TEST(UdpSocket, DropsAreExactWhoeverAsksMeanwhile) {
  constexpr std::size_t kSent = 3'000;
  auto socket = UdpSocket::open({.address = kLoopbackV4, .receive_buffer_bytes = 65'536});
  ASSERT_TRUE(socket);
  std::atomic<bool> has_ended{false};
  const auto ask = [&] {
    std::uint64_t latest = 0;
    while (!has_ended) {
      const std::uint64_t now = socket->dropped();
      EXPECT_GE(now, latest);
      latest = now;
    }
  };
  std::thread one(ask);
  std::thread two(ask);
  const test::Sender sender(kLoopbackV4, socket->local_port());
  DatagramBatch batch;
  std::size_t received = 0;
  for (std::size_t i = 0; i < kSent; ++i) {
    sender.send(pattern(1'464));
    if (i % 500 == 0) received += test::drain(batch, *socket).size();
  }
  received += test::drain(batch, *socket).size();
  has_ended = true;
  one.join();
  two.join();
  EXPECT_EQ(received + socket->dropped(), kSent);
}

TEST(UdpSocket, EachSocketCountsItsOwnDrops) {
  auto full = UdpSocket::open({.address = kLoopbackV4, .receive_buffer_bytes = 4'096});
  auto empty = UdpSocket::open({.address = kLoopbackV4, .receive_buffer_bytes = 4'096});
  ASSERT_TRUE(full && empty);
  const test::Sender sender(kLoopbackV4, full->local_port());
  for (int i = 0; i < 200; ++i) sender.send(pattern(1'464));
  EXPECT_GT(full->dropped(), 0U);
  EXPECT_EQ(empty->dropped(), 0U);
}

TEST(UdpSocket, KeepsItsDropsWhenMoved) {
  auto opened = UdpSocket::open({.address = kLoopbackV6, .receive_buffer_bytes = 4'096});
  ASSERT_TRUE(opened);
  const test::Sender sender(kLoopbackV6, opened->local_port());
  for (int i = 0; i < 200; ++i) sender.send(pattern(1'464));
  const std::uint64_t dropped = opened->dropped();
  EXPECT_GT(dropped, 0U);
  UdpSocket moved = std::move(*opened);
  EXPECT_EQ(moved.dropped(), dropped);
}

}  // namespace
}  // namespace weir::ingest
