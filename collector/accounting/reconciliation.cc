#include "collector/accounting/reconciliation.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace weir::accounting {
namespace {

/// Below this share of the counter no fault but a missing sampling interval is likely, above its
/// inverse none but one that is applied twice: intervals below 1 in 10 are not configured.
constexpr double kSamplingRatio = 0.11;
constexpr double kLowestDouble = 1.8;
constexpr double kHighestDouble = 2.2;
/// How near a cause must bring the two together to explain them.
constexpr double kExplains = 0.03;
/// An Ethernet header and its checksum.
constexpr double kFrameBytes = 18;

bool is_near(double value, double wanted) noexcept { return std::abs(value - wanted) <= kExplains; }

}  // namespace

std::string_view cause_name(RatioCause cause) noexcept {
  switch (cause) {
    case RatioCause::Sampling:
      return "sampling";
    case RatioCause::DoubleCount:
      return "double_count";
    case RatioCause::Loss:
      return "loss";
    case RatioCause::Discards:
      return "discards";
    case RatioCause::Layer:
      return "layer";
    case RatioCause::Unknown:
      return "unknown";
  }
  return "unknown";
}

std::optional<double> ratio_of(const RatioEvidence& evidence) noexcept {
  if (evidence.counter_bytes == 0) return std::nullopt;
  return static_cast<double>(evidence.flow_bytes) / static_cast<double>(evidence.counter_bytes);
}

bool is_apart(const RatioEvidence& evidence) noexcept {
  const auto ratio = ratio_of(evidence);
  if (!ratio || (*ratio >= kLowestGoodRatio && *ratio <= kHighestGoodRatio)) return false;
  const double difference = std::abs(static_cast<double>(evidence.flow_bytes) -
                                     static_cast<double>(evidence.counter_bytes));
  return difference > 1.96 * std::sqrt(std::max(evidence.flow_variance, 0.0));
}

RatioCause likeliest_cause(const RatioEvidence& evidence) noexcept {
  const double ratio = ratio_of(evidence).value_or(1);
  if (ratio <= kSamplingRatio || ratio >= 1 / kSamplingRatio) return RatioCause::Sampling;
  if (ratio < 1 && evidence.has_unscaled) return RatioCause::Sampling;
  const auto flow = static_cast<double>(evidence.flow_bytes);
  const auto counter = static_cast<double>(evidence.counter_bytes);
  const auto packets = static_cast<double>(evidence.flow_packets);
  if (ratio >= kLowestDouble && ratio <= kHighestDouble) return RatioCause::DoubleCount;
  if (ratio < 1 && evidence.completeness < 1 && is_near(ratio, evidence.completeness))
    return RatioCause::Loss;
  if (packets > 0) {
    // Flows are metered before the queue that drops, counters stand after it, or the other way.
    const double discarded = static_cast<double>(evidence.discarded_packets) * (flow / packets);
    if (discarded > 0 &&
        (is_near((flow - discarded) / counter, 1) || is_near((flow + discarded) / counter, 1)))
      return RatioCause::Discards;
    const double headers = packets * kFrameBytes;
    if (is_near((flow + headers) / counter, 1) || is_near((flow - headers) / counter, 1))
      return RatioCause::Layer;
  }
  return ratio > 1 && evidence.has_duplicates ? RatioCause::DoubleCount : RatioCause::Unknown;
}

void RatioWatch::take(const RatioEvidence& evidence) noexcept {
  const auto ratio = ratio_of(evidence);
  if (!ratio) return;
  ratio_ = ratio;
  constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max();
  if (is_apart(evidence)) {
    good_ = 0;
    if (apart_ == 0 && !is_alarmed_) causes_ = {};
    apart_ += apart_ < kMost ? 1 : 0;
    auto& cause = causes_[static_cast<std::size_t>(likeliest_cause(evidence))];
    cause += cause < kMost ? 1 : 0;
    is_alarmed_ = is_alarmed_ || apart_ >= kStreak;
    return;
  }
  apart_ = 0;
  good_ += good_ < kMost ? 1 : 0;
  if (good_ >= kStreak) is_alarmed_ = false;
}

std::optional<RatioCause> RatioWatch::alarm() const noexcept {
  if (!is_alarmed_) return std::nullopt;
  return static_cast<RatioCause>(std::ranges::max_element(causes_) - causes_.begin());
}

}  // namespace weir::accounting
