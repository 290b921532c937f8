#include "collector/ingest/pcap_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pcap/dlt.h>

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/pcap_builder.h"

namespace weir::ingest {
namespace {

using test::ByteOrder;
using test::Octets;
using test::octets;
using test::pattern;
using test::PcapBuilder;
using test::TemporaryFile;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::int64_t kTimeMs = 1'700'000'000'123;

/// What the file holds, until its end or the first failure.
struct Contents {
  std::vector<Octets> payloads;
  std::vector<TrafficTime> arrivals;
  CaptureStats stats;
  std::string warning;
  std::string failure;
  bool cut_short = false;
};

Contents read(const Octets& bytes) {
  const TemporaryFile file(bytes);
  auto capture = PcapFile::open(file.path());
  Contents contents;
  if (!capture) {
    contents.failure = capture.error().message;
    return contents;
  }
  for (;;) {
    const auto datagram = capture->next_datagram();
    if (!datagram) contents.failure = datagram.error().message;
    if (!datagram || !*datagram) break;
    contents.payloads.emplace_back((*datagram)->payload.begin(), (*datagram)->payload.end());
    contents.arrivals.push_back((*datagram)->arrival);
  }
  contents.stats = capture->stats();
  contents.warning = capture->warning();
  contents.cut_short = capture->cut_short();
  return contents;
}

Octets packet(std::string_view payload) { return test::ipv4(test::udp(octets(payload))); }

TEST(PcapFile, ReadsEveryFormatAndByteOrder) {
  for (const auto format : {PcapBuilder::Format::Microseconds, PcapBuilder::Format::Nanoseconds,
                            PcapBuilder::Format::Pcapng}) {
    for (const ByteOrder order : {ByteOrder::Little, ByteOrder::Big}) {
      PcapBuilder builder(1, format, order);
      builder.add(test::ethernet(packet("one")), kTimeMs)
          .add(test::ethernet(packet("two!")), kTimeMs + 1'001);
      const Contents contents = read(builder.bytes());
      EXPECT_EQ(contents.failure, "");
      EXPECT_EQ(contents.payloads, (std::vector<Octets>{octets("one"), octets("two!")}));
      EXPECT_EQ(contents.arrivals,
                (std::vector{traffic_time_ms(kTimeMs), traffic_time_ms(kTimeMs + 1'001)}));
      EXPECT_EQ(contents.stats, (CaptureStats{.packets = 2, .datagrams = 2}));
      EXPECT_FALSE(contents.cut_short);
    }
  }
}

TEST(PcapFile, ReadsEveryLinkType) {
  // LINKTYPE_ values, which are a file's; libpcap turns them into DLT_ values.
  const Octets four = packet("x");
  const std::vector<std::pair<std::uint32_t, Octets>> frames{
      {0, test::bsd_loopback(four, 2, ByteOrder::Little)},
      {1, test::ethernet(four, {{0x88a8, 7}, {0x8100, 8}})},
      {101, four},
      {108, test::bsd_loopback(four, 2, ByteOrder::Big)},
      {113, test::linux_cooked(four)},
      {228, four},
      {229, test::ipv6(test::udp(octets("x")))},
      {276, test::linux_cooked_2(four)},
  };
  for (const auto& [link_type, frame] : frames) {
    const Contents contents = read(PcapBuilder(link_type).add(frame, kTimeMs).bytes());
    EXPECT_EQ(contents.failure, "") << link_type;
    EXPECT_EQ(contents.payloads, std::vector<Octets>{octets("x")}) << link_type;
  }
}

TEST(PcapFile, AnotherLinkTypeIsASentenceWithTheMend) {
  const TemporaryFile file(PcapBuilder(105).add(Octets(40), kTimeMs).bytes());
  auto capture = PcapFile::open(file.path());
  ASSERT_TRUE(capture);
  const auto datagram = capture->next_datagram();
  ASSERT_FALSE(datagram);
  EXPECT_EQ(datagram.error().code, ErrorCode::Malformed);
  EXPECT_EQ(datagram.error().message,
            file.path() +
                " was captured on link type 105 (IEEE802_11), which is not read here; "
                "capture on Ethernet, Linux cooked or raw IP");
}

TEST(PcapFile, ReassemblesAndCountsWhatIsLeftAtTheEnd) {
  const Octets segment = test::udp(pattern(2'000));
  const auto part = [&](std::size_t offset, std::size_t bytes, bool has_more) {
    return test::ethernet(test::ipv4(std::span(segment).subspan(offset, bytes),
                                     {.offset = offset, .has_more = has_more}));
  };
  PcapBuilder builder;
  builder.add(part(1'480, segment.size() - 1'480, false), kTimeMs)
      .add(part(0, 1'480, true), kTimeMs)
      .add(part(0, 1'480, true), kTimeMs)
      .add(test::ethernet_of_type(0x0806, Octets(28)), kTimeMs);
  const Contents contents = read(builder.bytes());
  EXPECT_EQ(contents.payloads, std::vector<Octets>{pattern(2'000)});
  EXPECT_EQ(contents.stats, (CaptureStats{.packets = 4,
                                          .datagrams = 1,
                                          .datagrams_reassembled = 1,
                                          .fragments_reassembled = 2,
                                          .fragments_dropped = 1,
                                          .not_udp = 1}));
}

TEST(PcapFile, CountsPacketsCutByTheCaptureLength) {
  PcapBuilder builder;
  builder.add(test::ethernet(packet("whole")), kTimeMs)
      .add(test::ethernet(packet("cut")), kTimeMs, 43);
  const Contents contents = read(builder.bytes());
  EXPECT_EQ(contents.payloads, std::vector<Octets>{octets("whole")});
  EXPECT_EQ(contents.stats, (CaptureStats{.packets = 2, .datagrams = 1, .truncated_packets = 1}));
}

TEST(PcapFile, EveryCutOfTheFileGivesWhatIsWhole) {
  for (const auto format : {PcapBuilder::Format::Microseconds, PcapBuilder::Format::Pcapng}) {
    PcapBuilder builder(1, format);
    const std::size_t empty_bytes = builder.bytes().size();
    builder.add(test::ethernet(packet("one")), kTimeMs);
    const std::size_t one_bytes = builder.bytes().size();
    builder.add(test::ethernet(packet("two")), kTimeMs);
    const Octets& whole = builder.bytes();
    for (std::size_t length = empty_bytes; length <= whole.size(); ++length) {
      const Octets cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
      const Contents contents = read(cut);
      const bool is_clean = length == empty_bytes || length == one_bytes || length == whole.size();
      EXPECT_EQ(contents.failure, "") << length;
      EXPECT_EQ(contents.cut_short, !is_clean) << length;
      EXPECT_EQ(contents.warning.empty(), is_clean) << length;
      const std::size_t expected = length == whole.size() ? 2 : length >= one_bytes ? 1 : 0;
      EXPECT_EQ(contents.payloads.size(), expected) << length;
    }
    // Inside the file's header there is no capture yet.
    for (std::size_t length = 0; length < 24; ++length) {
      const Octets cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
      EXPECT_THAT(read(cut).failure, HasSubstr("is no capture file that can be read")) << length;
    }
  }
}

TEST(PcapFile, ACutShortFileSaysSoAndStaysAtItsEnd) {
  PcapBuilder builder;
  builder.add(test::ethernet(packet("one")), kTimeMs).add(Octets(60), kTimeMs);
  const TemporaryFile file(std::span(builder.bytes()).first(builder.bytes().size() - 10));
  auto capture = PcapFile::open(file.path());
  ASSERT_TRUE(capture);
  EXPECT_TRUE(capture->next_datagram().value());
  EXPECT_FALSE(capture->next_datagram().value());
  EXPECT_FALSE(capture->next_datagram().value());
  EXPECT_THAT(capture->warning(), StartsWith(file.path() + " ends inside a packet ("));
}

TEST(PcapFile, GarbageAfterAPacketIsAFailureThatKeepsWhatCameBefore) {
  Octets bytes = PcapBuilder().add(test::ethernet(packet("one")), kTimeMs).bytes();
  bytes.insert(bytes.end(), 64, std::byte{0xff});
  const Contents contents = read(bytes);
  EXPECT_EQ(contents.payloads, std::vector<Octets>{octets("one")});
  EXPECT_THAT(contents.failure, HasSubstr("cannot be read further"));
}

TEST(PcapFile, KeepsItsPlaceWhenMoved) {
  const TemporaryFile file(PcapBuilder()
                               .add(test::ethernet(packet("one")), kTimeMs)
                               .add(test::ethernet(packet("two")), kTimeMs)
                               .bytes());
  auto opened = PcapFile::open(file.path());
  ASSERT_TRUE(opened);
  const auto first = opened->next_datagram().value().value();
  PcapFile moved = std::move(*opened);
  EXPECT_EQ(Octets(first.payload.begin(), first.payload.end()), octets("one"));
  const auto second = moved.next_datagram().value().value();
  EXPECT_EQ(Octets(second.payload.begin(), second.payload.end()), octets("two"));
}

TEST(PcapFile, GivesPacketsAsCaptured) {
  const Octets frame = test::ethernet(packet("one"));
  const TemporaryFile file(PcapBuilder().add(frame, kTimeMs, 20).bytes());
  auto capture = PcapFile::open(file.path());
  ASSERT_TRUE(capture);
  const auto first = capture->next_packet();
  ASSERT_TRUE(first && *first);
  EXPECT_EQ(Octets((*first)->bytes.begin(), (*first)->bytes.end()),
            Octets(frame.begin(), frame.begin() + 20));
  EXPECT_EQ((*first)->original_length, frame.size());
  EXPECT_EQ((*first)->link_type, DLT_EN10MB);
  EXPECT_EQ((*first)->arrival, traffic_time_ms(kTimeMs));
  EXPECT_FALSE(capture->next_packet().value());
  EXPECT_EQ(capture->link_type(), DLT_EN10MB);
}

TEST(PcapFile, SecondsHaveNoSign) {
  // 2099-01-01: beyond 31 bits.
  constexpr std::int64_t kLate = 4'070'908'800'000;
  const Contents contents = read(PcapBuilder().add(test::ethernet(packet("late")), kLate).bytes());
  EXPECT_EQ(contents.arrivals, std::vector{traffic_time_ms(kLate)});
}

TEST(PcapFile, AMissingFileIsASentenceWithTheMend) {
  const auto capture = PcapFile::open("/nonexistent/weir.pcap");
  ASSERT_FALSE(capture);
  EXPECT_EQ(capture.error().code, ErrorCode::NotFound);
  EXPECT_EQ(capture.error().message,
            "capture file /nonexistent/weir.pcap is not there; check the path");
}

TEST(PcapFile, AFileOfAnotherKindIsASentenceWithTheMend) {
  const TemporaryFile file(octets("contracts:\n  - id: IP-000123\n"));
  const auto capture = PcapFile::open(file.path());
  ASSERT_FALSE(capture);
  EXPECT_EQ(capture.error().code, ErrorCode::Malformed);
  EXPECT_EQ(capture.error().message,
            file.path() +
                " is no capture file that can be read (unknown file format); give a "
                "pcap or pcapng file, uncompressed");
}

}  // namespace
}  // namespace weir::ingest
