// What do the forecasts of 10,000 contracts of 52 weeks cost, once their weeks are known? Reading
// the weeks out of a ledger is measured by scripts/make-year-ledger.

#include <benchmark/benchmark.h>

#include <array>
#include <random>
#include <vector>

#include "collector/billing/capacity.h"
#include "collector/billing/week_calendar.h"

namespace weir::bench {
namespace {

using billing::WeekFigure;

/// Rates that grow by a percent a week or so, with noise.
std::vector<std::vector<WeekFigure>> weeks_of(std::size_t contracts) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> noise(0.8, 1.2);
  std::vector<std::vector<WeekFigure>> all(contracts);
  for (auto& weeks : all)
    for (std::uint32_t week = 0; week < billing::kWeeksLookedAt; ++week)
      weeks.push_back({.number = week,
                       .completeness = billing::kWhole,
                       .percentile = BitsPerSecond{
                           static_cast<std::uint64_t>(1e8 * (1 + 0.01 * week) * noise(random))}});
  return all;
}

void forecasts(benchmark::State& state, billing::GrowthModel model) {
  const auto all = weeks_of(static_cast<std::size_t>(state.range(0)));
  const auto calendar = billing::WeekCalendar::make("UTC")->weeks_before(
      traffic_time_ms(1'700'000'000'000), billing::kWeeksLookedAt);
  const std::array limits{billing::AskedLimit{.limit = billing::CapacityLimit::Committed,
                                              .reached_at = BitsPerSecond{250'000'000}},
                          billing::AskedLimit{.limit = billing::CapacityLimit::Ceiling,
                                              .reached_at = BitsPerSecond{900'000'000}}};
  for (auto _ : state)
    for (const auto& weeks : all)
      benchmark::DoNotOptimize(billing::trend_of(weeks, calendar, limits, model));
}

BENCHMARK_CAPTURE(forecasts, linear, billing::GrowthModel::Linear)
    ->Arg(10'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(forecasts, exponential, billing::GrowthModel::Exponential)
    ->Arg(10'000)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weir::bench
