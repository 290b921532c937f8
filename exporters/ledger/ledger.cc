#include "exporters/ledger/ledger.h"

#include <fmt/format.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "exporters/ledger/day_text.h"
#include "exporters/ledger/schema.h"

namespace weir::ledger {
namespace {

using Number = long long;

/// How long another process may hold the file before a write gives up.
constexpr int kBusySeconds = 10;

/// Rows that are fetched from the database at once.
constexpr std::size_t kFetch = 1'000;

Number number_of(std::uint64_t value) {
  // The databases have signed integers. What does not fit never passed a router.
  if (value > static_cast<std::uint64_t>(std::numeric_limits<Number>::max()))
    throw soci::soci_error("an amount exceeds 63 bits");
  return static_cast<Number>(value);
}

std::uint64_t amount_of(Number value) noexcept {
  return value < 0 ? 0 : static_cast<std::uint64_t>(value);
}

std::uint64_t deviation_of(double variance) noexcept {
  return static_cast<std::uint64_t>(std::llround(std::sqrt(std::max(variance, 0.0))));
}

std::int64_t day_of(std::int64_t time) noexcept { return time - time % kDaySeconds; }

std::set<std::int64_t> days_of(const Batch& batch) {
  std::set<std::int64_t> days;
  for (const auto& row : batch.intervals) days.insert(day_of(row.start));
  for (const auto& row : batch.coverage) days.insert(day_of(row.start));
  return days;
}

constexpr std::string_view kSums =
    "i.start, i.contract, "
    "CAST(SUM(CASE WHEN i.direction = 0 THEN i.bytes ELSE 0 END) AS BIGINT), "
    "CAST(SUM(CASE WHEN i.direction = 1 THEN i.bytes ELSE 0 END) AS BIGINT), "
    "SUM(CASE WHEN i.direction = 0 THEN i.variance ELSE 0 END), "
    "SUM(CASE WHEN i.direction = 1 THEN i.variance ELSE 0 END), MAX(i.revision)";

ErrorCode code_of(std::string_view text) noexcept {
  const auto says = [&](std::string_view words) {
    return text.find(words) != std::string_view::npos;
  };
  if (says("not a database") || says("malformed")) return ErrorCode::Malformed;
  if (says("readonly") || says("unable to open") || says("ermission denied"))
    return ErrorCode::Permission;
  if (says("locked") || says("is full") || says("disk I/O") || says("connect") || says("terminat"))
    return ErrorCode::Unavailable;
  return ErrorCode::Internal;
}

}  // namespace

struct Ledger::State {
  explicit State(LedgerUrl where) : url(std::move(where)) {}

  LedgerUrl url;
  soci::session sql;
  // Numbers of names, as far as they were asked for.
  std::unordered_map<std::string, Number> contracts;
  std::unordered_map<std::string, Number> runs;
  std::unordered_map<std::string, Number> exporters;

  [[nodiscard]] tl::unexpected<Error> failed(const char* what, const std::exception& error) const {
    const std::string text = error.what();
    return failure(code_of(text), fmt::format("ledger {}: {}: {}", url.shown(), what, text));
  }

