// What does a scrape cost, beside prometheus-cpp's own writer, and does it disturb a worker? A
// backbone of so many contracts (a /29 each), 100 routers with 20 interfaces each, IPFIX, all
// figures of billing and capacity.

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bench/traffic.h"
#include "collector/core/totals.h"
#include "collector/pipeline/worker.h"
#include "exporters/http/compression.h"
#include "exporters/prometheus/exposition.h"
#include "exporters/prometheus/traffic_collectable.h"

namespace weir::bench {
namespace {

constexpr std::uint32_t kRouters = 100;
constexpr std::uint32_t kInterfaces = 20;
constexpr std::uint32_t kHostsOfContract = 8;
constexpr TrafficTime kArrival = traffic_time_ms(1'700'000'100'000);
constexpr TrafficSpan kLateness = std::chrono::seconds{120};

std::string name_of(std::uint32_t contract) { return fmt::format("IP-{:06}", contract + 1); }

TrafficShape shape_for(std::uint32_t contracts) {
  return {.protocol = Protocol::Ipfix,
          .exporters = kRouters,
          .interfaces = kInterfaces,
          .hosts = contracts * kHostsOfContract,
          .records = 600'000};
}

config::Config config_for(std::uint32_t contracts) {
  constexpr const char* kServices[] = {"ip", "datacenter", "fiber", "dsl"};
  config::Config config;
  for (std::uint32_t r = 0; r < kRouters; ++r) {
    config.exporters.routers.push_back({.address = IpAddress::v4(0x7f01'0001U + r),
                                        .name = fmt::format("edge{}", r),
                                        .pop = fmt::format("pop{}", r % 8)});
    for (std::uint32_t i = 1; i <= kInterfaces; ++i)
      config.exporters.routers.back().interfaces.push_back(
          {.index = i,
           .name = fmt::format("et-0/0/{}", i),
           .speed = BitsPerSecond{100'000'000'000},
           .role = contracts::InterfaceRole::Customer});
  }
  for (std::uint32_t c = 0; c < contracts; ++c)
    config.contracts.push_back(
        {.id = name_of(c),
         .customer = fmt::format("customer {}", c / 3),
         .service = kServices[c % 4],
         .pop = fmt::format("pop{}", c % 8),
         .committed = BitsPerSecond{1'000'000'000},
         .ceiling = BitsPerSecond{10'000'000'000},
         .attach = {{.where = contracts::PrefixAttachment{
                         IpPrefix(IpAddress::v4(0x0a00'0000U + c * kHostsOfContract), 29)}}}});
  config.accounting.lateness = std::chrono::duration_cast<std::chrono::seconds>(kLateness);
  return config;
}

/// Every figure of every contract.
std::shared_ptr<const billing::BillingView> billing_of(std::uint32_t contracts) {
  auto view = std::make_shared<billing::BillingView>();
  view->as_of = kArrival;
  for (std::uint32_t c = 0; c < contracts; ++c) {
    billing::ContractView one{.subject = {.contract = name_of(c), .customer = {}, .service = "ip"},
                              .pop = {},
                              .terms = {.tiers = {}},
                              .completeness = billing::Share{987'654},
                              .state = billing::IntervalState::Measured,
                              .current = {},
                              .previous = billing::PeriodView{}};
    for (billing::PeriodView* period : {&one.current, &*one.previous}) {
      period->so_far.percentile = BitsPerSecond{900'000'001 + c};
      period->low = BitsPerSecond{800'000'003 + c};
      period->high = BitsPerSecond{990'000'007 + c};
      period->so_far.burst_intervals_used = c % 432;
      period->so_far.burst_intervals_allowed = 432;
    }
    view->contracts.push_back(std::move(one));
  }
  std::ranges::sort(view->contracts, {}, [](const auto& one) { return one.subject.contract; });
  return view;
}

std::shared_ptr<const billing::CapacityView> capacity_of(std::uint32_t contracts) {
  using billing::CapacityLimit;
  const auto forecast = [](CapacityLimit limit) {
    return billing::LimitForecast{.limit = limit,
                                  .reached_at = BitsPerSecond{800'000'000},
                                  .reason = std::nullopt,
                                  .early = kArrival + std::chrono::hours{1'001},
                                  .central = kArrival + std::chrono::hours{2'002},
                                  .late = kArrival + std::chrono::hours{3'003}};
  };
  auto view = std::make_shared<billing::CapacityView>();
  view->made_at = kArrival;
  for (std::uint32_t c = 0; c < contracts; ++c) {
    billing::CapacityTrend trend;
    trend.last = BitsPerSecond{700'000'001 + c};
    trend.growth = 1'234'567.89 + c;
    trend.forecasts = {forecast(CapacityLimit::Committed), forecast(CapacityLimit::Ceiling)};
    view->contracts.push_back({.contract = name_of(c), .trend = std::move(trend)});
  }
  return view;
}

/// One worker of a collector that has run for a while.
class Collector {
 public:
  explicit Collector(std::uint32_t contracts)
      : traffic_(make_traffic(shape_for(contracts))),
        policy_(pipeline::make_policy(config_for(contracts), registries_).value()),
        worker_(std::make_unique<pipeline::WorkerState>(
            core::BucketGeometry{std::chrono::seconds{10}}, 32)),
        path_(*worker_, registries_, policy_, wire::make_shared_decoder_state()),
        totals_(worker_->cells.geometry(), {&worker_->cells}),
        billing_(billing_of(contracts)),
        capacity_(capacity_of(contracts)) {
    totals_.set_slot_count(policy_.current()->table->slot_count());
    path_.advance(kArrival);
    receive();
  }

  /// All of the traffic once, on the worker's thread.
  void receive() {
    for (const Message& message : traffic_)
      path_.process({.payload = message.payload,
                     .source = message.source,
                     .source_port = 50'000,
                     .arrival = kArrival});
  }
  [[nodiscard]] std::uint64_t records() const {
    std::uint64_t sum = 0;
    for (const Message& message : traffic_) sum += message.records;
    return sum;
  }

  /// Closes what has come, so that a minute is over.
  void close() {
    const TrafficTime later = kArrival + kLateness + std::chrono::minutes{2};
    path_.advance(later);
    benchmark::DoNotOptimize(totals_.close_due());
  }

  [[nodiscard]] prometheus::Sources sources() const {
    prometheus::Sources sources;
    sources.totals = &totals_;
    sources.books = {&worker_->books};
    sources.exporters = &registries_.exporters;
    sources.table = [this] { return policy_.current()->table; };
    sources.billing = [this] { return billing_; };
    sources.capacity = [this] { return capacity_; };
    sources.interfaces = [](const contracts::ContractTable& table) {
      std::vector<prometheus::InterfaceFigures> figures;
      for (std::uint32_t i = 0; i < table.tracked_interfaces().size(); ++i)
        figures.push_back({.number = i,
                           .ingress_bytes = 123'456'789'012'345U + i,
                           .egress_bytes = 98'765'432'109'876U + i,
                           .counters = {{{.bytes = 123'456'789'012'346U + i, .ratio = 0.987654321},
                                         {.bytes = 98'765'432'109'877U + i, .ratio = 1.0123456}}}});
      return figures;
    };
    sources.version = "bench";
    return sources;
  }

 private:
  std::vector<Message> traffic_;
  pipeline::Registries registries_;
  Published<pipeline::Policy> policy_;
  std::unique_ptr<pipeline::WorkerState> worker_;
  pipeline::DatagramPath path_;
  core::Totals totals_;
  std::shared_ptr<const billing::BillingView> billing_;
  std::shared_ptr<const billing::CapacityView> capacity_;
};

void tell(benchmark::State& state, std::size_t series, std::size_t bytes) {
  state.counters["series"] = static_cast<double>(series);
  state.counters["MB"] = static_cast<double>(bytes) / 1e6;
}

/// What /metrics does, but for the socket.
void scrape(benchmark::State& state, prometheus::Format format) {
  Collector collector(static_cast<std::uint32_t>(state.range(0)));
  collector.close();
  const prometheus::TrafficCollectable collectable(collector.sources());
  std::size_t series = collectable.gather().series();  // label texts are made by the first scrape
  std::size_t bytes = 0;
  for (auto _ : state) {
    const prometheus::MetricSet set = collectable.gather();
    const std::string text = render(set, format);
    series = set.series();
    bytes = text.size();
    benchmark::DoNotOptimize(text.data());
  }
  tell(state, series, bytes);
}

/// The first part of it: reading totals, books and views.
void gather(benchmark::State& state) {
  Collector collector(static_cast<std::uint32_t>(state.range(0)));
  collector.close();
  const prometheus::TrafficCollectable collectable(collector.sources());
  std::size_t series = 0;
  for (auto _ : state) series = collectable.gather().series();
  tell(state, series, 0);
}

/// The same families by prometheus-cpp's own writer.
void library(benchmark::State& state) {
  Collector collector(static_cast<std::uint32_t>(state.range(0)));
  collector.close();
  const prometheus::TrafficCollectable collectable(collector.sources());
  const auto families = collectable.Collect();
  std::size_t bytes = 0;
  for (auto _ : state) {
    const std::string text = ::prometheus::TextSerializer().Serialize(families);
    bytes = text.size();
    benchmark::DoNotOptimize(text.data());
  }
  tell(state, collectable.gather().series(), bytes);
}

/// What a client that accepts gzip costs on top.
void compress(benchmark::State& state) {
  Collector collector(static_cast<std::uint32_t>(state.range(0)));
  collector.close();
  const prometheus::TrafficCollectable collectable(collector.sources());
  const prometheus::MetricSet set = collectable.gather();
  const std::string text = render(set, prometheus::Format::Text);
  std::size_t bytes = 0;
  for (auto _ : state) {
    const auto packed = http::gzip(text);
    bytes = packed->size();
    benchmark::DoNotOptimize(packed->data());
  }
  tell(state, set.series(), bytes);
}

/// A worker's CPU time per record, alone and beside a thread that scrapes: once a second, or
/// without a pause. A worker that waited for a scrape would be slower for it.
void worker(benchmark::State& state) {
  constexpr std::uint32_t kContracts = 10'000;
  Collector collector(kContracts);
  const prometheus::TrafficCollectable collectable(collector.sources());
  const std::chrono::milliseconds pause{state.range(0)};
  std::atomic<std::uint64_t> scrapes{0};
  std::jthread scraper;
  if (pause.count() >= 0)
    scraper = std::jthread([&](const std::stop_token& stop) {
      std::mutex mutex;
      std::condition_variable_any stopped;
      for (std::unique_lock lock(mutex); !stop.stop_requested();
           stopped.wait_for(lock, stop, pause, [] { return false; })) {
        const std::string text = render(collectable.gather(), prometheus::Format::Text);
        benchmark::DoNotOptimize(text.data());
        scrapes.fetch_add(1, std::memory_order_relaxed);
      }
    });
  std::uint64_t records = 0;
  for (auto _ : state) {
    collector.receive();
    records += collector.records();
  }
  scraper = {};
  state.SetItemsProcessed(static_cast<std::int64_t>(records));
  state.counters["scrapes"] = static_cast<double>(scrapes.load());
}

BENCHMARK_CAPTURE(scrape, text, prometheus::Format::Text)
    ->Arg(1'000)
    ->Arg(10'000)
    ->Arg(25'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(scrape, openmetrics, prometheus::Format::OpenMetrics)
    ->Arg(10'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(gather)->Arg(10'000)->Unit(benchmark::kMillisecond);
BENCHMARK(library)->Arg(10'000)->Unit(benchmark::kMillisecond);
BENCHMARK(compress)->Arg(10'000)->Unit(benchmark::kMillisecond);
// -1: nobody scrapes; else milliseconds between two scrapes.
BENCHMARK(worker)->ArgName("pause_ms")->Arg(-1)->Arg(1'000)->Arg(0)->MinTime(3);

}  // namespace
}  // namespace weir::bench
