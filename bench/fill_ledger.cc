// Fills a ledger with made traffic, through the store's own writes, so that its size and the time
// of a report can be measured: see bench/README.md and scripts/make-year-ledger.

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>
#include <vector>

#include "exporters/ledger/ledger.h"

namespace {

using weir::Direction;
using weir::ledger::Batch;
using weir::ledger::kIntervalSeconds;
using weir::ledger::Ledger;

/// Rows in one transaction: large, since each waits for the disk.
constexpr std::size_t kRowsPerWrite = 200'000;

struct Plan {
  std::string ledger;
  std::string folder;  ///< for the configuration; none is written if empty
  std::uint32_t contracts = 1'000;
  std::uint32_t months = 12;
  std::uint32_t days = 0;  ///< instead of months
  int year = 2023;
  bool digests = true;
  bool measures = false;  ///< instead of filling
};

/// The same number for the same place, without order or state (SplitMix64).
std::uint64_t mixed(std::uint64_t value) noexcept {
  value += 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

std::uint64_t committed_megabits(std::uint32_t contract) noexcept {
  constexpr std::uint64_t kRates[] = {100, 200, 500, 1'000, 2'000, 5'000, 10'000};
  return kRates[mixed(contract) % std::size(kRates)];
}

std::string name_of(std::uint32_t contract) { return fmt::format("IP-{:05}", contract + 1); }

/// Bytes of one direction: a day with its evening, and noise, below the contract's rate.
std::uint64_t bytes_of(std::uint32_t contract, std::int64_t start, Direction direction) noexcept {
  const std::uint64_t full = committed_megabits(contract) * 1'000'000 / 8 * kIntervalSeconds;
  const auto minute = static_cast<std::uint64_t>(start / 60 % 1'440);
  const std::uint64_t evening = minute < 240 ? 300 - minute : minute / 2;  // of 1,000
  const std::uint64_t noise = mixed(static_cast<std::uint64_t>(start) * 65'537 + contract * 2 +
                                    static_cast<std::uint64_t>(direction)) %
                              200;
  const std::uint64_t share = direction == Direction::ToCustomer ? evening : evening / 4 + 20;
  return full / 1'000 * (share + noise / 2) + noise;
}

Batch batch_of(const Plan& plan, const std::vector<std::string>& names, std::int64_t from,
               std::int64_t until) {
  Batch batch;
  batch.intervals.reserve(plan.contracts * 2);
  for (std::int64_t start = from; start < until; start += kIntervalSeconds) {
    for (std::uint32_t contract = 0; contract < plan.contracts; ++contract) {
      for (const Direction direction : {Direction::FromCustomer, Direction::ToCustomer}) {
        const std::uint64_t bytes = bytes_of(contract, start, direction);
        const std::uint64_t records = bytes / 1'000'000 + 1;
        batch.intervals.push_back({.contract = names[contract],
                                   .start = start,
                                   .direction = direction,
                                   .bytes = bytes,
                                   .packets = bytes / 800 + 1,
                                   .records = records,
                                   // A sample of 1 in 1,000 of packets of 800 bytes.
                                   .variance = static_cast<double>(bytes) * 800.0 * 999.0});
      }
    }
    batch.coverage.push_back({.start = start, .seconds = kIntervalSeconds});
    for (unsigned router = 0; router < 20; ++router)
      batch.reception.push_back(
          {.exporter = fmt::format("router-{:02}", router), .start = start, .received = 30'000});
  }
  return batch;
}

bool write_configuration(const Plan& plan) {
  std::ofstream config(plan.folder + "/weir.yaml");
  config << "listen:\n  - {udp: \"127.0.0.1:0\"}\n"
         << fmt::format("ledger: {{url: \"{}\"}}\n", plan.ledger) << "contracts: contracts.yaml\n";
  std::ofstream contracts(plan.folder + "/contracts.yaml");
  for (std::uint32_t contract = 0; contract < plan.contracts; ++contract)
    contracts << fmt::format(
        "- {{id: {}, customer: customer {}, service: ip, committed: {}M, from: 2020-01-01, "
        "attach: [{{prefix: 10.{}.{}.0/24}}]}}\n",
        name_of(contract), contract / 3, committed_megabits(contract), contract / 256,
        contract % 256);
  return config.good() && contracts.good();
}

std::int64_t days_since_epoch(int year, unsigned month) {
  return std::chrono::sys_days(std::chrono::year{year} / std::chrono::month{month} / 1)
      .time_since_epoch()
      .count();
}

/// Prints how long it takes to open the ledger, and to read the last month of single contracts.
int measure(const Plan& plan, const weir::ledger::LedgerUrl& url, std::int64_t end) {
  using Clock = std::chrono::steady_clock;
  const auto ms_since = [](Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  };
  constexpr std::uint32_t kAsked = 100;
  const auto started = Clock::now();
  auto ledger = Ledger::open_existing(url);
  if (!ledger) {
    fmt::print(stderr, "fill_ledger: {}\n", ledger.error().message);
    return 1;
  }
  fmt::print("opened in {:.1f} ms\n", ms_since(started));
  std::vector<double> times;
  std::size_t intervals = 0;
  for (std::uint32_t i = 0; i < kAsked; ++i) {
    const std::string name = name_of(static_cast<std::uint32_t>(mixed(i) % plan.contracts));
    const auto asked = Clock::now();
    const auto found = ledger->intervals(name, end - std::int64_t{31} * 86'400, end);
    times.push_back(ms_since(asked));
    if (found) intervals += found->size();
  }
  std::ranges::sort(times);
  fmt::print("31 days of one contract: median {:.1f} ms, slowest {:.1f} ms, {} intervals\n",
             times[kAsked / 2], times.back(), intervals / kAsked);
  return 0;
}

int fill(const Plan& plan) {
  if (!plan.folder.empty() && !write_configuration(plan)) {
    fmt::print(stderr, "fill_ledger: cannot write into {}\n", plan.folder);
    return 1;
  }
  const auto url = weir::ledger::parse_ledger_url(plan.ledger, "");
  if (!url) {
    fmt::print(stderr, "fill_ledger: {}\n", url.error().message);
    return 2;
  }
  const std::int64_t begin = days_since_epoch(plan.year, 1) * 86'400;
  const std::int64_t end =
      plan.days != 0
          ? begin + std::int64_t{plan.days} * 86'400
          : days_since_epoch(plan.year + static_cast<int>(plan.months / 12), plan.months % 12 + 1) *
                86'400;
  if (plan.measures) return measure(plan, *url, end);
  auto ledger = Ledger::open(*url);
  if (!ledger) {
    fmt::print(stderr, "fill_ledger: {}\n", ledger.error().message);
    return 1;
  }
  std::vector<std::string> names;
  for (std::uint32_t contract = 0; contract < plan.contracts; ++contract)
    names.push_back(name_of(contract));
  const auto step = static_cast<std::int64_t>(
      std::max<std::size_t>(1, kRowsPerWrite / (std::size_t{2} * plan.contracts)));
  std::uint64_t rows = 0;
  const auto started = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  };
  for (std::int64_t from = begin; from < end; from += step * kIntervalSeconds) {
    const Batch batch = batch_of(plan, names, from, std::min(end, from + step * kIntervalSeconds));
    if (const auto written = ledger->write("made-traffic", batch); !written) {
      fmt::print(stderr, "fill_ledger: {}\n", written.error().message);
      return 1;
    }
    rows += batch.intervals.size();
  }
  fmt::print("{} rows in {:.1f} s\n", rows, seconds());
  if (!plan.digests) return 0;
  const auto made = ledger->digest_before(end);
  if (!made) {
    fmt::print(stderr, "fill_ledger: {}\n", made.error().message);
    return 1;
  }
  fmt::print("{} days digested, {:.1f} s in all\n", *made, seconds());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Plan plan;
  CLI::App app{"Fills a ledger with made traffic of many contracts, for measuring it"};
  app.add_option("--ledger", plan.ledger, "sqlite:FILE or postgresql://...")->required();
  app.add_option("--folder", plan.folder, "write weir.yaml and contracts.yaml there");
  app.add_option("--contracts", plan.contracts)
      ->check(CLI::Range(1, 65'000))
      ->capture_default_str();
  app.add_option("--months", plan.months, "from January on")
      ->check(CLI::Range(1, 14))
      ->capture_default_str();
  app.add_option("--days", plan.days, "from 1 January on, instead of months")
      ->check(CLI::Range(1, 400));
  app.add_option("--year", plan.year)->check(CLI::Range(1'971, 2'100))->capture_default_str();
  app.add_flag("!--no-digests", plan.digests, "rows only");
  app.add_flag("--measure", plan.measures, "read what was filled, and write nothing");
  CLI11_PARSE(app, argc, argv);
  try {
    return fill(plan);
  } catch (const std::exception& error) {
    fmt::print(stderr, "fill_ledger: {}\n", error.what());
    return 1;
  }
}