  void connect();
  void migrate();
  [[nodiscard]] Number version();
  /// The number of `name` in `table`, given now if it has none.
  [[nodiscard]] Number number(const char* table, std::unordered_map<std::string, Number>& known,
                              const std::string& name);
  [[nodiscard]] std::optional<Number> find(const char* table, const std::string& name);
  /// What write() learnt of numbers inside a transaction that was undone.
  void forget_numbers() {
    contracts.clear();
    runs.clear();
    exporters.clear();
  }
};

void Ledger::State::connect() {
  if (url.backend == Backend::Postgresql) {
    sql.open(soci::postgresql, url.target);
    return;
  }
  // A path may hold blanks and quotes.
  std::string path;
  for (const char c : url.target) {
    if (c == '"' || c == '\\') path += '\\';
    path += c;
  }
  // What can fail is said afterwards: a session that fails while it opens keeps its memory.
  sql.open(soci::sqlite3, fmt::format("db=\"{}\" timeout={}", path, kBusySeconds));
  sql << "PRAGMA synchronous=FULL";
  sql << "PRAGMA journal_mode=DELETE";
  sql << "PRAGMA foreign_keys=ON";
  std::string verdict;
  sql << "PRAGMA quick_check(1)", soci::into(verdict);
  if (verdict != "ok") throw soci::soci_error("the file is malformed: " + verdict);
}

Number Ledger::State::version() {
  Number tables = 0;
  if (url.backend == Backend::Sqlite)
    sql << "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'",
        soci::into(tables);
  else
    sql << "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema() "
           "AND table_name = 'schema_version'",
        soci::into(tables);
  if (tables == 0) return 0;
  Number version = 0;
  sql << "SELECT version FROM schema_version", soci::into(version);
  return version;
}

void Ledger::State::migrate() {
  const auto steps = migrations(url.backend);
  const Number now = version();
  if (now > static_cast<Number>(steps.size()))
    throw soci::soci_error(
        fmt::format("it has version {}, this program knows up to {}; use the newer program", now,
                    steps.size()));
  if (now == static_cast<Number>(steps.size())) return;
  soci::transaction transaction(sql);
  if (now == 0) {
    sql << "CREATE TABLE schema_version (version INTEGER NOT NULL)";
    sql << "INSERT INTO schema_version (version) VALUES (0)";
  }
  for (auto step = static_cast<std::size_t>(now); step < steps.size(); ++step)
    for (const std::string& statement : steps[step]) sql << statement;
  sql << "UPDATE schema_version SET version = " << steps.size();
  transaction.commit();
}

std::optional<Number> Ledger::State::find(const char* table, const std::string& name) {
  Number found = 0;
  soci::indicator indicator = soci::i_null;
  sql << "SELECT max(number) FROM " << table << " WHERE name = :name", soci::use(name),
      soci::into(found, indicator);
  if (indicator == soci::i_null) return std::nullopt;
  return found;
}

Number Ledger::State::number(const char* table, std::unordered_map<std::string, Number>& known,
                             const std::string& name) {
  if (const auto at = known.find(name); at != known.end()) return at->second;
  auto found = find(table, name);
  if (!found) {
    Number next = 0;
    sql << "SELECT coalesce(max(number), 0) + 1 FROM " << table, soci::into(next);
    sql << "INSERT INTO " << table << " (number, name) VALUES (:number, :name)", soci::use(next),
        soci::use(name);
    found = next;
  }
  known.emplace(name, *found);
  return *found;
}

Ledger::Ledger(std::unique_ptr<State> state) : state_(std::move(state)) {}
Ledger::Ledger(Ledger&&) noexcept = default;
Ledger& Ledger::operator=(Ledger&&) noexcept = default;
Ledger::~Ledger() = default;

Result<Ledger> Ledger::open_at(const LedgerUrl& url) {
  auto state = std::make_unique<State>(url);
  try {
    state->connect();
    state->migrate();
  } catch (const std::exception& error) {
    return state->failed("cannot be opened", error);
  }
  return Ledger(std::move(state));
}

Result<Ledger> Ledger::open(const LedgerUrl& url) {
  if (url.backend == Backend::Sqlite) {
    const auto folder = std::filesystem::path(url.target).parent_path();
    std::error_code ignored;
    if (!folder.empty()) std::filesystem::create_directories(folder, ignored);
  }
  return open_at(url);
}

Result<Ledger> Ledger::open_existing(const LedgerUrl& url) {
  std::error_code ignored;
  if (url.backend == Backend::Sqlite && !std::filesystem::exists(url.target, ignored))
    return failure(
        ErrorCode::NotFound,
        fmt::format("ledger {} is not there; `weir serve` or `weir replay --ledger` makes "
                    "it",
                    url.shown()));
  return open_at(url);
}

Result<void> Ledger::write(std::string_view run, const Batch& batch) {
  State& state = *state_;
  soci::session& sql = state.sql;
  try {
    soci::transaction transaction(sql);
    const Number run_number = state.number("run", state.runs, std::string(run));

    // Statements read these where they stand, each time that they are executed.
    struct Bound {
      Number start = 0;
      Number contract = 0;
      Number direction = 0;
      Number family = 0;
      Number bytes = 0;
      Number packets = 0;
      Number records = 0;
      double variance = 0;
      Number revision = 0;
      Number seconds = 0;
      Number exporter = 0;
      Number received = 0;
      Number lost = 0;
    } bound;
    soci::statement put_interval =
        (sql.prepare
             << "INSERT INTO contract_interval (start, contract, direction, family, run, bytes, "
                "packets, "
                "records, variance, revision) VALUES (:start, :contract, :direction, :family, "
                ":run, "
                ":bytes, :packets, :records, :variance, :revision) "
                "ON CONFLICT (start, contract, direction, family, run) DO UPDATE SET "
                "bytes = excluded.bytes, packets = excluded.packets, records = excluded.records, "
                "variance = excluded.variance, revision = excluded.revision "
                "WHERE contract_interval.bytes <> excluded.bytes "
                "OR contract_interval.packets <> excluded.packets "
                "OR contract_interval.records <> excluded.records "
                "OR contract_interval.variance <> excluded.variance",
         soci::use(bound.start), soci::use(bound.contract), soci::use(bound.direction),
         soci::use(bound.family), soci::use(run_number), soci::use(bound.bytes),
         soci::use(bound.packets), soci::use(bound.records), soci::use(bound.variance),
         soci::use(bound.revision));
    for (const IntervalRow& row : batch.intervals) {
      bound.start = row.start;
      bound.contract = state.number("contract", state.contracts, row.contract);
      bound.direction = static_cast<Number>(row.direction);
      bound.family = static_cast<Number>(row.family);
      bound.bytes = number_of(row.bytes);
      bound.packets = number_of(row.packets);
      bound.records = number_of(row.records);
      bound.variance = row.variance;
      bound.revision = row.revision;
      put_interval.execute(true);
    }

    // A digest of a day that changes is no longer true.
    for (const std::int64_t day : days_of(batch)) {
      if (digested_days(day, day + 1).empty()) continue;
      sql << "DELETE FROM day WHERE day = :day", soci::use(day);
      sql << "DELETE FROM contract_day WHERE day = :day", soci::use(day);
    }

    soci::statement put_coverage =
        (sql.prepare
             << "INSERT INTO coverage (start, run, seconds) VALUES (:start, :run, :seconds) "
                "ON CONFLICT (start, run) DO UPDATE SET seconds = excluded.seconds "
                "WHERE coverage.seconds < excluded.seconds",
         soci::use(bound.start), soci::use(run_number), soci::use(bound.seconds));
    for (const CoverageRow& row : batch.coverage) {
      bound.start = row.start;
      bound.seconds = row.seconds;
      put_coverage.execute(true);
    }

    soci::statement put_reception =
        (sql.prepare
             << "INSERT INTO reception (start, exporter, run, received, lost) VALUES (:start, "
                ":exporter, :run, :received, :lost) ON CONFLICT (start, exporter, run) DO UPDATE "
                "SET received = excluded.received, lost = excluded.lost "
                "WHERE reception.received <> excluded.received OR reception.lost <> excluded.lost",
         soci::use(bound.start), soci::use(bound.exporter), soci::use(run_number),
         soci::use(bound.received), soci::use(bound.lost));
    for (const ReceptionRow& row : batch.reception) {
      bound.start = row.start;
      bound.exporter = state.number("exporter", state.exporters, row.exporter);
      bound.received = number_of(row.received);
      bound.lost = number_of(row.lost);
      put_reception.execute(true);
    }
    transaction.commit();
  } catch (const std::exception& error) {
    state.forget_numbers();
    return state.failed("cannot be written", error);
  }
  return {};
}

std::string Ledger::amendment_run(std::string_view run) { return std::string(run) + " late"; }

Result<Amended> Ledger::amend(std::string_view run, const Amendments& amendments,
                              const IsClosed& is_closed) {
  State& state = *state_;
  soci::session& sql = state.sql;
  Amended amended;
  try {
    soci::transaction transaction(sql);
    struct Bound {
      Number run = 0;
      Number number = 0;
      Number last = 0;
      Number start = 0;
      Number contract = 0;
      Number direction = 0;
      Number family = 0;
      Number bytes = 0;
      Number packets = 0;
      Number records = 0;
      double variance = 0;
    } bound;
    bound.run = state.number("run", state.runs, amendment_run(run));
    bound.number = number_of(amendments.number);
    soci::indicator indicator = soci::i_null;
    sql << "SELECT max(last) FROM amended WHERE run = :run", soci::use(bound.run),
        soci::into(bound.last, indicator);
    if (indicator == soci::i_ok && bound.last >= bound.number) {
      // It may just have got its number: that is undone with the transaction.
      state.forget_numbers();
      return amended;
    }
    soci::statement put =
        (sql.prepare
             << "INSERT INTO contract_interval (start, contract, direction, family, run, bytes, "
                "packets, records, variance, revision) VALUES (:start, :contract, :direction, "
                ":family, :run, :bytes, :packets, :records, :variance, 1) "
                "ON CONFLICT (start, contract, direction, family, run) DO UPDATE SET "
                "bytes = contract_interval.bytes + excluded.bytes, "
                "packets = contract_interval.packets + excluded.packets, "
                "records = contract_interval.records + excluded.records, "
                "variance = contract_interval.variance + excluded.variance, "
                "revision = contract_interval.revision + 1",
         soci::use(bound.start), soci::use(bound.contract), soci::use(bound.direction),
         soci::use(bound.family), soci::use(bound.run), soci::use(bound.bytes),
         soci::use(bound.packets), soci::use(bound.records), soci::use(bound.variance));
    std::set<std::int64_t> days;
    for (const IntervalRow& row : amendments.rows) {
      if (is_closed(row.contract, row.start)) {
        amended.closed_bytes += row.bytes;
        continue;
      }
      bound.start = row.start;
      bound.contract = state.number("contract", state.contracts, row.contract);
      bound.direction = static_cast<Number>(row.direction);
      bound.family = static_cast<Number>(row.family);
      bound.bytes = number_of(row.bytes);
      bound.packets = number_of(row.packets);
      bound.records = number_of(row.records);
      bound.variance = row.variance;
      put.execute(true);
      amended.written_bytes += row.bytes;
      days.insert(day_of(row.start));
    }
    for (const std::int64_t day : days) {
      sql << "DELETE FROM day WHERE day = :day", soci::use(day);
      sql << "DELETE FROM contract_day WHERE day = :day", soci::use(day);
    }
    sql << "INSERT INTO amended (run, last) VALUES (:run, :last) ON CONFLICT (run) DO UPDATE SET "
           "last = excluded.last",
        soci::use(bound.run), soci::use(bound.number);
    transaction.commit();
  } catch (const std::exception& error) {
    state.forget_numbers();
    return state.failed("cannot be amended", error);
  }
  return amended;
}

Result<std::vector<ContractInterval>> Ledger::intervals(std::string_view contract,
                                                        std::int64_t from, std::int64_t until) {
  std::vector<ContractInterval> found;
  const std::vector<std::string> one{std::string(contract)};
  auto done = each_interval(one, from, until, [&](std::size_t, const ContractInterval& interval) {
    found.push_back(interval);
  });
  if (!done) return tl::unexpected(done.error());
  return found;
}

/// Sums of a contract's rows of one start, as read in columns.
struct Ledger::Columns {
  std::vector<Number> starts;
  std::vector<Number> contracts;
  std::vector<Number> from_bytes;
  std::vector<Number> to_bytes;
  std::vector<double> from_variances;
  std::vector<double> to_variances;
  std::vector<Number> revisions;

