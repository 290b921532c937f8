// What does a record cost on the whole way from a datagram in memory to the cells: decode,
// scale, layer, clock, look-up, spread, count? Every interface of every exporter is a
// contract (32 x 48).

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "bench/traffic.h"
#include "collector/core/totals.h"
#include "collector/pipeline/worker.h"

namespace weir::bench {
namespace {

/// Whether bytes between POPs are counted, as they are where routers have a POP. Half of the
/// interfaces then lead into the backbone, so that half of the records ask whose their destination
/// is.
enum class Pops { None, Named };

void place(config::Router& router, std::string pop, const TrafficShape& shape) {
  router.pop = std::move(pop);
  for (std::uint32_t i = 1; i <= shape.interfaces; ++i)
    router.interfaces.push_back({.index = i,
                                 .role = i % 2 == 0 ? contracts::InterfaceRole::Customer
                                                    : contracts::InterfaceRole::Backbone});
}

config::Config config_for(const TrafficShape& shape, std::uint32_t prefixes, Pops pops) {
  config::Config config;
  for (std::uint32_t e = 0; e < shape.exporters; ++e) {
    const auto router = fmt::format("r{}", e);
    config.exporters.routers.push_back(
        {.address = IpAddress::v4(0x7f01'0001U + e), .name = router});
    if (pops == Pops::Named)
      place(config.exporters.routers.back(), fmt::format("pop{}", e % 8), shape);
    for (std::uint32_t i = 1; i <= shape.interfaces && prefixes == 0; ++i)
      config.contracts.push_back({.id = fmt::format("C-{}-{}", e, i),
                                  .attach = {{.where = contracts::InterfaceAttachment{
                                                  .exporter = router, .interface = i}}}});
  }
  for (std::uint32_t p = 0; p < prefixes; ++p)
    config.contracts.push_back({.id = fmt::format("P-{}", p / 20),
                                .attach = {{.where = contracts::PrefixAttachment{IpPrefix(
                                                IpAddress::v4(0x0a00'0000U + p * 16), 28)}}}});
  config.accounting.lateness = std::chrono::seconds{120};
  return config;
}

/// `prefixes` 0: contracts by interface; otherwise by so many /28s of the destinations.
void path(benchmark::State& state, Protocol protocol, Pops pops = Pops::None) {
  const TrafficShape shape{.protocol = protocol, .records = 600'000};
  const auto traffic = make_traffic(shape);
  const auto config = config_for(shape, static_cast<std::uint32_t>(state.range(0)), pops);
  pipeline::Registries registries;
  const Published<pipeline::Policy> policy(pipeline::make_policy(config, registries).value());
  std::uint64_t records = 0;
  for (auto _ : state) {
    state.PauseTiming();
    pipeline::WorkerState worker(core::BucketGeometry{std::chrono::seconds{10}}, 32);
    pipeline::DatagramPath path(worker, registries, policy, wire::make_shared_decoder_state());
    core::Totals totals(worker.cells.geometry(), {&worker.cells});
    totals.set_slot_count(policy.current()->table->slot_count());
    const TrafficTime arrival = traffic_time_ms(1'700'000'100'000);
    path.advance(arrival);
    // The first round finds pages and templates; what is measured is a collector that runs.
    const auto all = [&] {
      for (const Message& message : traffic)
        path.process({.payload = message.payload,
                      .source = message.source,
                      .source_port = 50'000,
                      .arrival = arrival});
    };
    all();
    state.ResumeTiming();
    all();
    for (const Message& message : traffic) records += message.records;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(records));
}

BENCHMARK_CAPTURE(path, v5, Protocol::Netflow5)->Arg(0);
BENCHMARK_CAPTURE(path, v9, Protocol::Netflow9)->Arg(0)->Arg(1'000)->Arg(100'000);
BENCHMARK_CAPTURE(path, v9_pops, Protocol::Netflow9, Pops::Named)->Arg(0)->Arg(100'000);
BENCHMARK_CAPTURE(path, ipfix, Protocol::Ipfix)->Arg(0);
BENCHMARK_CAPTURE(path, sflow, Protocol::Sflow5)->Arg(0);

}  // namespace
}  // namespace weir::bench
