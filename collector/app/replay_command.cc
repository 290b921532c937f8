#include "collector/app/replay_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <string_view>
#include <tuple>

#include "collector/app/csv_text.h"
#include "collector/app/ledger_rows.h"
#include "collector/app/rfc3339.h"
#include "collector/app/terms_history.h"
#include "collector/config/config_file.h"
#include "collector/pipeline/replay.h"
#include "exporters/ledger/ledger.h"
#include "proto/bucket_batch_codec.h"

namespace weir::app {
namespace {

constexpr std::uint64_t kIntervalSeconds = pipeline::kLedgerInterval.count() / 1'000;

/// One line of output: one direction of an interval.
struct Row {
  std::string_view contract;
  TrafficTime start;
  Direction direction = Direction::FromCustomer;
  core::CellTotal total;

  [[nodiscard]] std::uint64_t bits_per_second() const noexcept {
    const core::Wide bits = static_cast<core::Wide>(total.bytes) * 8;
    return static_cast<std::uint64_t>(bits / kIntervalSeconds);
  }
  /// Half width at 95 %: 1.96 standard deviations (DESIGN, "Accuracy").
  [[nodiscard]] std::uint64_t error_bits_per_second() const noexcept {
    const long double deviation = std::sqrt(static_cast<long double>(total.variance));
    return static_cast<std::uint64_t>(
        std::llround(1.96L * deviation * 8 / static_cast<long double>(kIntervalSeconds)));
  }
};

/// By start, contract, direction: the order of the output is a promise.
std::vector<Row> rows_of(const pipeline::ContractNames& names,
                         const std::vector<pipeline::SlotInterval>& intervals) {
  std::vector<Row> rows;
  rows.reserve(intervals.size() * 2);
  for (const auto& interval : intervals) {
    for (const Direction direction : {Direction::FromCustomer, Direction::ToCustomer}) {
      const auto total = interval.of(direction);
      if (total.bytes != 0 || total.packets != 0)
        rows.push_back({.contract = names[interval.slot.value()],
                        .start = interval.start,
                        .direction = direction,
                        .total = total});
    }
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return std::tuple(a.start, a.contract, a.direction) <
           std::tuple(b.start, b.contract, b.direction);
  });
  return rows;
}

void print_json(std::FILE* out, const Row& row) {
  boost::json::object object;
  object["contract"] = row.contract;
  object["direction"] = direction_name(row.direction);
  object["start"] = rfc3339(row.start);
  object["seconds"] = kIntervalSeconds;
  object["bytes"] = row.total.bytes;
  object["packets"] = row.total.packets;
  object["bits_per_second"] = row.bits_per_second();
  object["error_bits_per_second"] = row.error_bits_per_second();
  fmt::print(out, "{}\n", boost::json::serialize(object));
}

void print_csv(std::FILE* out, const Row& row) {
  fmt::print(out, "{},{},{},{},{},{},{},{}\r\n", csv_text(row.contract),
             direction_name(row.direction), rfc3339(row.start), kIntervalSeconds, row.total.bytes,
             row.total.packets, row.bits_per_second(), row.error_bits_per_second());
}

void print_text(std::FILE* out, const Row& row) {
  fmt::print(
      out, "{:<21} {:<24} {:<14} {:>12.3f} {:>10.3f} {:>16} {:>14}\n", rfc3339(row.start),
      row.contract, direction_name(row.direction), static_cast<double>(row.bits_per_second()) / 1e6,
      static_cast<double>(row.error_bits_per_second()) / 1e6, row.total.bytes, row.total.packets);
}

void print_heading(std::FILE* out, ReplayFormat format) {
  if (format == ReplayFormat::Csv)
    fmt::print(out,
               "contract,direction,start,seconds,bytes,packets,bits_per_second,"
               "error_bits_per_second\r\n");
  if (format == ReplayFormat::Text)
    fmt::print(out, "{:<21} {:<24} {:<14} {:>12} {:>10} {:>16} {:>14}\n", "start", "contract",
               "direction", "Mbit/s", "+- 95%", "bytes", "packets");
}

void print_books(std::FILE* out, ReplayFormat format, const pipeline::ReplayOutcome& outcome) {
  // A table or a row of intervals, and nothing else.
  if (format == ReplayFormat::Csv || format == ReplayFormat::Protobuf) return;
  if (format == ReplayFormat::Json) {
    boost::json::object books;
    for (std::size_t fate = 0; fate < kFates; ++fate)
      books[fate_name(static_cast<Fate>(fate))] = outcome.fates[fate];
    fmt::print(out, "{}\n", boost::json::serialize(boost::json::object{{"books", books}}));
    return;
  }
  fmt::print(out, "\n{} datagrams, {} records, {} bytes reported\n", outcome.datagrams,
             outcome.records, outcome.reported_bytes);
  for (std::size_t fate = 0; fate < kFates; ++fate)
    if (outcome.fates[fate] != 0)
      fmt::print(out, "  {:<12} {:>20} bytes\n", fate_name(static_cast<Fate>(fate)),
                 outcome.fates[fate]);
}

/// Writes intervals as length-delimited batches: one for each start, by rising start.
class BatchPrinter {
 public:
  BatchPrinter(std::FILE* out, std::string run) : out_(out), run_(std::move(run)) {}