  Columns() { make_room(); }
  void make_room() {
    for (auto* column : {&starts, &contracts, &from_bytes, &to_bytes, &revisions})
      column->resize(kFetch);
    from_variances.resize(kFetch);
    to_variances.resize(kFetch);
  }
  [[nodiscard]] ContractInterval interval(std::size_t i) const {
    return {.start = starts[i],
            .from_customer_bytes = amount_of(from_bytes[i]),
            .to_customer_bytes = amount_of(to_bytes[i]),
            .from_customer_deviation = deviation_of(from_variances[i]),
            .to_customer_deviation = deviation_of(to_variances[i]),
            .revision = static_cast<std::uint32_t>(revisions[i])};
  }
};

void Ledger::fetch(soci::statement& statement, Columns& columns, const TakeNumbered& take) {
  statement.execute();
  while (statement.fetch()) {
    for (std::size_t i = 0; i < columns.starts.size(); ++i)
      take(columns.contracts[i], columns.interval(i));
    columns.make_room();
  }
}

void Ledger::each_row_of_one(Number contract, std::int64_t from, std::int64_t until,
                             const TakeNumbered& take) {
  Columns columns;
  // Rows stand by their start: go from start to start, not over all contracts.
  soci::statement statement =
      (state_->sql.prepare
           << "SELECT " << kSums
           << " FROM (SELECT DISTINCT start FROM coverage WHERE start >= :from AND "
              "start < :until) c CROSS JOIN contract_interval i WHERE i.start = c.start "
              "AND i.contract = :one GROUP BY i.start, i.contract ORDER BY i.start",
       soci::use(from), soci::use(until), soci::use(contract), soci::into(columns.starts),
       soci::into(columns.contracts), soci::into(columns.from_bytes), soci::into(columns.to_bytes),
       soci::into(columns.from_variances), soci::into(columns.to_variances),
       soci::into(columns.revisions));
  fetch(statement, columns, take);
}

void Ledger::each_row_of_all(std::int64_t from, std::int64_t until, const TakeNumbered& take) {
  Columns columns;
  soci::statement statement =
      (state_->sql.prepare
           << "SELECT " << kSums
           << " FROM contract_interval i WHERE i.start >= :from AND i.start < :until "
              "GROUP BY i.start, i.contract ORDER BY i.start, i.contract",
       soci::use(from), soci::use(until), soci::into(columns.starts), soci::into(columns.contracts),
       soci::into(columns.from_bytes), soci::into(columns.to_bytes),
       soci::into(columns.from_variances), soci::into(columns.to_variances),
       soci::into(columns.revisions));
  fetch(statement, columns, take);
}

void Ledger::each_of_day(std::int64_t day, std::optional<Number> only, std::int64_t from,
                         std::int64_t until, const TakeNumbered& take) {
  Number contract = 0;
  std::array<std::string, 5> texts;
  const Number first = only.value_or(0);
  const Number last = only.value_or(std::numeric_limits<Number>::max());
  soci::statement statement =
      (state_->sql.prepare << "SELECT contract, from_customer, to_customer, from_deviation, "
                              "to_deviation, revisions FROM contract_day WHERE day = :day AND "
                              "contract >= :first AND contract <= :last ORDER BY contract",
       soci::use(day), soci::use(first), soci::use(last), soci::into(contract),
       soci::into(texts[0]), soci::into(texts[1]), soci::into(texts[2]), soci::into(texts[3]),
       soci::into(texts[4]));
  statement.execute();
  while (statement.fetch()) {
    std::array<DayNumbers, 5> columns;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto numbers = DayNumbers::from_text(texts[i]);
      if (!numbers)
        throw soci::soci_error(
            fmt::format("the digest of day {} is malformed; delete its rows in "
                        "'day' and 'contract_day' and it is made anew",
                        day));
      columns[i] = *numbers;
    }
    for (std::size_t i = 0; i < kIntervalsPerDay; ++i) {
      const std::int64_t start = day + static_cast<std::int64_t>(i) * kIntervalSeconds;
      if (start < from || start >= until || !columns[0].get(i)) continue;
      take(contract, {.start = start,
                      .from_customer_bytes = *columns[0].get(i),
                      .to_customer_bytes = columns[1].get(i).value_or(0),
                      .from_customer_deviation = columns[2].get(i).value_or(0),
                      .to_customer_deviation = columns[3].get(i).value_or(0),
                      .revision = static_cast<std::uint32_t>(columns[4].get(i).value_or(0))});
    }
  }
}

