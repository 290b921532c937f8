#include "collector/ingest/live_capture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "tests/ingest/loopback.h"
#include "tests/support/pcap_builder.h"

namespace weir::ingest {
namespace {

using test::kLoopbackV4;
using test::Octets;
using test::octets;
using test::pattern;
using test::Sender;
using ::testing::HasSubstr;

/// The filter keeps other traffic of the machine out.
LiveCaptureOptions options_for(std::uint16_t port) {
  return {
      .device = "lo", .filter = "udp dst port " + std::to_string(port), .snapshot_bytes = 70'000};
}

/// Whether the process may capture; if not, the failure must say how to mend that.
bool may_capture(const Result<LiveCapture>& capture) {
  if (capture) return true;
  EXPECT_EQ(capture.error().code, ErrorCode::Permission) << capture.error().message;
  EXPECT_THAT(capture.error().message,
              HasSubstr("cannot capture on lo: this needs the capability CAP_NET_RAW"));
  return false;
}

/// Waits for the next datagram for as long as a slow machine may take.
std::optional<Datagram> wait_for_datagram(LiveCapture& capture) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < deadline) {
    auto datagram = capture.next_datagram();
    EXPECT_TRUE(datagram) << datagram.error().message;
    if (!datagram || *datagram) return datagram.value_or(std::nullopt);
    pollfd waiting{.fd = capture.fd(), .events = POLLIN, .revents = 0};
    static_cast<void>(::poll(&waiting, 1, 1'000));
  }
  return std::nullopt;
}

TEST(LiveCapture, GivesTheDatagramsThatPass) {
  auto socket = UdpSocket::open({.address = kLoopbackV4});
  ASSERT_TRUE(socket);
  auto capture = LiveCapture::open(options_for(socket->local_port()));
  if (!may_capture(capture)) return;

  const auto before = traffic_now();
  const Sender sender(kLoopbackV4, socket->local_port());
  const std::vector<Octets> payloads{octets("export"), pattern(1'464), pattern(9'000)};
  for (const Octets& payload : payloads) {
    sender.send(payload);
    const auto datagram = wait_for_datagram(*capture);
    ASSERT_TRUE(datagram);
    EXPECT_EQ(Octets(datagram->payload.begin(), datagram->payload.end()), payload);
    EXPECT_EQ(datagram->source, kLoopbackV4);
    EXPECT_EQ(datagram->source_port, sender.port());
    EXPECT_EQ(datagram->destination_port, socket->local_port());
    // The kernel stamps packets by the same clock, which may be adjusted meanwhile.
    EXPECT_GT(datagram->arrival, before - std::chrono::hours(1));
  }
  EXPECT_EQ(capture->stats(), (CaptureStats{.packets = 3, .datagrams = 3}));
  EXPECT_EQ(capture->dropped(), 0U);
}

TEST(LiveCapture, DoesNotBlockWhenNothingWaits) {
  auto socket = UdpSocket::open({.address = kLoopbackV4});
  ASSERT_TRUE(socket);
  auto capture = LiveCapture::open(options_for(socket->local_port()));
  if (!may_capture(capture)) return;
  EXPECT_FALSE(capture->next_datagram().value());
  EXPECT_FALSE(capture->next_packet().value());
  EXPECT_EQ(capture->stats(), CaptureStats{});
}

TEST(LiveCapture, GivesWholePacketsForMetering) {
  auto socket = UdpSocket::open({.address = kLoopbackV4});
  ASSERT_TRUE(socket);
  auto options = options_for(socket->local_port());
  options.snapshot_bytes = 96;
  auto capture = LiveCapture::open(options);
  if (!may_capture(capture)) return;
  const Sender sender(kLoopbackV4, socket->local_port());
  sender.send(pattern(1'000));

  std::optional<CapturedPacket> packet;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!packet && std::chrono::steady_clock::now() < deadline) {
    packet = capture->next_packet().value();
    pollfd waiting{.fd = capture->fd(), .events = POLLIN, .revents = 0};
    if (!packet) static_cast<void>(::poll(&waiting, 1, 1'000));
  }
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->bytes.size(), 96U);
  EXPECT_EQ(packet->original_length, 14U + 20U + 8U + 1'000U);
  EXPECT_EQ(packet->link_type, capture->link_type());
}

TEST(LiveCapture, SentIsReadPlusDropped) {
  constexpr std::uint64_t kSent = 2'000;
  auto socket = UdpSocket::open({.address = kLoopbackV4, .receive_buffer_bytes = 4'096});
  ASSERT_TRUE(socket);
  auto options = options_for(socket->local_port());
  options.snapshot_bytes = 2'048;
  options.buffer_bytes = 262'144;
  // The kernel meets a loopback packet twice, going out and coming in.
  options.filter += " and inbound";
  auto opened = LiveCapture::open(options);
  if (!may_capture(opened)) return;
  LiveCapture capture = std::move(*opened);
  const Sender sender(kLoopbackV4, socket->local_port());
  // libpcap filters the first packet itself, without knowing what `inbound` is.
  sender.send(octets("first"));
  static_cast<void>(capture.next_datagram());
  ASSERT_EQ(capture.dropped(), 0U);
  for (std::uint64_t i = 0; i < kSent; ++i) sender.send(pattern(1'464));

  std::uint64_t read = 0;
  while (capture.next_datagram().value()) ++read;
  EXPECT_GT(read, 0U);
  EXPECT_LT(read, kSent);
  EXPECT_EQ(read + capture.dropped(), kSent);
  EXPECT_EQ(capture.dropped(), kSent - read);
}

TEST(LiveCapture, AMissingDeviceIsASentenceThatListsTheOthers) {
  const auto capture = LiveCapture::open({.device = "weir-none0"});
  ASSERT_FALSE(capture);
  // Without the right to capture, libpcap cannot tell whether the device is there.
  if (capture.error().code == ErrorCode::Permission) return;
  EXPECT_EQ(capture.error().code, ErrorCode::NotFound);
  EXPECT_THAT(capture.error().message,
              HasSubstr("cannot capture on weir-none0: no such device; this machine has "));
  EXPECT_THAT(capture.error().message, HasSubstr("lo"));
}

TEST(LiveCapture, AWrongFilterIsASentenceWithTheMend) {
  const auto capture = LiveCapture::open({.device = "lo", .filter = "udp port banana"});
  ASSERT_FALSE(capture);
  if (capture.error().code == ErrorCode::Permission) return;
  EXPECT_EQ(capture.error().code, ErrorCode::Usage);
  EXPECT_THAT(capture.error().message, HasSubstr("capture filter \"udp port banana\" on lo is "
                                                 "wrong: "));
  EXPECT_THAT(capture.error().message, HasSubstr("`man pcap-filter`"));
}

}  // namespace
}  // namespace weir::ingest
