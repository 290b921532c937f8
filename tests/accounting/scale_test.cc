#include "collector/accounting/scale.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "collector/accounting/error.h"

namespace weir::accounting {
namespace {

using ::testing::Optional;

FlowRecord announced(std::uint32_t interval) {
  FlowRecord record;
  record.sampling_interval = interval;
  return record;
}

TEST(Sampling, ForcedIntervalWinsOverTheAnnouncedOne) {
  EXPECT_EQ(resolve_sampling(announced(1'000), {.default_interval = 10, .force_interval = 2'000}),
            SamplingInterval{2'000});
}

TEST(Sampling, AnnouncedIntervalWinsOverTheDefault) {
  EXPECT_EQ(resolve_sampling(announced(1'000), {.default_interval = 10, .force_interval = 0}),
            SamplingInterval{1'000});
}

TEST(Sampling, DefaultStandsWhereTheExporterIsSilent) {
  EXPECT_EQ(resolve_sampling(announced(0), {.default_interval = 10, .force_interval = 0}),
            SamplingInterval{10});
}

TEST(Sampling, IsUnknownWhenNobodySaysIt) {
  EXPECT_EQ(resolve_sampling(announced(0), {}), kUnknownSampling);
}

TEST(Scale, MultipliesBytesAndPacketsByTheInterval) {
  // 800 B sampled one in a thousand, N (N-1) b^2 = 1000 * 999 * 640000.
  EXPECT_THAT(
      scale({.bytes = 800, .packets = 1, .is_single_packet = true}, SamplingInterval{1'000}),
      Optional(Amount{800'000, 1'000, 639'360'000'000}));
}

TEST(Scale, UnsampledBytesHaveNoVariance) {
  EXPECT_THAT(scale({.bytes = 15'000, .packets = 10}, SamplingInterval{1}),
              Optional(Amount{15'000, 10, 0}));
}

TEST(Scale, FlowRecordOfSeveralPacketsTakesTheUpperBound) {
  // N (N-1) * 1500 * 2560
  EXPECT_THAT(scale({.bytes = 2'560, .packets = 40}, SamplingInterval{1'000}),
              Optional(Amount{2'560'000, 40'000, 3'836'160'000'000}));
}

TEST(Scale, FlowRecordOfOnePacketIsKnownExactly) {
  EXPECT_THAT(scale({.bytes = 100, .packets = 1}, SamplingInterval{10}),
              Optional(Amount{1'000, 10, 900'000}));
}

TEST(Scale, RecordWithoutPacketsTakesTheUpperBound) {
  EXPECT_THAT(scale({.bytes = 100, .packets = 0}, SamplingInterval{10}),
              Optional(Amount{1'000, 0, 90 * 1'500 * 100}));
}

TEST(Scale, PacketsLongerThanTheLargestCountWithTheirMeanLength) {
  // Two packets of 9000 B: 90 * 9000 * 18000.
  EXPECT_THAT(scale({.bytes = 18'000, .packets = 2}, SamplingInterval{10}),
              Optional(Amount{180'000, 20, 14'580'000'000}));
}

TEST(Scale, VarianceSaturates) {
  EXPECT_THAT(scale({.bytes = 1ULL << 40, .packets = 1U << 20}, SamplingInterval{8'192}),
              Optional(Amount{1ULL << 53, 1ULL << 33, UINT64_MAX}));
}

TEST(Scale, RefusesBytesBeyond64Bits) {
  EXPECT_EQ(scale({.bytes = 1ULL << 60, .packets = 1}, SamplingInterval{16}), std::nullopt);
}

TEST(Scale, RefusesPacketsBeyond64Bits) {
  EXPECT_EQ(scale({.bytes = 1, .packets = 1ULL << 60}, SamplingInterval{16}), std::nullopt);
}

TEST(Scale, LargestPossibleAmountPasses) {
  EXPECT_THAT(scale({.bytes = UINT64_MAX, .packets = UINT64_MAX}, SamplingInterval{1}),
              Optional(Amount{UINT64_MAX, UINT64_MAX, 0}));
}

/// Sum of a sampled class: estimate and the half width of its interval.
struct Estimate {
  std::uint64_t bytes = 0;
  WideVariance variance = 0;

  void add(const Unscaled& counted, std::uint32_t interval, int times) {
    const auto amount = scale(counted, SamplingInterval{interval});
    ASSERT_TRUE(amount);
    for (int i = 0; i < times; ++i) {
      bytes += amount->bytes;
      variance += amount->variance;
    }
  }
};

// Domain requirement 13.
TEST(Estimation, MixedPacketSizesWidenTheInterval) {
  Estimate mixed;
  mixed.add({.bytes = 64, .packets = 1, .is_single_packet = true}, 1'000, 200);
  mixed.add({.bytes = 1'500, .packets = 1, .is_single_packet = true}, 1'000, 200);
  EXPECT_EQ(mixed.bytes, 312'800'000U);
  EXPECT_EQ(half_width_95(mixed.variance), 41'594'894U);
  EXPECT_NEAR(std::sqrt(static_cast<double>(mixed.variance)), 21'221'884, 0.5);
}

TEST(Estimation, EqualPacketSizesGiveThePacketRule) {
  Estimate equal;
  equal.add({.bytes = 1'000, .packets = 1, .is_single_packet = true}, 1'000, 400);
  EXPECT_EQ(equal.bytes, 400'000'000U);
  EXPECT_EQ(half_width_95(equal.variance), 39'180'395U);
}

// Domain requirement 14: 196 sqrt(1/c) percent.
TEST(Estimation, RelativeErrorStaysWithinThePacketRule) {
  Estimate four_hundred;
  four_hundred.add({.bytes = 1'000, .packets = 1, .is_single_packet = true}, 8'192, 400);
  EXPECT_LE(half_width_95(four_hundred.variance) * 1'000, four_hundred.bytes * 98);
  Estimate thousand;
  thousand.add({.bytes = 1'000, .packets = 1, .is_single_packet = true}, 8'192, 1'000);
  EXPECT_LE(half_width_95(thousand.variance) * 1'000, thousand.bytes * 62);
}

// Domain requirement 15.
TEST(Estimation, SampledFlowRecordsPublishTheUpperBound) {
  Estimate records;
  records.add({.bytes = 15'000, .packets = 10}, 1'000, 1);
  records.add({.bytes = 2'560, .packets = 40}, 1'000, 1);
  records.add({.bytes = 3'000, .packets = 5}, 1'000, 1);
  EXPECT_EQ(records.bytes, 20'560'000U);
  // 1.96 * 5,550,600: 52.9 % of the estimate.
  EXPECT_EQ(half_width_95(records.variance), 10'879'176U);
  EXPECT_EQ(half_width_95(records.variance) * 1'000 / records.bytes, 529U);
}

// Domain requirement 17.
TEST(Estimation, SourcesOfDifferentIntervalsAddEstimatesAndVariances) {
  Estimate merged;
  merged.add({.bytes = 1'000, .packets = 1, .is_single_packet = true}, 1'000, 1);
  merged.add({.bytes = 1'000, .packets = 1, .is_single_packet = true}, 8'192, 1);
  EXPECT_EQ(merged.bytes, 9'192'000U);
  EXPECT_TRUE(merged.variance == WideVariance{999'000'000'000} + WideVariance{67'100'672'000'000});
}

}  // namespace
}  // namespace weir::accounting