std::vector<std::int64_t> Ledger::digested_days(std::int64_t from, std::int64_t until) {
  std::vector<std::int64_t> days;
  Number day = 0;
  soci::statement statement =
      (state_->sql.prepare
           << "SELECT day FROM day WHERE day >= :from AND day < :until ORDER BY day",
       soci::use(from), soci::use(until), soci::into(day));
  statement.execute();
  while (statement.fetch()) days.push_back(day);
  return days;
}

Result<void> Ledger::each_interval(std::span<const std::string> contracts, std::int64_t from,
                                   std::int64_t until, const TakeInterval& take) {
  State& state = *state_;
  try {
    std::unordered_map<Number, std::size_t> wanted;
    for (std::size_t i = 0; i < contracts.size(); ++i)
      if (const auto number = state.find("contract", contracts[i])) wanted.emplace(*number, i);
    if (wanted.empty() || from >= until) return {};
    const TakeNumbered take_wanted = [&](Number number, const ContractInterval& interval) {
      if (const auto at = wanted.find(number); at != wanted.end()) take(at->second, interval);
    };
    std::optional<Number> only;
    if (wanted.size() == 1) only = wanted.begin()->first;
    const auto each_row = [&](std::int64_t begin, std::int64_t end) {
      if (begin >= end) return;
      if (only)
        each_row_of_one(*only, begin, end, take_wanted);
      else
        each_row_of_all(begin, end, take_wanted);
    };
    std::int64_t at = from;
    for (const std::int64_t day : digested_days(day_of(from), until)) {
      each_row(at, std::min(day, until));
      each_of_day(day, only, from, until, take_wanted);
      at = std::max(at, day + kDaySeconds);
    }
    each_row(at, until);
  } catch (const std::exception& error) {
    return state.failed("cannot be read", error);
  }
  return {};
}

