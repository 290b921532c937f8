#include "collector/ingest/udp_extract.h"

#include <gtest/gtest.h>
#include <pcap/dlt.h>

#include <string>

#include "tests/support/pcap_builder.h"

namespace weir::ingest {
namespace {

using test::Ipv4Fields;
using test::Ipv6FragmentFields;
using test::Octets;
using test::octets;
using test::pattern;

const TrafficTime kArrival = traffic_time_ms(1'700'000'000'500);
const Ipv4Fields kV4Fields;
const test::Ipv6Fields kV6Fields;

/// A packet of raw IP; it was longer on the link by `cut_bytes`.
CapturedPacket captured(const Octets& bytes, std::size_t cut_bytes = 0) {
  return {.bytes = bytes,
          .original_length = static_cast<std::uint32_t>(bytes.size() + cut_bytes),
          .link_type = DLT_RAW,
          .arrival = kArrival};
}

Octets payload_of(const std::optional<Datagram>& datagram) {
  if (!datagram) return octets("<none>");
  return {datagram->payload.begin(), datagram->payload.end()};
}

Octets first(const Octets& bytes, std::size_t count) {
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count)};
}

TEST(UdpExtractor, ReadsIpv4Whole) {
  UdpExtractor extractor;
  const Octets packet =
      test::ipv4(test::udp(octets("flow"), {.source_port = 40'001, .destination_port = 6'343}));
  const auto datagram = extractor.extract(captured(packet));
  ASSERT_TRUE(datagram);
  EXPECT_EQ(payload_of(datagram), octets("flow"));
  EXPECT_EQ(datagram->source, kV4Fields.source);
  EXPECT_EQ(datagram->source_port, 40'001);
  EXPECT_EQ(datagram->destination_port, 6'343);
  EXPECT_EQ(datagram->arrival, kArrival);
  EXPECT_EQ(extractor.stats(), (CaptureStats{.packets = 1, .datagrams = 1}));
}

TEST(UdpExtractor, ReadsIpv6Whole) {
  UdpExtractor extractor;
  const Octets packet = test::ipv6(test::udp(octets("flow")));
  const auto datagram = extractor.extract(captured(packet));
  ASSERT_TRUE(datagram);
  EXPECT_EQ(payload_of(datagram), octets("flow"));
  EXPECT_EQ(datagram->source, kV6Fields.source);
  EXPECT_EQ(datagram->source_port, 50'000);
  EXPECT_EQ(datagram->destination_port, 2'055);
}

TEST(UdpExtractor, SkipsIpv4Options) {
  UdpExtractor extractor;
  EXPECT_EQ(payload_of(extractor.extract(
                captured(test::ipv4(test::udp(octets("flow")), {.option_bytes = 40})))),
            octets("flow"));
}

TEST(UdpExtractor, SkipsIpv6ExtensionHeaders) {
  UdpExtractor extractor;
  const Octets packet = test::ipv6(
      test::ipv6_extension(
          43, test::ipv6_extension(60, test::ipv6_extension(17, test::udp(octets("x"))))),
      {.next_header = 0});
  EXPECT_EQ(payload_of(extractor.extract(captured(packet))), octets("x"));
}

TEST(UdpExtractor, MeasuresTheAuthenticationHeaderInItsOwnUnit) {
  UdpExtractor extractor;
  // RFC 4302, 2.2: 24 bytes are 4 words more than two.
  Octets header(24);
  header[0] = std::byte{17};
  header[1] = std::byte{4};
  const Octets packet =
      test::ipv6(test::join({header, test::udp(octets("signed"))}), {.next_header = 51});
  EXPECT_EQ(payload_of(extractor.extract(captured(packet))), octets("signed"));
}

TEST(UdpExtractor, BoundsTheExtensionHeaders) {
  UdpExtractor extractor;
  Octets rest = test::ipv6_extension(17, test::udp(octets("x")));
  for (int i = 0; i < 100; ++i) rest = test::ipv6_extension(60, rest);
  EXPECT_FALSE(extractor.extract(captured(test::ipv6(rest, {.next_header = 60}))));
  EXPECT_EQ(extractor.stats(), (CaptureStats{.packets = 1, .malformed = 1}));
}

TEST(UdpExtractor, CutsTheFramesPaddingOff) {
  UdpExtractor extractor;
  for (const Octets& packet :
       {test::ipv4(test::udp(octets("x"))), test::ipv6(test::udp(octets("x")))})
    EXPECT_EQ(payload_of(extractor.extract(captured(test::join({packet, Octets(17)})))),
              octets("x"));
}

TEST(UdpExtractor, TheSmallerOfTheUdpAndTheIpLengthCounts) {
  UdpExtractor extractor;
  EXPECT_EQ(payload_of(extractor.extract(
                captured(test::ipv4(test::udp(octets("flow+rest"), {.length = 12}))))),
            octets("flow"));
  EXPECT_EQ(payload_of(extractor.extract(
                captured(test::ipv4(test::udp(octets("flow"), {.length = 60'000}))))),
            octets("flow"));
  EXPECT_EQ(extractor.stats(), (CaptureStats{.packets = 2, .datagrams = 2}));
}

TEST(UdpExtractor, AZeroIpLengthIsTheRestOfTheFrame) {
  UdpExtractor extractor;
  EXPECT_EQ(
      payload_of(extractor.extract(captured(test::ipv4(test::udp(octets("flow")), {.length = 0})))),
      octets("flow"));
  EXPECT_EQ(
      payload_of(extractor.extract(captured(test::ipv6(test::udp(octets("flow")), {.length = 0})))),
      octets("flow"));
}

TEST(UdpExtractor, DeliversADatagramWithoutAByte) {
  UdpExtractor extractor;
  const auto datagram = extractor.extract(captured(test::ipv4(test::udp({}))));
  ASSERT_TRUE(datagram);
  EXPECT_TRUE(datagram->payload.empty());
}

TEST(UdpExtractor, CountsOtherProtocols) {
  UdpExtractor extractor;
  EXPECT_FALSE(extractor.extract(captured(test::ipv4(Octets(20), {.protocol = 6}))));
  EXPECT_FALSE(extractor.extract(captured(test::ipv6(Octets(20), {.next_header = 6}))));
  EXPECT_FALSE(extractor.extract(captured(test::ipv6({}, {.next_header = 59}))));
  const Octets arp = test::ethernet_of_type(0x0806, Octets(28));
  EXPECT_FALSE(extractor.extract({.bytes = arp,
                                  .original_length = static_cast<std::uint32_t>(arp.size()),
                                  .link_type = DLT_EN10MB,
                                  .arrival = kArrival}));
  EXPECT_EQ(extractor.stats(), (CaptureStats{.packets = 4, .not_udp = 4}));
}

TEST(UdpExtractor, RefusesHeadersThatCannotBe) {
  UdpExtractor extractor;
  const Octets segment = test::udp(octets("flow"));
  for (const Octets& packet :
       {test::ipv4(segment, {.header_words = 4}), test::ipv4(segment, {.length = 19}),
        test::ipv4(segment, {.length = 33}), test::ipv6(segment, {.length = 13}),
        test::ipv4(test::udp(octets("flow"), {.length = 7})),
        test::ipv6(test::udp(octets("flow"), {.length = 0})), test::ipv4(Octets(7)),
        Octets(40, std::byte{0x50}), Octets{}})
    EXPECT_FALSE(extractor.extract(captured(packet)));
  EXPECT_EQ(extractor.stats(), (CaptureStats{.packets = 9, .malformed = 9}));
}

TEST(UdpExtractor, EveryCutByTheCaptureLengthIsTruncated) {
  const Octets extension = test::ipv6_extension(17, test::udp(octets("flow")));
  for (const Octets& whole :
       {test::ipv4(test::udp(octets("flow")), {.option_bytes = 8}),
        test::ipv6(extension, {.next_header = 0}),
        test::ipv6(test::ipv6_fragment(extension, {.next_header = 60}), {.next_header = 44})}) {
    UdpExtractor extractor;
    for (std::size_t length = 0; length < whole.size(); ++length) {
      const Octets cut = first(whole, length);
      EXPECT_FALSE(extractor.extract(captured(cut, whole.size() - length))) << length;
    }
    EXPECT_EQ(extractor.stats(),
              (CaptureStats{.packets = whole.size(), .truncated_packets = whole.size()}));
    EXPECT_EQ(payload_of(extractor.extract(captured(whole))), octets("flow"));
  }
}

TEST(UdpExtractor, TheSameCutsWithoutACaptureLengthAreMalformed) {
  const Octets whole = test::ipv4(test::udp(octets("flow")));
  UdpExtractor extractor;
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_FALSE(extractor.extract(captured(first(whole, length)))) << length;
  EXPECT_EQ(extractor.stats(), (CaptureStats{.packets = whole.size(), .malformed = whole.size()}));
}

TEST(UdpExtractor, APacketCutInItsPaddingAloneIsWhole) {
  UdpExtractor extractor;
  EXPECT_EQ(payload_of(extractor.extract(captured(test::ipv4(test::udp(octets("flow"))), 14))),
            octets("flow"));
  EXPECT_EQ(extractor.stats(), (CaptureStats{.packets = 1, .datagrams = 1}));
}

TEST(UdpExtractor, ReassemblesIpv4OutOfOrder) {
  UdpExtractor extractor;
  const Octets segment = test::udp(pattern(4'000));
  const auto part = [&](std::size_t offset, std::size_t bytes, bool has_more) {
    return test::ipv4(std::span(segment).subspan(offset, bytes),
                      {.offset = offset, .has_more = has_more});
  };
  EXPECT_FALSE(extractor.extract(captured(part(2'960, 1'048, false))));
  EXPECT_FALSE(extractor.extract(captured(part(0, 1'480, true))));
  const Octets completing = part(1'480, 1'480, true);
  const auto datagram = extractor.extract(captured(completing));
  EXPECT_EQ(payload_of(datagram), pattern(4'000));
  EXPECT_EQ(datagram.value().source, kV4Fields.source);
  EXPECT_EQ(datagram->source_port, 50'000);
  EXPECT_EQ(
      extractor.stats(),
      (CaptureStats{
          .packets = 3, .datagrams = 1, .datagrams_reassembled = 1, .fragments_reassembled = 3}));
}

TEST(UdpExtractor, ReassemblesIpv6BehindExtensionHeaders) {
  UdpExtractor extractor;
  const Octets whole = test::ipv6_extension(17, test::udp(pattern(3'000)));
  const auto part = [&](std::size_t offset, std::size_t bytes, bool has_more) {
    return test::ipv6(
        test::ipv6_extension(
            44, test::ipv6_fragment(std::span(whole).subspan(offset, bytes),
                                    {.next_header = 60, .offset = offset, .has_more = has_more})),
        {.next_header = 0});
  };
  EXPECT_FALSE(extractor.extract(captured(part(0, 1'448, true))));
  EXPECT_FALSE(extractor.extract(captured(part(1'448, 1'448, true))));
  EXPECT_EQ(payload_of(extractor.extract(captured(part(2'896, whole.size() - 2'896, false)))),
            pattern(3'000));
  EXPECT_EQ(
      extractor.stats(),
      (CaptureStats{
          .packets = 3, .datagrams = 1, .datagrams_reassembled = 1, .fragments_reassembled = 3}));
}

TEST(UdpExtractor, AnAtomicFragmentIsWhole) {
  UdpExtractor extractor;
  const Octets packet =
      test::ipv6(test::ipv6_fragment(test::udp(octets("flow")), {}), {.next_header = 44});
  EXPECT_EQ(payload_of(extractor.extract(captured(packet))), octets("flow"));
  EXPECT_EQ(extractor.stats(), (CaptureStats{.packets = 1, .datagrams = 1}));
}

TEST(UdpExtractor, AFragmentInsideAReassembledPacketIsRefused) {
  UdpExtractor extractor;
  // The reassembled payload is again a fragment that waits for others.
  const Octets inner = test::ipv6_extension(
      44, test::ipv6_fragment(Octets(80), {.next_header = 17, .has_more = true}));
  const auto part = [&](std::size_t offset, std::size_t bytes, bool has_more) {
    return test::ipv6(
        test::ipv6_fragment(std::span(inner).subspan(offset, bytes),
                            {.next_header = 60, .offset = offset, .has_more = has_more}),
        {.next_header = 44});
  };
  EXPECT_FALSE(extractor.extract(captured(part(0, 48, true))));
  EXPECT_FALSE(extractor.extract(captured(part(48, inner.size() - 48, false))));
  EXPECT_EQ(extractor.stats(), (CaptureStats{.packets = 2, .fragments_dropped = 2}));
}

TEST(UdpExtractor, AFragmentCutByTheCaptureLengthIsTruncated) {
  UdpExtractor extractor;
  const Octets part = test::ipv4(Octets(1'480), {.offset = 0, .has_more = true});
  EXPECT_FALSE(extractor.extract(captured(first(part, 128), part.size() - 128)));
  EXPECT_EQ(extractor.stats(), (CaptureStats{.packets = 1, .truncated_packets = 1}));
}

TEST(UdpExtractor, FragmentsOfOtherProtocolsAreNotKept) {
  UdpExtractor extractor;
  EXPECT_FALSE(extractor.extract(
      captured(test::ipv4(Octets(80), {.protocol = 6, .offset = 0, .has_more = true}))));
  EXPECT_FALSE(extractor.extract(
      captured(test::ipv6(test::ipv6_fragment(Octets(80), {.next_header = 6, .has_more = true}),
                          {.next_header = 44}))));
  extractor.finish();
  EXPECT_EQ(extractor.stats(), (CaptureStats{.packets = 2, .not_udp = 2}));
}

TEST(UdpExtractor, CountsFragmentsThatNeverBecomeADatagram) {
  UdpExtractor extractor;
  EXPECT_FALSE(
      extractor.extract(captured(test::ipv4(Octets(80), {.offset = 0, .has_more = true}))));
  EXPECT_FALSE(
      extractor.extract(captured(test::ipv4(Octets(80), {.offset = 160, .has_more = true}))));
  EXPECT_EQ(extractor.stats(), (CaptureStats{.packets = 2}));
  extractor.finish();
  EXPECT_EQ(extractor.stats(), (CaptureStats{.packets = 2, .fragments_dropped = 2}));
}

TEST(UdpExtractor, TheSameIdentificationFromAnotherSourceIsAnotherDatagram) {
  UdpExtractor extractor;
  const Octets segment = test::udp(pattern(152));
  EXPECT_FALSE(extractor.extract(
      captured(test::ipv4(std::span(segment).first(80), {.offset = 0, .has_more = true}))));
  EXPECT_FALSE(extractor.extract(captured(test::ipv4(
      std::span(segment).subspan(80), {.source = IpAddress::v4(0xc000'0263), .offset = 80}))));
  EXPECT_EQ(payload_of(extractor.extract(
                captured(test::ipv4(std::span(segment).subspan(80), {.offset = 80})))),
            pattern(152));
}

}  // namespace
}  // namespace weir::ingest