  void print(const pipeline::ContractNames& names,
             const std::vector<pipeline::SlotInterval>& intervals) {
    std::map<TrafficTime, std::vector<proto::ContractBucket>> by_start;
    for (const auto& interval : intervals)
      for (const Direction direction : {Direction::FromCustomer, Direction::ToCustomer})
        for (const Family family : {Family::Ipv4, Family::Ipv6})
          if (const auto& total = interval.totals[core::cell_position(direction, family)];
              total != core::CellTotal{})
            by_start[interval.start].push_back({.contract = names[interval.slot.value()],
                                                .direction = direction,
                                                .family = family,
                                                .total = total});
    for (auto& [start, buckets] : by_start) {
      std::ranges::sort(buckets, [](const auto& a, const auto& b) {
        return std::tie(a.contract, a.direction, a.family) <
               std::tie(b.contract, b.direction, b.family);
      });
      const std::string bytes = proto::encode_delimited({.run = run_,
                                                         .sequence = ++sequence_,
                                                         .start = start,
                                                         .width = pipeline::kLedgerInterval,
                                                         .buckets = std::move(buckets)});
      // What a full disk refuses is told when the output is flushed.
      static_cast<void>(std::fwrite(bytes.data(), 1, bytes.size(), out_));
    }
  }

 private:
  std::FILE* out_;
  const std::string run_;
  std::uint64_t sequence_ = 0;
};

/// Without any traffic for longer than this, nothing was captured.
constexpr std::int64_t kLongestSilence = 3'600;

/// After all that a ledger holds.
constexpr std::int64_t kForEver = std::numeric_limits<std::int64_t>::max();

/// Writes a replay's intervals to a ledger, those without traffic included: the captures
/// measured them all, from the first with traffic to the last.
///
/// Rows of a replay before that this one has no more go: with another lateness, what was late is in
/// time now or the other way round, and would count twice. The same replay again changes nothing.
class Keeper {
 public:
  [[nodiscard]] static Result<Keeper> open(const std::string& where,
                                           const std::vector<std::string>& captures,
                                           const std::vector<contracts::Contract>& contracts) {
    auto run = run_of_captures(captures);
    if (!run) return tl::unexpected(run.error());
    const auto url = ledger::parse_ledger_url(where, "");
    if (!url) return tl::unexpected(url.error());
    auto opened = ledger::Ledger::open(*url);
    if (!opened) return tl::unexpected(opened.error());
    const auto noted = note_terms(*opened, contracts, traffic_now());
    if (!noted) return tl::unexpected(noted.error());
    return Keeper(std::move(*opened), std::move(*run));
  }