Result<std::uint32_t> Ledger::digest_before(std::int64_t time) {
  State& state = *state_;
  try {
    std::vector<std::int64_t> days;
    Number start = 0;
    {
      soci::statement statement =
          (state.sql.prepare << "SELECT DISTINCT start - start % " << kDaySeconds
                             << " FROM coverage WHERE start < :time ORDER BY 1",
           soci::use(time), soci::into(start));
      statement.execute();
      while (statement.fetch())
        if (start + kDaySeconds <= time) days.push_back(start);
    }
    const auto done = digested_days(0, time);
    std::uint32_t made = 0;
    for (const std::int64_t day : days) {
      if (std::ranges::binary_search(done, day)) continue;
      digest(day);
      ++made;
    }
    return made;
  } catch (const std::exception& error) {
    return state.failed("cannot be digested", error);
  }
}

void Ledger::digest(std::int64_t day) {
  State& state = *state_;
  std::map<Number, std::array<DayNumbers, 5>> contracts;
  each_row_of_all(day, day + kDaySeconds, [&](Number contract, const ContractInterval& interval) {
    auto& columns = contracts[contract];
    const auto at = static_cast<std::size_t>((interval.start - day) / kIntervalSeconds);
    columns[0].set(at, interval.from_customer_bytes);
    columns[1].set(at, interval.to_customer_bytes);
    columns[2].set(at, interval.from_customer_deviation);
    columns[3].set(at, interval.to_customer_deviation);
    columns[4].set(at, interval.revision);
  });
  soci::transaction transaction(state.sql);
  struct Bound {
    Number contract = 0;
    std::array<std::string, 5> texts;
  } bound;
  auto& texts = bound.texts;
  soci::statement put =
      (state.sql.prepare << "INSERT INTO contract_day (day, contract, from_customer, to_customer, "
                            "from_deviation, to_deviation, revisions) VALUES (:day, :contract, :a, "
                            ":b, :c, :d, :e)",
       soci::use(day), soci::use(bound.contract), soci::use(texts[0]), soci::use(texts[1]),
       soci::use(texts[2]), soci::use(texts[3]), soci::use(texts[4]));
  for (const auto& [number, columns] : contracts) {
    bound.contract = number;
    for (std::size_t i = 0; i < columns.size(); ++i) texts[i] = columns[i].to_text();
    put.execute(true);
  }
  state.sql << "INSERT INTO day (day) VALUES (:day)", soci::use(day);
  transaction.commit();
}

