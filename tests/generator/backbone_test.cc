#include "collector/generator/backbone.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "collector/generator/profile.h"
#include "tests/generator/play.h"

namespace weir::generator {
namespace {

using namespace std::chrono_literals;
using test::kStart;
using test::number_at;
using test::play;
using test::Played;
using test::SmallScenario;

constexpr std::string_view kProtocols[] = {"netflow5", "netflow9", "ipfix", "sflow5"};

TEST(Backbone, SameSeedGivesTheSameBytes) {
  for (const std::string_view protocol : kProtocols) {
    const SmallScenario small{.protocol = std::string{protocol},
                              .exporter_keys = ", sampling: 10, loss: 5%, reorder: 5%"};
    const Played one = play(small, 60s);
    const Played other = play(small, 60s);
    ASSERT_EQ(one.emissions.size(), other.emissions.size());
    for (std::size_t i = 0; i < one.emissions.size(); ++i) {
      EXPECT_EQ(one.emissions[i].payload, other.emissions[i].payload);
      EXPECT_EQ(one.emissions[i].time, other.emissions[i].time);
    }
    EXPECT_EQ(one.rows, other.rows);
    Scenario changed = test::load(small.text());
    changed.seed = 8;
    EXPECT_NE(play(changed, 60s).rows, one.rows);
  }
}

TEST(Backbone, UnsampledExportReportsWhatTheWireCarried) {
  for (const std::string_view protocol : kProtocols) {
    const Played played =
        play({.protocol = std::string{protocol}, .traffic_keys = "peak: 1M, packet_mix: fixed 800"},
             400s);
    for (const Direction direction : {Direction::FromCustomer, Direction::ToCustomer}) {
      const Volume carried = played.sum(&Truth::Row::carried, direction);
      EXPECT_EQ(played.sum(&Truth::Row::delivered, direction), carried) << protocol;
      EXPECT_EQ(carried.ethernet_bytes, carried.ip_bytes + 18 * carried.packets);
    }
    EXPECT_EQ(played.sum(&Truth::Row::lost), Volume{});
  }
}

TEST(Backbone, CarriesTheNominalRate) {
  const Played played = play({.traffic_keys = "peak: 100M, from_share: 30%"}, 300s);
  const double to =
      static_cast<double>(played.sum(&Truth::Row::carried, Direction::ToCustomer).ip_bytes);
  const double from =
      static_cast<double>(played.sum(&Truth::Row::carried, Direction::FromCustomer).ip_bytes);
  EXPECT_NEAR(to, 100e6 / 8 * 300, 10'000);
  EXPECT_NEAR(from, 30e6 / 8 * 300, 10'000);
}

TEST(Backbone, FollowsTheProfileOfTheLocalHour) {
  // 22:15 UTC is 07:15 in Tokyo, before office hours, and 14:15 at UTC-8.
  const auto rate = [](const char* offset) {
    SmallScenario small{.exporter_keys = std::string(", utc_offset: \"") + offset + "\"",
                        .traffic_keys = "peak: 100M"};
    std::string text = small.text();
    text.replace(text.find("profile: constant"), 17, "profile: corporate");
    const Played played = play(test::load(text), 60s);
    return static_cast<double>(played.sum(&Truth::Row::carried, Direction::ToCustomer).ip_bytes) *
           8 / 60;
  };
  // Within three deviations of the noise.
  EXPECT_NEAR(rate("+09:00") / 100e6,
              profile_level(Profile::Corporate, {.hour = 7.25, .is_day_off = false}), 0.06);
  EXPECT_NEAR(rate("-08:00") / 100e6,
              profile_level(Profile::Corporate, {.hour = 14.25, .is_day_off = false}), 0.18);
}

TEST(Backbone, SampledExportEstimatesWhatTheWireCarried) {
  for (const std::string_view protocol : kProtocols) {
    const Played played = play({.protocol = std::string{protocol},
                                .exporter_keys = ", sampling: 100",
                                .traffic_keys = "peak: 400M, packet_mix: fixed 1000"},
                               120s);
    const auto carried = static_cast<double>(played.sum(&Truth::Row::carried).packets);
    const Volume delivered = played.sum(&Truth::Row::delivered);
    EXPECT_EQ(delivered.packets % 100, 0U);
    EXPECT_EQ(delivered.ip_bytes, delivered.packets * 1'000);
    // Four deviations of sampling one packet in a hundred.
    const double deviation = std::sqrt(carried * 99);
    EXPECT_NEAR(static_cast<double>(delivered.packets), carried, 4 * deviation) << protocol;
  }
}

TEST(Backbone, ExportsWithinSecondsAndThenSteadily) {
  const Played played =
      play({.protocol = "netflow5", .traffic_keys = "peak: 20M, from_share: 100%"}, 120s);
  std::set<std::int64_t> seconds;
  for (const Emission& emission : played.emissions) {
    EXPECT_EQ(since_epoch_ms(emission.time) % 1'000, 0);
    seconds.insert((emission.time - kStart) / 1s);
  }
  ASSERT_FALSE(seconds.empty());
  EXPECT_LE(*seconds.begin(), 20);
  std::int64_t before = 0;
  for (const std::int64_t second : seconds) {
    EXPECT_LE(second - before, 40);
    before = second;
  }
}

TEST(Backbone, TagsCountWhereTheRouterMeters) {
  const Played played = play({.traffic_keys = "peak: 4M, packet_mix: fixed 800",
                              .customer_port = "role: customer, tagged: true"},
                             60s);
  const Volume from = played.sum(&Truth::Row::delivered, Direction::FromCustomer);
  const Volume to = played.sum(&Truth::Row::delivered, Direction::ToCustomer);
  EXPECT_EQ(from.ethernet_bytes, from.ip_bytes + 22 * from.packets);
  EXPECT_EQ(to.ethernet_bytes, to.ip_bytes + 18 * to.packets);
}

TEST(Backbone, LossLeavesGapsInTheSequence) {
  const Played played = play({.protocol = "netflow5", .exporter_keys = ", loss: 20%"}, 600s);
  std::uint32_t expected = 0;
  std::uint32_t missing = 0;
  for (const Emission& emission : played.emissions) {
    const std::uint32_t sequence = number_at(emission.payload, 16, 4);
    EXPECT_GE(sequence, expected);
    missing += sequence - expected;
    expected = sequence + number_at(emission.payload, 2, 2);
  }
  EXPECT_GT(missing, 0U);
  EXPECT_GT(played.sum(&Truth::Row::lost).packets, 0U);
  Volume all = played.sum(&Truth::Row::delivered);
  all += played.sum(&Truth::Row::lost);
  EXPECT_EQ(all.packets, played.sum(&Truth::Row::carried).packets);
}

TEST(Backbone, ReorderingLosesNothing) {
  const SmallScenario calm{.protocol = "ipfix", .exporter_keys = ", announce: none"};
  SmallScenario stormy = calm;
  stormy.exporter_keys += ", reorder: 30%";
  const Played straight = play(calm, 600s);
  const Played reordered = play(stormy, 600s);
  EXPECT_EQ(reordered.rows, straight.rows);
  const auto sequences = [](const Played& played) {
    std::vector<std::uint32_t> found;
    for (const Emission& emission : played.emissions)
      found.push_back(number_at(emission.payload, 8, 4));
    return found;
  };
  auto numbers = sequences(reordered);
  EXPECT_FALSE(std::is_sorted(numbers.begin(), numbers.end()));
  std::sort(numbers.begin(), numbers.end());
  EXPECT_EQ(numbers, sequences(straight));
}

TEST(Backbone, DuplicatesAreTheSameDatagramTwice) {
  const SmallScenario calm{.protocol = "netflow9"};
  SmallScenario doubled = calm;
  doubled.exporter_keys = ", duplicate: 100%";
  const Played straight = play(calm, 300s);
  const Played twice = play(doubled, 300s);
  EXPECT_EQ(twice.rows, straight.rows) << "counted once";
  std::map<std::vector<std::byte>, int> copies;
  for (const Emission& emission : twice.emissions) ++copies[emission.payload];
  for (const Emission& emission : straight.emissions) {
    const bool has_data = number_at(emission.payload, 20, 2) > 255;
    EXPECT_EQ(copies[emission.payload], has_data ? 2 : 1);
  }
}

TEST(Backbone, RestartBeginsSequenceAndUptimeAnewAndForgetsTheCache) {
  const Played played = play({.protocol = "netflow9", .exporter_keys = ", restart_at: 100s"}, 200s);
  std::uint32_t uptime = 0;
  bool has_restarted = false;
  for (const Emission& emission : played.emissions) {
    const std::uint32_t now = number_at(emission.payload, 4, 4);
    if (now < uptime) {
      EXPECT_FALSE(has_restarted);
      has_restarted = true;
      EXPECT_EQ(emission.time, kStart + 100s);
      EXPECT_EQ(now, 0U);
      EXPECT_EQ(number_at(emission.payload, 12, 4), 0U);
      EXPECT_EQ(number_at(emission.payload, 20, 2), 0U) << "templates come first";
    }
    uptime = now;
  }
  EXPECT_TRUE(has_restarted);
  EXPECT_GT(played.sum(&Truth::Row::lost).packets, 0U);
}

TEST(Backbone, AnnouncesAgainAfterTheTemplateRefresh) {
  const Played played =
      play({.protocol = "ipfix", .exporter_keys = ", template_refresh: 20s"}, 60s);
  std::vector<std::int64_t> seconds;
  for (const Emission& emission : played.emissions)
    if (number_at(emission.payload, 16, 2) == 2) seconds.push_back((emission.time - kStart) / 1s);
  EXPECT_EQ(seconds, (std::vector<std::int64_t>{0, 20, 40}));
}

TEST(Backbone, SflowCountersMatchTheTraffic) {
  // Interface 10 is second, so it reads its counters 19, 39, ... seconds after the start.
  const Played played = play({.protocol = "sflow5",
                              .exporter_keys = ", sampling: 1000",
                              .traffic_keys = "peak: 8M, packet_mix: fixed 982"},
                             41s);
  std::vector<std::uint32_t> octets;
  for (const Emission& emission : played.emissions) {
    const auto& payload = emission.payload;
    if (number_at(payload, 28, 4) != 2 || number_at(payload, 40, 4) != 10) continue;
    octets.push_back(number_at(payload, 84, 4));
  }
  // 30 % of 8 Mbps in packets of 982 bytes, 1000 on Ethernet.
  ASSERT_EQ(octets.size(), 2U);
  EXPECT_NEAR(octets[0], 0.3e6 / 982 * 1'000 * 19, 1'001);
  EXPECT_NEAR(octets[1], 0.3e6 / 982 * 1'000 * 39, 1'001);
}

}  // namespace
}  // namespace weir::generator
