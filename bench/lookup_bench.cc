// What does "whose is this address?" cost, and how does it grow with the number of prefixes?

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <random>
#include <vector>

#include "collector/contracts/contract_table.h"

namespace weir::bench {
namespace {

std::shared_ptr<const contracts::ContractTable> table_of(std::uint32_t prefixes) {
  contracts::ContractTable::Input input;
  for (std::uint32_t p = 0; p < prefixes; ++p) {
    if (p % 20 == 0)
      input.contracts.push_back(
          {.slot = Slot{p / 20}, .contract = {.id = fmt::format("P-{}", p / 20)}});
    const IpPrefix prefix = p % 4 == 0
                                ? IpPrefix(IpAddress::v6(0x2001'0db8'0000'0000ULL | p, 0), 64)
                                : IpPrefix(IpAddress::v4(0x0a00'0000U + p * 16), 28);
    input.contracts.back().contract.attach.push_back(
        {.where = contracts::PrefixAttachment{prefix}});
  }
  return contracts::ContractTable::build(std::move(input));
}

void match(benchmark::State& state) {
  const auto prefixes = static_cast<std::uint32_t>(state.range(0));
  const auto table = table_of(prefixes);
  std::mt19937 random(1);
  std::vector<contracts::MatchKey> keys(65'536);
  const auto below = [&](std::uint32_t bound) {
    return static_cast<std::uint32_t>(random() % bound);
  };
  for (auto& key : keys) {
    key.source = IpAddress::v4(0xc612'0000U + below(0x1'0000U));
    key.destination = IpAddress::v4(0x0a00'0000U + below(prefixes * 16));
  }
  std::size_t at = 0;
  std::uint64_t sum = 0;
  for (auto _ : state) {
    // As the path does: a round's addresses are asked for before the first is read.
    for (std::size_t i = 0; i < 32; ++i)
      table->prefetch(keys[at + i].source, keys[at + i].destination);
    for (std::size_t i = 0; i < 32; ++i)
      sum += table->match(keys[at + i], traffic_time_ms(1'700'000'000'000)).to;
    at = (at + 32) % keys.size();
  }
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(state.iterations() * 32);
}

BENCHMARK(match)->Arg(1'000)->Arg(10'000)->Arg(100'000)->Arg(1'000'000);

}  // namespace
}  // namespace weir::bench