Result<std::vector<IntervalCoverage>> Ledger::coverage(std::int64_t from, std::int64_t until) {
  std::vector<IntervalCoverage> found;
  try {
    std::vector<Number> starts(kFetch);
    std::vector<Number> seconds(kFetch);
    soci::statement statement =
        (state_->sql.prepare << "SELECT start, CAST(SUM(seconds) AS BIGINT) FROM coverage WHERE "
                                "start >= :from AND start < :until GROUP BY start ORDER BY start",
         soci::use(from), soci::use(until), soci::into(starts), soci::into(seconds));
    statement.execute();
    while (statement.fetch()) {
      for (std::size_t i = 0; i < starts.size(); ++i)
        found.push_back({.start = starts[i],
                         .seconds = static_cast<std::uint32_t>(
                             std::min<Number>(seconds[i], kIntervalSeconds))});
      starts.resize(kFetch);
      seconds.resize(kFetch);
    }
  } catch (const std::exception& error) {
    return state_->failed("cannot be read", error);
  }
  return found;
}

Result<std::optional<std::int64_t>> Ledger::last_interval() {
  try {
    Number last = 0;
    soci::indicator indicator = soci::i_null;
    state_->sql << "SELECT max(start) FROM coverage", soci::into(last, indicator);
    if (indicator == soci::i_null) return std::nullopt;
    return last;
  } catch (const std::exception& error) {
    return state_->failed("cannot be read", error);
  }
}

