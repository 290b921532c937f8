#include "collector/app/record_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

namespace weir::app {
namespace {

/// A table and what it wrote.
class RecordTableTest : public testing::Test {
 protected:
  [[nodiscard]] std::string written() {
    std::string text(static_cast<std::size_t>(std::ftell(file_.get())), '\0');
    std::rewind(file_.get());
    text.resize(std::fread(text.data(), 1, text.size(), file_.get()));
    return text;
  }

  static MessageContext context(const char* exporter) {
    const IpAddress address = *IpAddress::parse(exporter);
    return {.source = address,
            .agent = address,
            .protocol = Protocol::Netflow9,
            .domain = 7,
            .arrival = traffic_time_ms(1'700'000'000'000),
            .released = traffic_time_ms(1'700'000'000'000),
            .export_time = traffic_time_ms(1'700'000'000'000),
            .has_export_time = true};
  }
  static FlowRecord record(const char* source, const char* destination) {
    FlowRecord record;
    for (const Has field : {Has::SourceAddress, Has::DestinationAddress, Has::Octets, Has::Packets,
                            Has::Input, Has::Output})
      record.set(field);
    record.source = *IpAddress::parse(source);
    record.destination = *IpAddress::parse(destination);
    record.source_port = 443;
    record.destination_port = 50'000;
    record.protocol = 6;
    record.input = 5;
    record.output = 4'294'967'295;
    record.packets = 2;
    record.octets = 3'000;
    record.sampling_interval = 1'000;
    return record;
  }

  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_{std::tmpfile(), &std::fclose};
  RecordTable table_{file_.get()};
};

TEST_F(RecordTableTest, ColumnsAreAsWideAsWhatStandsInThem) {
  table_.add(context("192.0.2.1"), record("198.51.100.1", "203.0.113.10"));
  FlowRecord dropped = record("2001:db8::1", "2001:db8::2");
  dropped.forwarding = Forwarding::Dropped;
  dropped.protocol = 58;
  table_.add(context("192.0.2.1"), dropped);
  table_.flush();
  EXPECT_EQ(written(),
            "start                 exporter   protocol  domain  source            -> destination   "
            "       proto  in -> out         packets  bytes  1 in N\n"
            "2023-11-14T22:13:20Z  192.0.2.1  netflow9       7  198.51.100.1:443  -> "
            "203.0.113.10:50000   tcp     5 -> 4294967295        2   3000    1000\n"
            "2023-11-14T22:13:20Z  192.0.2.1  netflow9       7  [2001:db8::1]:443 -> "
            "[2001:db8::2]:50000  icmp6   5 -> dropped           2   3000    1000\n");
}

TEST_F(RecordTableTest, DashStandsForWhatWasNotSent) {
  table_.add(context("192.0.2.1"), FlowRecord{});
  table_.flush();
  EXPECT_EQ(
      written(),
      "start                 exporter   protocol  domain  source -> destination  proto  in -> "
      "out  packets  bytes  1 in N\n"
      "2023-11-14T22:13:20Z  192.0.2.1  netflow9       7  -      -> -            -       - -> "
      "-          -      -       ?\n");
}

TEST_F(RecordTableTest, HeadingComesAgainOnlyWhereAColumnBecameWider) {
  const auto headings = [](const std::string& text) {
    std::size_t count = 0;
    for (std::size_t at = text.find("start "); at != std::string::npos;
         at = text.find("start ", at + 1))
      ++count;
    return count;
  };
  table_.add(context("192.0.2.100"), record("198.51.100.1", "203.0.113.10"));
  table_.flush();
  table_.add(context("192.0.2.1"), record("198.51.100.1", "203.0.113.1"));
  table_.flush();
  table_.flush();
  EXPECT_EQ(headings(written()), 1U);
  std::fseek(file_.get(), 0, SEEK_END);
  table_.add(context("2001:db8::ffff"), record("198.51.100.1", "203.0.113.1"));
  table_.flush();
  EXPECT_EQ(headings(written()), 2U);
}

TEST_F(RecordTableTest, WritesByItselfWhenEnoughIsCollected) {
  for (std::size_t i = 0; i + 1 < RecordTable::kRows; ++i)
    table_.add(context("192.0.2.1"), record("198.51.100.1", "203.0.113.1"));
  EXPECT_EQ(std::ftell(file_.get()), 0);
  table_.add(context("192.0.2.1"), record("198.51.100.1", "203.0.113.1"));
  const std::string text = written();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 501);
}

}  // namespace
}  // namespace weir::app
