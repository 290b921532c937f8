#include "collector/generator/pcap_writer.h"

#include <gtest/gtest.h>

#include "tests/generator/play.h"

namespace weir::generator {
namespace {

using test::from_hex;

std::vector<std::byte> bytes_of(const std::string& text) {
  std::vector<std::byte> bytes;
  for (const char c : text) bytes.push_back(static_cast<std::byte>(c));
  return bytes;
}

TEST(PcapWriter, WritesAnEthernetFrameWithItsTime) {
  const test::TemporaryFile file;
  auto writer = PcapWriter::create(file.path());
  ASSERT_TRUE(writer);
  const auto payload = from_hex("0102");
  writer->write({.source = IpAddress::v4(0x7f01'0001),
                 .destination = IpAddress::v4(0x7f00'0001),
                 .source_port = 49'152,
                 .destination_port = 2'055,
                 .time = traffic_time_ms(1'500),
                 .payload = payload});
  ASSERT_TRUE(writer->close());
  EXPECT_EQ(bytes_of(file.read()), from_hex("d4c3b2a1 0200 0400 00000000 00000000 ffff0000 01000000"
                                            "01000000 20a10700 2c000000 2c000000"
                                            "020000000001 020000000002 0800"
                                            "45 00 001e 0000 0000 40 11 7ccc 7f010001 7f000001"
                                            "c000 0807 000a 0000 0102"));
}

TEST(PcapWriter, ChecksumsIpv6Datagrams) {
  const test::TemporaryFile file;
  auto writer = PcapWriter::create(file.path());
  ASSERT_TRUE(writer);
  const auto payload = from_hex("01");
  writer->write({.source = IpAddress::v6(0, 1),
                 .destination = IpAddress::v6(0, 1),
                 .source_port = 1,
                 .destination_port = 2,
                 .time = traffic_time_ms(0),
                 .payload = payload});
  ASSERT_TRUE(writer->close());
  const auto bytes = bytes_of(file.read());
  // 1 + 1 + 9 + 17 of the pseudo header, 1 + 2 + 9 of the header, 0x0100 of the payload.
  EXPECT_EQ(test::number_at(bytes, 24 + 16 + 14 + 40 + 6, 2), 0xfffFU - (0x100U + 40U));
}

TEST(PcapWriter, NamesAPathThatCannotBeWritten) {
  const auto writer = PcapWriter::create("/nonexistent/x.pcap");
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().message,
            "cannot write /nonexistent/x.pcap: No such file or directory; choose a path that can "
            "be written");
}

}  // namespace
}  // namespace weir::generator