Result<std::vector<ReceptionRow>> Ledger::reception(std::int64_t from, std::int64_t until) {
  std::vector<ReceptionRow> found;
  try {
    std::vector<std::string> names(kFetch);
    std::vector<Number> starts(kFetch);
    std::vector<Number> received(kFetch);
    std::vector<Number> lost(kFetch);
    soci::statement statement =
        (state_->sql.prepare
             << "SELECT e.name, r.start, CAST(SUM(r.received) AS BIGINT), CAST(SUM(r.lost) AS "
                "BIGINT) FROM reception r JOIN exporter e ON e.number = r.exporter WHERE "
                "r.start >= :from AND r.start < :until GROUP BY r.start, e.name ORDER BY r.start, "
                "e.name",
         soci::use(from), soci::use(until), soci::into(names), soci::into(starts),
         soci::into(received), soci::into(lost));
    statement.execute();
    while (statement.fetch()) {
      for (std::size_t i = 0; i < starts.size(); ++i)
        found.push_back({.exporter = names[i],
                         .start = starts[i],
                         .received = amount_of(received[i]),
                         .lost = amount_of(lost[i])});
      names.resize(kFetch);
      for (auto* column : {&starts, &received, &lost}) column->resize(kFetch);
    }
  } catch (const std::exception& error) {
    return state_->failed("cannot be read", error);
  }
  return found;
}

Result<std::vector<RunRow>> Ledger::rows_of(std::string_view contract, std::int64_t start) {
  std::vector<RunRow> found;
  try {
    const auto number = state_->find("contract", std::string(contract));
    if (!number) return found;
    std::string run;
    Number direction = 0;
    Number family = 0;
    Number bytes = 0;
    Number packets = 0;
    Number records = 0;
    double variance = 0;
    Number revision = 0;
    soci::statement statement =
        (state_->sql.prepare
             << "SELECT r.name, i.direction, i.family, i.bytes, i.packets, i.records, i.variance, "
                "i.revision FROM contract_interval i JOIN run r ON r.number = i.run WHERE i.start "
                "= "
                ":start AND i.contract = :contract ORDER BY r.number, i.direction, i.family",
         soci::use(start), soci::use(*number), soci::into(run), soci::into(direction),
         soci::into(family), soci::into(bytes), soci::into(packets), soci::into(records),
         soci::into(variance), soci::into(revision));
    statement.execute();
    while (statement.fetch())
      found.push_back(
          {.run = run,
           .row = {.contract = std::string(contract),
                   .start = start,
                   .direction = direction == 0 ? Direction::FromCustomer : Direction::ToCustomer,
                   .family = family == 0 ? Family::Ipv4 : Family::Ipv6,
                   .bytes = amount_of(bytes),
                   .packets = amount_of(packets),
                   .records = amount_of(records),
                   .variance = variance,
                   .revision = static_cast<std::uint32_t>(revision)}});
  } catch (const std::exception& error) {
    return state_->failed("cannot be read", error);
  }
  return found;
}