  /// `intervals` are whole, and start where the ones before them ended or later. What has been
  /// taken is told on `said`, if it is not null.
  [[nodiscard]] Result<void> keep(const pipeline::ContractNames& names,
                                  const std::vector<pipeline::SlotInterval>& intervals,
                                  std::FILE* said) {
    if (intervals.empty()) return {};
    ledger::Batch batch{
        .intervals = ledger_rows(names, intervals), .coverage = {}, .reception = {}};
    if (batch.intervals.empty()) return {};
    const std::int64_t first = batch.intervals.front().start;
    const std::int64_t last = batch.intervals.back().start;
    // Captures that lie far apart measured nothing in between.
    const bool goes_on = next_ && first - *next_ <= kLongestSilence;
    for (std::int64_t start = goes_on ? *next_ : first; start <= last;
         start += ledger::kIntervalSeconds)
      batch.coverage.push_back({.start = start, .seconds = ledger::kIntervalSeconds});
    if (auto gone = ledger_.forget_others(run_, batch.intervals, next_.value_or(0),
                                          last + ledger::kIntervalSeconds);
        !gone)
      return gone;
    next_ = last + ledger::kIntervalSeconds;
    if (auto written = ledger_.write(run_, batch); !written) return written;
    if (said != nullptr)
      for (const auto& covered : batch.coverage)
        fmt::print(said, "weir: ledger: interval {} closed\n",
                   rfc3339(traffic_time_ms(covered.start * 1'000)));
    return {};
  }

  /// After the last of them: what came late, in rows of a run of its own as the running collector's
  /// amendments are.
  [[nodiscard]] Result<void> keep_late(const pipeline::ContractNames& names,
                                       const std::vector<pipeline::SlotInterval>& late) {
    const std::string run = ledger::Ledger::amendment_run(run_);
    ledger::Batch batch{.intervals = ledger_rows(names, late), .coverage = {}, .reception = {}};
    if (auto gone = ledger_.forget_others(run_, {}, next_.value_or(0), kForEver); !gone)
      return gone;
    if (auto gone = ledger_.forget_others(run, batch.intervals, 0, kForEver); !gone) return gone;
    if (batch.intervals.empty()) return {};
    for (auto& row : batch.intervals) row.revision = 1;
    return ledger_.write(run, batch);
  }

  [[nodiscard]] Result<void> keep_interfaces(
      const std::vector<pipeline::InterfaceInterval>& intervals) {
    ledger::Batch batch{.intervals = {}, .coverage = {}, .reception = {}};
    batch.interfaces = interface_rows(intervals);
    return ledger_.write(run_, batch);
  }

  [[nodiscard]] Result<void> keep_exports(const std::vector<pipeline::ExportInterval>& intervals) {
    ledger::Batch batch{.intervals = {}, .coverage = {}, .reception = {}};
    batch.exports = export_rows(intervals);
    return ledger_.write(run_, batch);
  }

 private:
  Keeper(ledger::Ledger ledger, std::string run)
      : ledger_(std::move(ledger)), run_(std::move(run)) {}

  ledger::Ledger ledger_;
  std::string run_;
  std::optional<std::int64_t> next_;  ///< start of the first interval that is not covered yet
};

}  // namespace

int run_replay(const ReplayOptions& options, std::FILE* out, std::FILE* err) {
  const auto loaded = config::load(options.config);
  for (const auto& problem : loaded.problems)
    if (problem.severity == config::Severity::Error)
      fmt::print(err, "{}\n", config::to_string(problem));
  if (!loaded.config) return 2;

  std::optional<Keeper> keeper;
  if (!options.ledger.empty()) {
    auto opened = Keeper::open(options.ledger, options.captures, loaded.config->contracts);
    if (!opened) {
      fmt::print(err, "weir: {}\n", opened.error().message);
      return opened.error().code == ErrorCode::Usage ? 2 : 1;
    }
    keeper.emplace(std::move(*opened));
  }
  std::optional<BatchPrinter> batches;
  if (options.format == ReplayFormat::Protobuf) {
    auto run = run_of_captures(options.captures);
    if (!run) {
      fmt::print(err, "weir: {}\n", run.error().message);
      return run.error().code == ErrorCode::Usage ? 2 : 1;
    }
    batches.emplace(out, std::move(*run));
  }
  Result<void> kept;

  print_heading(out, options.format);
  const auto print = [&](const pipeline::ContractNames& names,
                         const std::vector<pipeline::SlotInterval>& intervals) {
    if (keeper && kept) kept = keeper->keep(names, intervals, options.is_verbose ? err : nullptr);
    if (batches) {
      batches->print(names, intervals);
      return;
    }
    for (const Row& row : rows_of(names, intervals)) {
      switch (options.format) {
        case ReplayFormat::Json:
          print_json(out, row);
          break;
        case ReplayFormat::Csv:
          print_csv(out, row);
          break;
        case ReplayFormat::Text:
          print_text(out, row);
          break;
        case ReplayFormat::Protobuf:
          break;
      }
    }
  };
  const auto keep_interfaces = [&](const std::vector<pipeline::InterfaceInterval>& intervals) {
    if (keeper && kept) kept = keeper->keep_interfaces(intervals);
  };
  const auto keep_exports = [&](const std::vector<pipeline::ExportInterval>& intervals) {
    if (keeper && kept) kept = keeper->keep_exports(intervals);
  };
  const auto outcome =
      pipeline::replay(*loaded.config, options.captures, print, keep_interfaces, keep_exports);
  if (!outcome) {
    fmt::print(err, "weir: {}\n", outcome.error().message);
    return outcome.error().code == ErrorCode::Usage ? 2 : 1;
  }
  if (keeper && kept) kept = keeper->keep_late(outcome->names, outcome->late);
  print_books(out, options.format, *outcome);
  if (!kept) {
    fmt::print(err, "weir: {}\n", kept.error().message);
    return 1;
  }
  if (keeper && outcome->late_bytes_lost != 0)
    fmt::print(err, "weir: {} bytes of late records are too old for the ledger\n",
               outcome->late_bytes_lost);
  for (const auto& warning : outcome->warnings) fmt::print(err, "weir: {}\n", warning);
  if (outcome->refused_datagrams != 0)
    fmt::print(err, "weir: {} datagrams came from sources outside exporters.allow\n",
               outcome->refused_datagrams);
  if (outcome->unreadable_datagrams != 0)
    fmt::print(err, "weir: {} datagrams are not NetFlow, IPFIX or sFlow\n",
               outcome->unreadable_datagrams);
  const auto sum = std::accumulate(outcome->fates.begin(), outcome->fates.end(), std::uint64_t{0});
  if (sum != outcome->reported_bytes) {
    fmt::print(err, "weir: the books do not balance: {} bytes reported, {} accounted for\n",
               outcome->reported_bytes, sum);
    return 1;
  }
  if (std::fflush(out) != 0 || std::ferror(out) != 0) {
    fmt::print(err, "weir: cannot write the result: {}\n",
               fmt::system_error(errno, "output").what());
    return 1;
  }
  return 0;
}

}  // namespace weir::app
