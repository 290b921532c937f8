#include "collector/generator/truth.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "tests/generator/play.h"

namespace weir::generator {
namespace {

constexpr TruthKey kKey{.contract = 0, .direction = Direction::ToCustomer, .family = Family::Ipv4};

std::vector<std::uint64_t> bytes_of(std::int64_t start_s, std::int64_t end_s, std::uint64_t bytes) {
  Truth truth({"C-1"});
  truth.add({.key = kKey,
             .start = traffic_time_ms(start_s * 1'000),
             .end = traffic_time_ms(end_s * 1'000),
             .volume = {.packets = 0, .ip_bytes = bytes, .ethernet_bytes = 0}},
            Arrival::Delivered);
  std::vector<std::uint64_t> shares;
  for (const Truth::Row& row : truth.rows()) shares.push_back(row.delivered.ip_bytes);
  return shares;
}

TEST(Truth, SpreadsARecordEvenlyOverItsIntervals) {
  // 12:02:00 to 12:17:00
  EXPECT_EQ(bytes_of(120, 1'020, 90'000'000),
            (std::vector<std::uint64_t>{18'000'000, 30'000'000, 30'000'000, 12'000'000}));
  EXPECT_EQ(bytes_of(298, 301, 1'000), (std::vector<std::uint64_t>{666, 334}));
  EXPECT_EQ(bytes_of(0, 300, 77), (std::vector<std::uint64_t>{77}));
}

TEST(Truth, SharesSumToTheRecord) {
  EXPECT_EQ(bytes_of(100, 1'900, 10'000'001),
            (std::vector<std::uint64_t>{1'111'111, 1'666'667, 1'666'666, 1'666'667, 1'666'667,
                                        1'666'667, 555'556}));
}

TEST(Truth, RecordWithoutDurationStandsInTheIntervalOfItsStart) {
  EXPECT_EQ(bytes_of(300, 300, 5), (std::vector<std::uint64_t>{5}));
}

TEST(Truth, KeepsLostAndCarriedApart) {
  Truth truth({"C-1"});
  const Volume volume{.packets = 1, .ip_bytes = 100, .ethernet_bytes = 118};
  const TrafficTime time = traffic_time_ms(600'000);
  truth.add({.key = kKey, .start = time, .end = time, .volume = volume}, Arrival::Lost);
  truth.carry(kKey, time, volume);
  EXPECT_EQ(truth.rows(),
            (std::vector<Truth::Row>{
                {.key = kKey, .start = time, .delivered = {}, .lost = volume, .carried = volume}}));
}

TEST(Truth, WritesIntervalsOnceInOrder) {
  const test::TemporaryFile file;
  Truth truth({"A", "B"});
  const auto add = [&](std::uint32_t contract, std::int64_t second) {
    const TrafficTime time = traffic_time_ms(second * 1'000);
    truth.add({.key = {.contract = contract, .direction = Direction::FromCustomer},
               .start = time,
               .end = time,
               .volume = {.packets = 1, .ip_bytes = 2, .ethernet_bytes = 64}},
              Arrival::Delivered);
  };
  add(1, 0);
  add(0, 300);
  add(0, 0);
  std::FILE* out = std::fopen(file.path().c_str(), "w");
  ASSERT_NE(out, nullptr);
  truth.write_before(traffic_time_ms(300'000), out);
  EXPECT_EQ(truth.rows().size(), 1U);
  truth.write_all(out);
  std::fclose(out);
  EXPECT_EQ(file.read(),
            "A,from_customer,ipv4,1970-01-01T00:00:00Z,1,2,64,0,0,0,0,0,0\n"
            "B,from_customer,ipv4,1970-01-01T00:00:00Z,1,2,64,0,0,0,0,0,0\n"
            "A,from_customer,ipv4,1970-01-01T00:05:00Z,1,2,64,0,0,0,0,0,0\n");
}

}  // namespace
}  // namespace weir::generator