Result<std::vector<RunCoverage>> Ledger::coverage_by_run(std::int64_t start) {
  std::vector<RunCoverage> found;
  try {
    std::string run;
    Number seconds = 0;
    soci::statement statement =
        (state_->sql.prepare << "SELECT r.name, c.seconds FROM coverage c JOIN run r ON r.number = "
                                "c.run WHERE c.start = :start ORDER BY r.number",
         soci::use(start), soci::into(run), soci::into(seconds));
    statement.execute();
    while (statement.fetch())
      found.push_back({.run = run, .seconds = static_cast<std::uint32_t>(seconds)});
  } catch (const std::exception& error) {
    return state_->failed("cannot be read", error);
  }
  return found;
}

Result<void> Ledger::add_mask(const Mask& mask) {
  State& state = *state_;
  try {
    soci::transaction transaction(state.sql);
    // Number 0 stands for every contract; names get numbers from 1 on.
    const Number contract =
        mask.contract.empty() ? 0 : state.number("contract", state.contracts, mask.contract);
    state.sql
        << "INSERT INTO mask (contract, starts, ends, author, reason, made_at) VALUES (:contract, "
           ":starts, :ends, :author, :reason, :made_at)",
        soci::use(contract), soci::use(mask.from), soci::use(mask.until), soci::use(mask.author),
        soci::use(mask.reason), soci::use(mask.made_at);
    transaction.commit();
  } catch (const std::exception& error) {
    state.forget_numbers();
    return state.failed("cannot be written", error);
  }
  return {};
}

Result<std::vector<Mask>> Ledger::masks(std::string_view contract, std::int64_t from,
                                        std::int64_t until) {
  std::vector<Mask> found;
  try {
    const Number number = state_->find("contract", std::string(contract)).value_or(0);
    Number of = 0;
    Mask mask;
    soci::statement statement =
        (state_->sql.prepare
             << "SELECT contract, starts, ends, author, reason, made_at FROM mask WHERE (contract "
                "= "
                "0 OR contract = :contract) AND starts < :until AND ends > :from ORDER BY starts, "
                "made_at",
         soci::use(number), soci::use(until), soci::use(from), soci::into(of),
         soci::into(mask.from), soci::into(mask.until), soci::into(mask.author),
         soci::into(mask.reason), soci::into(mask.made_at));
    statement.execute();
    while (statement.fetch()) {
      mask.contract = of == 0 ? "" : std::string(contract);
      found.push_back(mask);
    }
  } catch (const std::exception& error) {
    return state_->failed("cannot be read", error);
  }
  return found;
}

Result<std::uint64_t> Ledger::forget_before(std::int64_t time) {
  State& state = *state_;
  try {
    soci::transaction transaction(state.sql);
    soci::statement gone =
        (state.sql.prepare << "DELETE FROM contract_interval WHERE start < :time", soci::use(time));
    gone.execute(true);
    const auto count = gone.get_affected_rows();
    state.sql << "DELETE FROM coverage WHERE start < :time", soci::use(time);
    state.sql << "DELETE FROM reception WHERE start < :time", soci::use(time);
    transaction.commit();
    return static_cast<std::uint64_t>(std::max<long long>(count, 0));
  } catch (const std::exception& error) {
    return state.failed("cannot be trimmed", error);
  }
}

}  // namespace weir::ledger
