// What does counting cost: one record to two contracts, in one bucket and spread over many?

#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "collector/core/worker_cells.h"

namespace weir::bench {
namespace {

void add(benchmark::State& state) {
  const auto slots = static_cast<std::uint32_t>(state.range(0));
  const TrafficSpan duration{state.range(1)};
  core::WorkerCells cells(core::BucketGeometry{std::chrono::seconds{10}}, 32);
  const TrafficTime now = traffic_time_ms(1'700'000'100'000);
  cells.advance(now, std::chrono::seconds{120});
  std::mt19937 random(1);
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs(8'192);
  for (auto& [from, to] : pairs) {
    from = static_cast<std::uint32_t>(random() % slots);
    to = static_cast<std::uint32_t>(random() % slots);
  }
  const Amount amount{.bytes = 1'234'567, .packets = 1'000, .variance = 987'654'321};
  std::size_t at = 0;
  std::uint64_t refused = 0;
  for (auto _ : state) {
    const auto& ahead = pairs[(at + 16) % pairs.size()];
    cells.prefetch(ahead.first, ahead.second, Family::Ipv4, now - duration);
    const auto& [from, to] = pairs[at];
    refused += cells.add(from, to, Family::Ipv4, amount, {now - duration, now}).late_bytes;
    at = (at + 1) % pairs.size();
  }
  benchmark::DoNotOptimize(refused);
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(add)
    ->ArgNames({"slots", "ms"})
    ->Args({1'000, 0})
    ->Args({10'000, 0})
    ->Args({1'000, 30'000})
    ->Args({10'000, 30'000});

}  // namespace
}  // namespace weir::bench
