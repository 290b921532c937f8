#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <random>

#include "collector/accounting/error.h"
#include "collector/accounting/scale.h"

namespace weir::accounting {
namespace {

/// Half of the packets are short, half are long, by turns: the truth is known exactly.
constexpr std::uint64_t kPackets = 80'000;
constexpr std::uint64_t kShort = 64;
constexpr std::uint64_t kLong = 1'500;
constexpr std::uint64_t kTruth = kPackets / 2 * (kShort + kLong);
constexpr std::uint32_t kInterval = 200;
constexpr int kTrials = 4'000;

std::uint64_t length_of(std::uint64_t packet) { return packet % 2 == 0 ? kShort : kLong; }

/// Hands the packets to `take` that a router picks when it picks each with chance 1 in
/// kInterval: the gaps between them are geometric.
template <class Take>
void sample(std::mt19937_64& random, Take&& take) {
  std::geometric_distribution<std::uint64_t> gap(1.0 / kInterval);
  for (std::uint64_t packet = gap(random); packet < kPackets; packet += 1 + gap(random))
    take(length_of(packet));
}

/// True if the truth lies within `half_width` of `estimate`.
bool covers(std::uint64_t estimate, std::uint64_t half_width) {
  const std::uint64_t distance = estimate > kTruth ? estimate - kTruth : kTruth - estimate;
  return distance <= half_width;
}

/// Share of trials in percent.
double percent(int trials) { return 100.0 * trials / kTrials; }

// Domain requirement 16.
TEST(Coverage, IntervalOfPacketSamplesHoldsTheTruthNinetyFiveTimesInAHundred) {
  std::mt19937_64 random(20'120'930);
  int byte_interval = 0;
  int packet_interval = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::uint64_t bytes = 0;
    std::uint64_t samples = 0;
    WideVariance variance = 0;
    sample(random, [&](std::uint64_t length) {
      const auto amount = scale({.bytes = length, .packets = 1, .is_single_packet = true},
                                SamplingInterval{kInterval});
      ASSERT_TRUE(amount);
      bytes += amount->bytes;
      variance += amount->variance;
      ++samples;
    });
    if (covers(bytes, half_width_95(variance))) ++byte_interval;
    // The rule of packet counts, 196 % times the root of 1 / c, applied to bytes.
    const double packet_rule = static_cast<double>(bytes) * 1.96 / std::sqrt(samples);
    if (covers(bytes, static_cast<std::uint64_t>(packet_rule))) ++packet_interval;
  }
  EXPECT_GE(percent(byte_interval), 93.0);
  EXPECT_LE(percent(byte_interval), 97.0);
  // Packets of two lengths scatter more than their number does.
  EXPECT_LT(percent(packet_interval), 93.0);
}

TEST(Coverage, IntervalOfSampledFlowRecordsIsNeverTooNarrow) {
  std::mt19937_64 random(20'120'930);
  int covered = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::uint64_t bytes = 0;
    WideVariance variance = 0;
    Unscaled flow;
    const auto export_flow = [&] {
      const auto amount = scale(flow, SamplingInterval{kInterval});
      ASSERT_TRUE(amount);
      bytes += amount->bytes;
      variance += amount->variance;
      flow = {};
    };
    // A record of each eight sampled packets: their own lengths are gone.
    sample(random, [&](std::uint64_t length) {
      flow.bytes += length;
      if (++flow.packets == 8) export_flow();
    });
    if (flow.packets != 0) export_flow();
    if (covers(bytes, half_width_95(variance))) ++covered;
  }
  EXPECT_GE(percent(covered), 95.0);
}

}  // namespace
}  // namespace weir::accounting
