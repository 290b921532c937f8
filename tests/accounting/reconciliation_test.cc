#include "collector/accounting/reconciliation.h"

#include <gtest/gtest.h>

namespace weir::accounting {
namespace {

/// 1,000,000 octets by the counter, packets of 1,000 bytes by flows.
RatioEvidence evidence(std::uint64_t flow_bytes) {
  return {.flow_bytes = flow_bytes, .flow_packets = flow_bytes / 1'000, .counter_bytes = 1'000'000};
}

TEST(Reconciliation, TheBoundsThemselvesAreGood) {
  EXPECT_FALSE(is_apart(evidence(950'000)));
  EXPECT_FALSE(is_apart(evidence(1'050'000)));
  EXPECT_TRUE(is_apart(evidence(949'999)));
  EXPECT_TRUE(is_apart(evidence(1'050'001)));
  EXPECT_DOUBLE_EQ(*ratio_of(evidence(1'100'000)), 1.1);
}

TEST(Reconciliation, WhatChanceMayDoIsNoFault) {
  RatioEvidence noisy = evidence(900'000);
  noisy.flow_variance = 51'021.0 * 51'021.0;  // 1.96 of it is 100,001
  EXPECT_FALSE(is_apart(noisy));
  noisy.flow_variance = 51'020.0 * 51'020.0;  // 99,999
  EXPECT_TRUE(is_apart(noisy));
}

TEST(Reconciliation, ACounterThatStandsStillHasNoRatio) {
  RatioEvidence still = evidence(5'000);
  still.counter_bytes = 0;
  EXPECT_EQ(ratio_of(still), std::nullopt);
  EXPECT_FALSE(is_apart(still));
}

TEST(Reconciliation, OneInAThousandIsAMissingSampler) {
  EXPECT_EQ(likeliest_cause(evidence(1'000)), RatioCause::Sampling);
  // Applied where it should not be.
  EXPECT_EQ(likeliest_cause(evidence(1'000'000'000)), RatioCause::Sampling);
  RatioEvidence partly = evidence(600'000);
  partly.has_unscaled = true;
  EXPECT_EQ(likeliest_cause(partly), RatioCause::Sampling);
}

TEST(Reconciliation, TwiceAsMuchIsADoubleCount) {
  EXPECT_EQ(likeliest_cause(evidence(1'990'000)), RatioCause::DoubleCount);
  RatioEvidence some = evidence(1'400'000);
  EXPECT_EQ(likeliest_cause(some), RatioCause::Unknown);
  some.has_duplicates = true;
  EXPECT_EQ(likeliest_cause(some), RatioCause::DoubleCount);
}

TEST(Reconciliation, AsMuchLessAsWasLostIsLoss) {
  RatioEvidence lossy = evidence(800'000);
  lossy.completeness = 0.81;
  EXPECT_EQ(likeliest_cause(lossy), RatioCause::Loss);
  lossy.completeness = 0.9;
  EXPECT_EQ(likeliest_cause(lossy), RatioCause::Unknown);
}

TEST(Reconciliation, AsMuchMoreAsWasDroppedIsDiscards) {
  RatioEvidence dropping = evidence(1'200'000);
  dropping.discarded_packets = 200;
  EXPECT_EQ(likeliest_cause(dropping), RatioCause::Discards);
  dropping.discarded_packets = 100;
  EXPECT_EQ(likeliest_cause(dropping), RatioCause::Unknown);
}

TEST(Reconciliation, EighteenBytesAPacketIsTheLayer) {
  // 10,000 packets of 82 bytes where the counter has 100.
  RatioEvidence bare = evidence(820'000);
  bare.flow_packets = 10'000;
  EXPECT_EQ(likeliest_cause(bare), RatioCause::Layer);
  // 10,000 packets of 118 bytes where the counter has 100.
  RatioEvidence framed = evidence(1'180'000);
  framed.flow_packets = 10'000;
  EXPECT_EQ(likeliest_cause(framed), RatioCause::Layer);
}

TEST(RatioWatch, TwelveApartRaiseAndTwelveGoodEndTheAlarm) {
  RatioWatch watch;
  for (int i = 0; i < 11; ++i) watch.take(evidence(1'000));
  EXPECT_EQ(watch.alarm(), std::nullopt);
  watch.take(evidence(1'000));
  EXPECT_EQ(watch.alarm(), RatioCause::Sampling);
  EXPECT_EQ(watch.apart_in_a_row(), 12U);
  EXPECT_DOUBLE_EQ(*watch.ratio(), 0.001);
  for (int i = 0; i < 11; ++i) watch.take(evidence(1'000'000));
  EXPECT_EQ(watch.alarm(), RatioCause::Sampling);
  watch.take(evidence(1'000'000));
  EXPECT_EQ(watch.alarm(), std::nullopt);
}

TEST(RatioWatch, AGoodIntervalBeginsTheStreakAnew) {
  RatioWatch watch;
  for (int i = 0; i < 11; ++i) watch.take(evidence(1'000));
  watch.take(evidence(1'000'000));
  for (int i = 0; i < 11; ++i) watch.take(evidence(2'000'000));
  EXPECT_EQ(watch.alarm(), std::nullopt);
  watch.take(evidence(2'000'000));
  EXPECT_EQ(watch.alarm(), RatioCause::DoubleCount);
}

TEST(RatioWatch, AnIntervalWithoutARatioChangesNothing) {
  RatioWatch watch;
  RatioEvidence still = evidence(0);
  still.counter_bytes = 0;
  for (int i = 0; i < 12; ++i) {
    watch.take(evidence(1'000));
    watch.take(still);
  }
  EXPECT_EQ(watch.alarm(), RatioCause::Sampling);
}

TEST(RatioWatch, TheAlarmNamesTheCommonestCause) {
  RatioWatch watch;
  for (int i = 0; i < 5; ++i) watch.take(evidence(1'400'000));
  for (int i = 0; i < 7; ++i) watch.take(evidence(2'000'000));
  EXPECT_EQ(watch.alarm(), RatioCause::DoubleCount);
}

}  // namespace
}  // namespace weir::accounting
