#include "collector/billing/percentile.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "collector/billing/rate.h"

namespace weir::billing {
namespace {

constexpr std::array<std::pair<std::string_view, PercentileMethod>, 4> kMethods{
    {{"nearest_rank", PercentileMethod::NearestRank},
     {"librenms", PercentileMethod::Librenms},
     {"linear", PercentileMethod::Linear},
     {"weibull", PercentileMethod::Weibull}}};

/// Where a percentile lies: at `rank`, or `ten_thousandths` of the way to the next.
struct Position {
  std::uint64_t rank = 1;
  std::uint32_t ten_thousandths = 0;
};

Position position_of(std::uint64_t count, Percentile percentile, PercentileMethod method) noexcept {
  const Wide part = percentile.value();
  const auto split = [](Wide scaled) {
    return Position{.rank = static_cast<std::uint64_t>(scaled / kHundredPercent),
                    .ten_thousandths = static_cast<std::uint32_t>(scaled % kHundredPercent)};
  };
  switch (method) {
    case PercentileMethod::NearestRank:
      return {.rank = count - discarded_of(count, percentile)};
    case PercentileMethod::Librenms:
      // A product of round() and an index of the list; the first value where it gives none.
      return {.rank = std::max<std::uint64_t>(split(part * count + kHundredPercent / 2).rank, 1)};
    case PercentileMethod::Linear: {
      Position position = split(part * (count - 1));
      ++position.rank;
      return position;
    }
    case PercentileMethod::Weibull: {
      const Position position = split(part * (Wide{count} + 1));
      if (position.rank < 1) return {.rank = 1};
      if (position.rank >= count) return {.rank = count};
      return position;
    }
  }
  return {};
}

}  // namespace

std::string_view method_name(PercentileMethod method) noexcept {
  for (const auto& [name, known] : kMethods)
    if (known == method) return name;
  return "unknown";
}

std::optional<PercentileMethod> parse_method(std::string_view name) noexcept {
  for (const auto& [known, method] : kMethods)
    if (known == name) return method;
  if (name == "drop_top") return PercentileMethod::NearestRank;
  return std::nullopt;
}

std::uint64_t discarded_of(std::uint64_t count, Percentile percentile) noexcept {
  assert(percentile.value() >= 1 && percentile.value() <= kHundredPercent);
  return static_cast<std::uint64_t>(Wide{count} * (kHundredPercent - percentile.value()) /
                                    kHundredPercent);
}

std::optional<RankedValue> percentile_of(std::vector<std::uint64_t> values, Percentile percentile,
                                         PercentileMethod method) {
  if (values.empty()) return std::nullopt;
  const std::uint64_t count = values.size();
  const Position position = position_of(count, percentile, method);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(position.rank - 1);
  std::nth_element(values.begin(), at, values.end());
  RankedValue ranked{.value = *at,
                     .at_rank = *at,
                     .rank = position.rank,
                     .count = count,
                     .discarded = count - position.rank};
  if (position.ten_thousandths == 0) return ranked;
  // Not the last rank: a fraction leads to a next one.
  const std::uint64_t next = *std::min_element(at + 1, values.end());
  const Wide way = Wide{next - *at} * position.ten_thousandths;
  ranked.value += static_cast<std::uint64_t>(way / kHundredPercent);
  ranked.ten_thousandths = static_cast<std::uint32_t>(way % kHundredPercent);
  return ranked;
}

}  // namespace weir::billing
