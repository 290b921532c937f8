#include "exporters/ledger/ledger.h"

#include <fmt/format.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "exporters/ledger/day_text.h"
#include "exporters/ledger/schema.h"

namespace weir::ledger {
namespace {

using Number = long long;

/// What the name of a run's amendments ends with; no run's own name does.
constexpr std::string_view kAmendment = " late";

/// How long another process may hold the file before a write gives up.
constexpr int kBusySeconds = 10;

/// Rows that are fetched from the database at once.
constexpr std::size_t kFetch = 1'000;

/// Contracts of a day's digest in one answer, some 13 KB each, and intervals of rows: PostgreSQL's
/// library keeps a whole answer in memory.
constexpr Number kDigestsAtOnce = 256;
constexpr std::int64_t kRowSecondsAtOnce = 12 * kIntervalSeconds;

/// Files up to this size are checked as a whole when they are opened: it takes 0.3 s.
constexpr std::uintmax_t kWholeCheckBytes = std::uintmax_t{64} << 20U;

Number number_of(std::uint64_t value) {
  // The databases have signed integers. What does not fit never passed a router.
  if (value > static_cast<std::uint64_t>(std::numeric_limits<Number>::max()))
    throw soci::soci_error("an amount exceeds 63 bits");
  return static_cast<Number>(value);
}

/// No router carries more in five minutes (2 Pbit/s), unless a record of garbage says so; sums of
/// such amounts stay in 63 bits.
constexpr std::uint64_t kMostCarried = std::uint64_t{1} << 56U;

/// What is written for people only must not keep anything else from being written: what no router
/// carries is cut.
Number cut_number_of(std::uint64_t value) noexcept {
  return static_cast<Number>(std::min(value, kMostCarried));
}

bool is_carriable(const IntervalRow& row) noexcept {
  return std::max({row.bytes, row.packets, row.records}) <= kMostCarried;
}

std::uint64_t amount_of(Number value) noexcept {
  return value < 0 ? 0 : static_cast<std::uint64_t>(value);
}

std::uint64_t deviation_of(double variance) noexcept {
  return static_cast<std::uint64_t>(std::llround(std::sqrt(std::max(variance, 0.0))));
}

/// `uri` with what keeps a server that went silent from holding up a write for ever, where it does
/// not say so itself.
std::string with_timeouts(std::string uri) {
  for (const std::string_view option :
       {"connect_timeout=10", "tcp_user_timeout=30000", "application_name=weir"}) {
    if (uri.find(option.substr(0, option.find('=') + 1)) != std::string::npos) continue;
    uri += uri.find('?') == std::string::npos ? '?' : '&';
    uri += option;
  }
  return uri;
}

std::int64_t day_of(std::int64_t time) noexcept { return time - time % kDaySeconds; }

std::set<std::int64_t> days_of(const Batch& batch) {
  std::set<std::int64_t> days;
  for (const auto& row : batch.intervals) days.insert(day_of(row.start));
  for (const auto& row : batch.coverage) days.insert(day_of(row.start));
  return days;
}

/// A count of ExportRow, and the column of export_interval that holds it.
struct ExportCount {
  const char* column;
  std::uint64_t ExportRow::*count;
};
constexpr std::array kExportCounts{
    ExportCount{"datagrams", &ExportRow::datagrams},
    ExportCount{"records", &ExportRow::records},
    ExportCount{"received", &ExportRow::received},
    ExportCount{"lost", &ExportRow::lost},
    ExportCount{"duplicate_datagrams", &ExportRow::duplicate_datagrams},
    ExportCount{"restarts", &ExportRow::restarts},
};

/// Columns of export_interval behind its key: counts, sampling, bytes by fate.
std::vector<std::string> export_columns() {
  std::vector<std::string> columns;
  columns.reserve(kExportCounts.size() + 2 + kFates);
  for (const ExportCount& count : kExportCounts) columns.emplace_back(count.column);
  columns.emplace_back("smallest_sampling");
  columns.emplace_back("largest_sampling");
  for (std::size_t i = 0; i < kFates; ++i) columns.emplace_back(fate_name(static_cast<Fate>(i)));
  return columns;
}

ErrorCode code_of(std::string_view text) noexcept {
  const auto says = [&](std::string_view words) {
    return text.find(words) != std::string_view::npos;
  };
  if (says("use the newer program")) return ErrorCode::Usage;
  if (says("not a database") || says("malformed")) return ErrorCode::Malformed;
  if (says("readonly") || says("unable to open") || says("ermission denied") ||
      says("authentication failed") || says("no password supplied"))
    return ErrorCode::Permission;
  // What PostgreSQL says of a lock that is not given, a full disk, and a server that goes or comes.
  if (says("lock timeout") || says("deadlock") || says("could not extend") || says("No space") ||
      says("shutting down") || says("starting up") || says("recovery mode"))
    return ErrorCode::Unavailable;
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
  /// Connects again if the server has gone. What was under way is undone by then.
  void ready();
  void check_file();
  void migrate();
  /// PostgreSQL alone: takes a lock until the transaction ends. SQLite has one writer at a time.
  void lock(const char* table, const char* mode) {
    if (url.backend == Backend::Postgresql) sql << "LOCK TABLE " << table << " IN " << mode;
  }
  [[nodiscard]] Number version();
  /// The number of `name` in `table`, given now if it has none.
  [[nodiscard]] Number number(const char* table, std::unordered_map<std::string, Number>& known,
                              const std::string& name);
  [[nodiscard]] std::optional<Number> find(const char* table, const std::string& name);
  void each_name(const char* table,
                 const std::function<void(Number number, const std::string& name)>& take);
  /// The place in `wanted` of each contract that the ledger knows, by its number.
  [[nodiscard]] std::unordered_map<Number, std::size_t> places_of(
      std::span<const std::string> wanted);
  void write_interfaces(Number run, const std::vector<InterfaceRow>& rows);
  [[nodiscard]] std::int64_t closed_until(std::string_view contract);
  void forget_digest(std::int64_t day);
  void write_exports(Number run, const std::vector<ExportRow>& rows);
  /// What write() learnt of numbers inside a transaction that was undone.
  void forget_numbers() {
    contracts.clear();
    runs.clear();
    exporters.clear();
  }
};

void Ledger::State::connect() {
  if (url.backend == Backend::Postgresql) {
    sql.open(soci::postgresql, with_timeouts(url.target));
    sql << fmt::format("SET lock_timeout = '{}s'", kBusySeconds);
    // What write() has acknowledged survives, also where the server's default is otherwise.
    sql << "SELECT set_config('synchronous_commit', 'on', false) WHERE "
           "current_setting('synchronous_commit') = 'off'";
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
  check_file();
}

void Ledger::State::check_file() {
  // A year of many contracts would take minutes. There, what every number hangs on is checked:
  // names, masks and version; a damaged page of intervals is found when it is read.
  std::error_code ignored;
  const auto size = std::filesystem::file_size(url.target, ignored);
  std::vector<std::string> parts{""};
  if (!ignored && size > kWholeCheckBytes) {
    constexpr const char* kSmall =
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name IN ('schema_version', "
        "'contract', 'run', 'exporter', 'mask', 'day') ORDER BY name";
    parts.clear();
    std::string name;
    soci::statement statement = (sql.prepare << kSmall, soci::into(name));
    statement.execute();
    while (statement.fetch()) parts.push_back(name);
  }
  for (const std::string& part : parts) {
    std::string verdict;
    sql << "PRAGMA quick_check(" << (part.empty() ? "1" : part) << ")", soci::into(verdict);
    if (verdict != "ok") throw soci::soci_error("the file is malformed: " + verdict);
  }
}

void Ledger::State::ready() {
  if (url.backend != Backend::Postgresql || sql.is_connected()) return;
  sql.close();
  forget_numbers();
  connect();
  migrate();
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
  Number now = version();
  if (now > static_cast<Number>(steps.size()))
    throw soci::soci_error(
        fmt::format("it has version {}, this program knows up to {}; use the newer program", now,
                    steps.size()));
  if (now == static_cast<Number>(steps.size())) return;
  soci::transaction transaction(sql);
  if (url.backend == Backend::Postgresql) {
    // Of several that start together, one makes the tables. The number is the program's own.
    sql << "SELECT pg_advisory_xact_lock(8765432100)";
    now = version();
    if (now >= static_cast<Number>(steps.size())) return;
  }
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

void Ledger::State::each_name(
    const char* table, const std::function<void(Number number, const std::string& name)>& take) {
  struct Bound {
    Number number = 0;
    std::string name;
  } bound;
  soci::statement statement = (sql.prepare << "SELECT number, name FROM " << table,
                               soci::into(bound.number), soci::into(bound.name));
  statement.execute();
  while (statement.fetch()) take(bound.number, bound.name);
}

std::unordered_map<Ledger::Number, std::size_t> Ledger::State::places_of(
    std::span<const std::string> wanted) {
  // From here on it is faster to read all names than to ask for each.
  constexpr std::size_t kMany = 100;
  std::unordered_map<Number, std::size_t> places;
  if (wanted.size() < kMany) {
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (const auto number = find("contract", wanted[i])) places.emplace(*number, i);
    return places;
  }
  std::unordered_map<std::string_view, std::size_t> by_name;
  for (std::size_t i = 0; i < wanted.size(); ++i) by_name.emplace(wanted[i], i);
  each_name("contract", [&](Number number, const std::string& name) {
    if (const auto at = by_name.find(name); at != by_name.end()) places.emplace(number, at->second);
  });
  return places;
}

Number Ledger::State::number(const char* table, std::unordered_map<std::string, Number>& known,
                             const std::string& name) {
  if (const auto at = known.find(name); at != known.end()) return at->second;
  auto found = find(table, name);
  if (!found) {
    // Another writer may give a number to the same name just now.
    lock(table, "SHARE ROW EXCLUSIVE MODE");
    found = find(table, name);
  }
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

void Ledger::State::write_interfaces(Number run, const std::vector<InterfaceRow>& rows) {
  struct Bound {
    Number start = 0;
    Number exporter = 0;
    Number interface = 0;
    Number side = 0;
    Number run = 0;
    Number flow = 0;
    Number counter = 0;
    soci::indicator has_counter = soci::i_null;
  } bound;
  bound.run = run;
  soci::statement put =
      (sql.prepare << "INSERT INTO interface_interval (start, exporter, interface, side, run, "
                      "flow_bytes, counter_bytes) VALUES (:start, :exporter, :interface, :side, "
                      ":run, :flow, :counter) ON CONFLICT (start, exporter, interface, side, run) "
                      "DO UPDATE SET flow_bytes = excluded.flow_bytes, counter_bytes = "
                      "excluded.counter_bytes WHERE interface_interval.flow_bytes <> "
                      "excluded.flow_bytes OR interface_interval.counter_bytes IS DISTINCT FROM "
                      "excluded.counter_bytes",
       soci::use(bound.start), soci::use(bound.exporter), soci::use(bound.interface),
       soci::use(bound.side), soci::use(bound.run), soci::use(bound.flow),
       soci::use(bound.counter, bound.has_counter));
  for (const InterfaceRow& row : rows) {
    bound.start = row.start;
    bound.exporter = number("exporter", exporters, row.exporter);
    bound.interface = row.interface;
    bound.side = static_cast<Number>(row.side);
    bound.flow = number_of(row.flow_bytes);
    bound.has_counter = row.counter_bytes ? soci::i_ok : soci::i_null;
    bound.counter = number_of(row.counter_bytes.value_or(0));
    put.execute(true);
  }
}

void Ledger::State::write_exports(Number run, const std::vector<ExportRow>& rows) {
  if (rows.empty()) return;
  struct Bound {
    Number start = 0;
    Number exporter = 0;
    Number protocol = 0;
    Number run = 0;
    std::array<Number, kExportCounts.size()> counts{};
    std::array<Number, 2> sampling{};
    std::array<soci::indicator, 2> has_sampling{soci::i_null, soci::i_null};
    std::array<Number, kFates> bytes{};
  } bound;
  bound.run = run;
  const std::vector<std::string> columns = export_columns();
  std::string places;
  std::string updates;
  std::string changes;
  for (const std::string& column : columns) {
    places += ", :" + column;
    updates += fmt::format("{0}{1} = excluded.{1}", updates.empty() ? "" : ", ", column);
    changes += fmt::format("{0}export_interval.{1} IS DISTINCT FROM excluded.{1}",
                           changes.empty() ? "" : " OR ", column);
  }
  soci::statement put(sql);
  put.alloc();
  put.prepare(fmt::format(
      "INSERT INTO export_interval (start, exporter, protocol, run, {}) VALUES (:start, :exporter, "
      ":protocol, :run{}) ON CONFLICT (start, exporter, protocol, run) DO UPDATE SET {} WHERE {}",
      fmt::join(columns, ", "), places, updates, changes));
  put.exchange(soci::use(bound.start));
  put.exchange(soci::use(bound.exporter));
  put.exchange(soci::use(bound.protocol));
  put.exchange(soci::use(bound.run));
  for (Number& count : bound.counts) put.exchange(soci::use(count));
  for (std::size_t i = 0; i < bound.sampling.size(); ++i)
    put.exchange(soci::use(bound.sampling[i], bound.has_sampling[i]));
  for (Number& bytes : bound.bytes) put.exchange(soci::use(bytes));
  put.define_and_bind();
  for (const ExportRow& row : rows) {
    bound.start = row.start;
    bound.exporter = number("exporter", exporters, row.exporter);
    bound.protocol = static_cast<Number>(row.protocol);
    for (std::size_t i = 0; i < kExportCounts.size(); ++i)
      bound.counts[i] = cut_number_of(row.*kExportCounts[i].count);
    bound.sampling = {row.smallest_sampling, row.largest_sampling};
    for (std::size_t i = 0; i < bound.sampling.size(); ++i)
      bound.has_sampling[i] = bound.sampling[i] == 0 ? soci::i_null : soci::i_ok;
    for (std::size_t i = 0; i < kFates; ++i) bound.bytes[i] = cut_number_of(row.bytes[i]);
    put.execute(true);
  }
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
    state.ready();
    soci::transaction transaction(sql);
    // No digest is made of a day while its rows change; other writers need not wait.
    state.lock("day", "ROW EXCLUSIVE MODE");
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
      bound.packets = cut_number_of(row.packets);
      bound.records = cut_number_of(row.records);
      bound.variance = row.variance;
      bound.revision = row.revision;
      put_interval.execute(true);
    }

    // A digest of a day that changes is no longer true.
    for (const std::int64_t day : days_of(batch)) {
      if (!digested_days(day, day + 1).empty()) state.forget_digest(day);
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
    state.write_interfaces(run_number, batch.interfaces);
    state.write_exports(run_number, batch.exports);
    transaction.commit();
  } catch (const std::exception& error) {
    state.forget_numbers();
    return state.failed("cannot be written", error);
  }
  return {};
}

std::string Ledger::amendment_run(std::string_view run) {
  return std::string(run) + std::string(kAmendment);
}

bool Ledger::is_amendment_run(std::string_view run) noexcept { return run.ends_with(kAmendment); }

Result<Amended> Ledger::amend(std::string_view run, const Amendments& amendments) {
  State& state = *state_;
  soci::session& sql = state.sql;
  Amended amended;
  try {
    state.ready();
    soci::transaction transaction(sql);
    state.lock("day", "ROW EXCLUSIVE MODE");
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
    std::map<std::string_view, std::int64_t> closed;
    for (const IntervalRow& row : amendments.rows) {
      const auto [until, is_new] = closed.try_emplace(row.contract, 0);
      if (is_new) until->second = state.closed_until(row.contract);
      if (row.start < until->second) {
        amended.closed_bytes += row.bytes;
        continue;
      }
      // Amendments are written in their order: one that never can be would hold up all others.
      if (!is_carriable(row)) {
        amended.impossible_bytes += row.bytes;
        continue;
      }
      bound.start = row.start;
      bound.contract = state.number("contract", state.contracts, row.contract);
      bound.direction = static_cast<Number>(row.direction);
      bound.family = static_cast<Number>(row.family);
      bound.bytes = number_of(row.bytes);
      bound.packets = cut_number_of(row.packets);
      bound.records = cut_number_of(row.records);
      bound.variance = row.variance;
      put.execute(true);
      amended.written_bytes += row.bytes;
      days.insert(day_of(row.start));
    }
    for (const std::int64_t day : days) state.forget_digest(day);
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

/// Adds up rows that come by rising start and contract, and gives each interval that is whole.
///
/// Sums are made here and not by the database, so that variances add up in the same order, and
/// bytes without loss, on both.
class Ledger::Adder {
 public:
  explicit Adder(const TakeNumbered& take) : take_(take) {}
  void add(Number start, Number contract, Number direction, Number bytes, double variance,
           Number revision) {
    if (contract != contract_ || start != sum_.start) {
      give();
      contract_ = contract;
      sum_ = {.start = start};
    }
    const bool is_from = direction == 0;
    (is_from ? sum_.from_customer_bytes : sum_.to_customer_bytes) += amount_of(bytes);
    (is_from ? from_variance_ : to_variance_) += variance;
    sum_.revision = std::max(sum_.revision, static_cast<std::uint32_t>(revision));
  }
  void give() {
    if (contract_ != 0) {
      sum_.from_customer_deviation = deviation_of(from_variance_);
      sum_.to_customer_deviation = deviation_of(to_variance_);
      take_(contract_, sum_);
    }
    contract_ = 0;
    from_variance_ = 0;
    to_variance_ = 0;
  }

 private:
  const TakeNumbered& take_;
  Number contract_ = 0;  ///< 0 is no contract's number
  ContractInterval sum_;
  double from_variance_ = 0;
  double to_variance_ = 0;
};

void Ledger::each_row(const Range& contracts, std::int64_t from, std::int64_t until,
                      const TakeNumbered& take) {
  // Rows stand by their start: of few contracts, go from start to start, not over all of them.
  static constexpr std::string_view kFew =
      "(SELECT DISTINCT start FROM coverage WHERE start >= :from AND start < :until) c CROSS JOIN "
      "contract_interval i WHERE i.start = c.start AND i.contract >= :first AND i.contract <= "
      ":last ";
  static constexpr std::string_view kAll =
      "contract_interval i WHERE i.start >= :from AND i.start < :until AND i.contract >= :first "
      "AND i.contract <= :last ";
  struct Bound {
    Number from = 0;
    Number until = 0;
  } bound;
  // SOCI takes a column of SQLite that is declared INTEGER for 32 bits where it fills vectors, and
  // a cast one for 64.
  std::vector<Number> starts;
  std::vector<Number> numbers;
  std::vector<Number> directions;
  std::vector<Number> bytes;
  std::vector<double> variances;
  std::vector<Number> revisions;
  const auto make_room = [&] {
    for (auto* column : {&starts, &numbers, &directions, &bytes, &revisions})
      column->resize(kFetch);
    variances.resize(kFetch);
  };
  make_room();
  soci::statement statement =
      (state_->sql.prepare
           << "SELECT CAST(i.start AS BIGINT), i.contract, i.direction, CAST(i.bytes AS BIGINT), "
              "i.variance, i.revision FROM "
           << (contracts.is_narrow() ? kFew : kAll)
           << "ORDER BY i.start, i.contract, i.direction, i.family, i.run",
       soci::use(bound.from), soci::use(bound.until), soci::use(contracts.first),
       soci::use(contracts.last), soci::into(starts), soci::into(numbers), soci::into(directions),
       soci::into(bytes), soci::into(variances), soci::into(revisions));
  Adder adder(take);
  const std::int64_t step = contracts.is_narrow() ? kDaySeconds : kRowSecondsAtOnce;
  for (std::int64_t at = from; at < until; at += step) {
    bound.from = at;
    bound.until = std::min(until, at + step);
    make_room();
    statement.execute();
    while (statement.fetch()) {
      for (std::size_t i = 0; i < starts.size(); ++i)
        adder.add(starts[i], numbers[i], directions[i], bytes[i], variances[i], revisions[i]);
      make_room();
    }
  }
  adder.give();
}

void Ledger::each_of_day(std::int64_t day, const Range& contracts, std::int64_t from,
                         std::int64_t until, const TakeNumbered& take) {
  struct Bound {
    Number first = 0;
    Number contract = 0;
    std::array<std::string, 5> texts;
  } bound;
  bound.first = contracts.first;
  soci::statement statement =
      (state_->sql.prepare << "SELECT contract, from_customer, to_customer, from_deviation, "
                              "to_deviation, revisions FROM contract_day WHERE day = :day AND "
                              "contract >= :first AND contract <= :last ORDER BY contract LIMIT "
                           << kDigestsAtOnce,
       soci::use(day), soci::use(bound.first), soci::use(contracts.last),
       soci::into(bound.contract), soci::into(bound.texts[0]), soci::into(bound.texts[1]),
       soci::into(bound.texts[2]), soci::into(bound.texts[3]), soci::into(bound.texts[4]));
  for (Number got = kDigestsAtOnce; got == kDigestsAtOnce; bound.first = bound.contract + 1) {
    got = 0;
    statement.execute();
    while (statement.fetch()) {
      ++got;
      const auto column = [&](std::size_t i) {
        auto numbers = DayNumbers::from_text(bound.texts[i]);
        if (!numbers)
          throw soci::soci_error(
              fmt::format("the digest of day {} is malformed; delete its rows in "
                          "'day' and 'contract_day' and it is made anew",
                          day));
        return numbers;
      };
      const auto from_customer = column(0);
      const auto to_customer = column(1);
      const auto from_deviation = column(2);
      const auto to_deviation = column(3);
      // Nearly every day is as it was first written: a list of zeros need not be read.
      const bool has_revisions =
          std::ranges::any_of(bound.texts[4], [](char letter) { return letter > '0'; });
      const auto revisions = has_revisions ? column(4) : std::optional<DayNumbers>(std::in_place);
      for (std::size_t i = 0; i < kIntervalsPerDay; ++i) {
        const std::int64_t start = day + static_cast<std::int64_t>(i) * kIntervalSeconds;
        if (start < from || start >= until || !from_customer->has(i)) continue;
        take(bound.contract, {.start = start,
                              .from_customer_bytes = from_customer->value(i),
                              .to_customer_bytes = to_customer->value(i),
                              .from_customer_deviation = from_deviation->value(i),
                              .to_customer_deviation = to_deviation->value(i),
                              .revision = static_cast<std::uint32_t>(revisions->value(i))});
      }
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
    state.ready();
    const auto wanted = state.places_of(contracts);
    if (wanted.empty() || from >= until) return {};
    const TakeNumbered take_wanted = [&](Number number, const ContractInterval& interval) {
      if (const auto at = wanted.find(number); at != wanted.end()) take(at->second, interval);
    };
    Range range{.first = std::numeric_limits<Number>::max(), .last = 0};
    for (const auto& [number, place] : wanted) {
      range.first = std::min(range.first, number);
      range.last = std::max(range.last, number);
    }
    // One view of all tables: a digest that a writer deletes meanwhile is still whole here.
    soci::transaction transaction(state.sql);
    if (state.url.backend == Backend::Postgresql)
      state.sql << "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
    std::int64_t at = from;
    for (const std::int64_t day : digested_days(day_of(from), until)) {
      each_row(range, at, std::min(day, until), take_wanted);
      each_of_day(day, range, from, until, take_wanted);
      at = std::max(at, day + kDaySeconds);
    }
    each_row(range, at, until, take_wanted);
    transaction.commit();
  } catch (const std::exception& error) {
    return state.failed("cannot be read", error);
  }
  return {};
}

Result<std::vector<std::size_t>> Ledger::in_order(std::span<const std::string> contracts) {
  State& state = *state_;
  try {
    state.ready();
    std::unordered_map<std::string_view, std::size_t> places;
    for (std::size_t i = 0; i < contracts.size(); ++i) places.emplace(contracts[i], i);
    std::vector<std::size_t> order;
    std::string name;
    soci::statement statement =
        (state.sql.prepare << "SELECT name FROM contract ORDER BY number", soci::into(name));
    statement.execute();
    while (statement.fetch()) {
      const auto at = places.find(name);
      if (at == places.end()) continue;
      order.push_back(at->second);
      places.erase(at);
    }
    for (std::size_t i = 0; i < contracts.size(); ++i)
      if (places.contains(contracts[i])) order.push_back(i);
    return order;
  } catch (const std::exception& error) {
    return state.failed("cannot be read", error);
  }
}

Result<std::uint32_t> Ledger::digest_before(std::int64_t time) {
  State& state = *state_;
  try {
    state.ready();
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
  soci::transaction transaction(state.sql);
  // What is read stays true until it is written.
  state.lock("day", "SHARE ROW EXCLUSIVE MODE");
  if (!digested_days(day, day + 1).empty()) return;
  each_row({}, day, day + kDaySeconds, [&](Number contract, const ContractInterval& interval) {
    auto& columns = contracts[contract];
    const auto at = static_cast<std::size_t>((interval.start - day) / kIntervalSeconds);
    columns[0].set(at, interval.from_customer_bytes);
    columns[1].set(at, interval.to_customer_bytes);
    columns[2].set(at, interval.from_customer_deviation);
    columns[3].set(at, interval.to_customer_deviation);
    columns[4].set(at, interval.revision);
  });
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
    state_->ready();
    std::vector<Number> starts(kFetch);
    std::vector<Number> seconds(kFetch);
    soci::statement statement =
        (state_->sql.prepare
             << "SELECT CAST(start AS BIGINT), CAST(SUM(seconds) AS BIGINT) FROM coverage WHERE "
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
    state_->ready();
    Number last = 0;
    soci::indicator indicator = soci::i_null;
    state_->sql << "SELECT max(start) FROM coverage", soci::into(last, indicator);
    if (indicator == soci::i_null) return std::nullopt;
    return last;
  } catch (const std::exception& error) {
    return state_->failed("cannot be read", error);
  }
}

Result<std::optional<std::int64_t>> Ledger::first_interval() {
  try {
    Number first = 0;
    soci::indicator indicator = soci::i_null;
    state_->sql << "SELECT min(start) FROM coverage", soci::into(first, indicator);
    if (indicator == soci::i_null) return std::nullopt;
    return first;
  } catch (const std::exception& error) {
    return state_->failed("cannot be read", error);
  }
}

std::int64_t Ledger::State::closed_until(std::string_view contract) {
  struct Bound {
    std::string name;
    Number until = 0;
  } bound{.name = std::string(contract)};
  soci::indicator indicator = soci::i_null;
  sql << "SELECT max(s.period_end) FROM closed_statement s JOIN contract c ON c.number = "
         "s.contract WHERE c.name = :name",
      soci::use(bound.name), soci::into(bound.until, indicator);
  return indicator == soci::i_null ? 0 : bound.until;
}

void Ledger::State::forget_digest(std::int64_t day) {
  sql << "DELETE FROM day WHERE day = :day", soci::use(day);
  sql << "DELETE FROM contract_day WHERE day = :day", soci::use(day);
}

Result<std::int64_t> Ledger::closed_until(std::string_view contract) {
  try {
    state_->ready();
    return state_->closed_until(contract);
  } catch (const std::exception& error) {
    return state_->failed("cannot be read", error);
  }
}

soci::session& Ledger::session() noexcept { return state_->sql; }

Ledger::Number Ledger::number_of_contract(const std::string& name) {
  return state_->number("contract", state_->contracts, name);
}

void Ledger::forget_numbers() noexcept { state_->forget_numbers(); }

tl::unexpected<Error> Ledger::failed(const char* what, const std::exception& error) const {
  return state_->failed(what, error);
}

Result<std::vector<ReceptionRow>> Ledger::reception(std::int64_t from, std::int64_t until) {
  std::vector<ReceptionRow> found;
  try {
    state_->ready();
    std::vector<std::string> names(kFetch);
    std::vector<Number> starts(kFetch);
    std::vector<Number> received(kFetch);
    std::vector<Number> lost(kFetch);
    soci::statement statement =
        (state_->sql.prepare
             << "SELECT e.name, CAST(r.start AS BIGINT), CAST(SUM(r.received) AS BIGINT), "
                "CAST(SUM(r.lost) AS "
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

Result<std::vector<ExportRow>> Ledger::exports(std::int64_t start) {
  std::vector<ExportRow> found;
  try {
    state_->ready();
    struct Bound {
      std::string exporter;
      Number protocol = 0;
      std::array<Number, kExportCounts.size()> counts{};
      std::array<Number, 2> sampling{};
      std::array<Number, kFates> bytes{};
    } bound;
    std::string sums;
    for (const ExportCount& count : kExportCounts)
      sums += fmt::format(", CAST(SUM(x.{}) AS BIGINT)", count.column);
    sums +=
        ", CAST(coalesce(MIN(x.smallest_sampling), 0) AS BIGINT), "
        "CAST(coalesce(MAX(x.largest_sampling), 0) AS BIGINT)";
    for (std::size_t i = 0; i < kFates; ++i)
      sums += fmt::format(", CAST(SUM(x.{}) AS BIGINT)", fate_name(static_cast<Fate>(i)));
    soci::statement statement(state_->sql);
    statement.alloc();
    statement.prepare(fmt::format(
        "SELECT e.name, CAST(x.protocol AS BIGINT){} FROM export_interval x JOIN exporter e ON "
        "e.number = x.exporter WHERE x.start = :start GROUP BY e.name, x.protocol ORDER BY e.name, "
        "x.protocol",
        sums));
    statement.exchange(soci::use(start));
    statement.exchange(soci::into(bound.exporter));
    statement.exchange(soci::into(bound.protocol));
    for (Number& count : bound.counts) statement.exchange(soci::into(count));
    for (Number& interval : bound.sampling) statement.exchange(soci::into(interval));
    for (Number& bytes : bound.bytes) statement.exchange(soci::into(bytes));
    statement.define_and_bind();
    statement.execute();
    while (statement.fetch()) {
      // A protocol of a newer program has no name here.
      if (bound.protocol < 0 || bound.protocol >= static_cast<Number>(kProtocols)) continue;
      ExportRow row{.exporter = bound.exporter,
                    .protocol = static_cast<Protocol>(bound.protocol),
                    .start = start};
      for (std::size_t i = 0; i < kExportCounts.size(); ++i)
        row.*kExportCounts[i].count = amount_of(bound.counts[i]);
      row.smallest_sampling = static_cast<std::uint32_t>(bound.sampling[0]);
      row.largest_sampling = static_cast<std::uint32_t>(bound.sampling[1]);
      for (std::size_t i = 0; i < kFates; ++i) row.bytes[i] = amount_of(bound.bytes[i]);
      found.push_back(std::move(row));
    }
  } catch (const std::exception& error) {
    return state_->failed("cannot be read", error);
  }
  return found;
}

Result<std::vector<InterfaceTotal>> Ledger::interface_totals(std::string_view exporter,
                                                             std::uint32_t interface,
                                                             std::int64_t from,
                                                             std::int64_t until) {
  std::vector<InterfaceTotal> found;
  try {
    state_->ready();
    const auto number = state_->find("exporter", std::string(exporter));
    if (!number) return found;
    const Number index = interface;
    std::vector<Number> starts(kFetch);
    std::vector<Number> sides(kFetch);
    std::vector<Number> flows(kFetch);
    std::vector<Number> counters(kFetch);
    // Rows stand by their start: go from start to start, not over all interfaces. The databases
    // have no amount below zero, so -1 may stand for none.
    soci::statement statement =
        (state_->sql.prepare
             << "SELECT CAST(i.start AS BIGINT), CAST(i.side AS BIGINT), CAST(SUM(i.flow_bytes) AS "
                "BIGINT), "
                "CAST(coalesce(MAX(i.counter_bytes), -1) AS BIGINT) FROM (SELECT DISTINCT start "
                "FROM coverage WHERE start >= :from AND start < :until) c CROSS JOIN "
                "interface_interval i WHERE i.start = c.start AND i.exporter = :exporter AND "
                "i.interface = :interface GROUP BY i.start, i.side ORDER BY i.start, i.side",
         soci::use(from), soci::use(until), soci::use(*number), soci::use(index),
         soci::into(starts), soci::into(sides), soci::into(flows), soci::into(counters));
    statement.execute();
    while (statement.fetch()) {
      for (std::size_t i = 0; i < starts.size(); ++i) {
        if (found.empty() || found.back().start != starts[i]) found.push_back({.start = starts[i]});
        const auto side = static_cast<std::size_t>(sides[i] == 0 ? 0 : 1);
        found.back().flow_bytes[side] = amount_of(flows[i]);
        if (counters[i] >= 0) found.back().counter_bytes[side] = amount_of(counters[i]);
      }
      for (auto* column : {&starts, &sides, &flows, &counters}) column->resize(kFetch);
    }
  } catch (const std::exception& error) {
    return state_->failed("cannot be read", error);
  }
  return found;
}

Result<void> Ledger::each_interface_total(std::int64_t from, std::int64_t until,
                                          const TakeInterface& take) {
  try {
    state_->ready();
    std::unordered_map<Number, std::string> names;
    state_->each_name("exporter",
                      [&](Number number, const std::string& name) { names.emplace(number, name); });
    std::vector<Number> starts;
    std::vector<Number> exporters;
    std::vector<Number> interfaces;
    std::vector<Number> sides;
    std::vector<Number> flows;
    std::vector<Number> counters;
    const auto make_room = [&] {
      for (auto* column : {&starts, &exporters, &interfaces, &sides, &flows, &counters})
        column->resize(kFetch);
    };
    make_room();
    // -1 stands for none, as in interface_totals(). The key has the order already.
    soci::statement statement =
        (state_->sql.prepare
             << "SELECT CAST(start AS BIGINT), CAST(exporter AS BIGINT), CAST(interface AS "
                "BIGINT), CAST(side AS BIGINT), CAST(SUM(flow_bytes) AS BIGINT), "
                "CAST(coalesce(MAX(counter_bytes), -1) AS BIGINT) FROM interface_interval WHERE "
                "start >= :from AND start < :until GROUP BY start, exporter, interface, side "
                "ORDER BY start, exporter, interface, side",
         soci::use(from), soci::use(until), soci::into(starts), soci::into(exporters),
         soci::into(interfaces), soci::into(sides), soci::into(flows), soci::into(counters));
    struct At {
      Number start = 0;
      Number exporter = 0;
      Number interface = 0;
      bool operator==(const At&) const = default;
    };
    std::optional<At> at;
    InterfaceTotal total;
    const auto give = [&] {
      if (!at) return;
      if (const auto name = names.find(at->exporter); name != names.end())
        take(name->second, static_cast<std::uint32_t>(at->interface), total);
    };
    statement.execute();
    while (statement.fetch()) {
      for (std::size_t i = 0; i < starts.size(); ++i) {
        const At next{.start = starts[i], .exporter = exporters[i], .interface = interfaces[i]};
        if (at != next) {
          give();
          at = next;
          total = {.start = next.start};
        }
        const auto side = static_cast<std::size_t>(sides[i] == 0 ? 0 : 1);
        total.flow_bytes[side] = amount_of(flows[i]);
        if (counters[i] >= 0) total.counter_bytes[side] = amount_of(counters[i]);
      }
      make_room();
    }
    give();
  } catch (const std::exception& error) {
    return state_->failed("cannot be read", error);
  }
  return {};
}

Result<std::vector<RunRow>> Ledger::rows_of(std::string_view contract, std::int64_t start) {
  std::vector<RunRow> found;
  try {
    state_->ready();
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
    state_->ready();
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
    state.ready();
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
    state_->ready();
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

Result<void> Ledger::forget_others(std::string_view run, const std::vector<IntervalRow>& rows,
                                   std::int64_t from, std::int64_t until) {
  State& state = *state_;
  try {
    state.ready();
    const auto run_number = state.find("run", std::string(run));
    if (!run_number) return {};
    using Key = std::tuple<Number, std::string, Number, Number>;
    std::set<Key> kept;
    for (const IntervalRow& row : rows)
      kept.emplace(row.start, row.contract, static_cast<Number>(row.direction),
                   static_cast<Number>(row.family));
    soci::transaction transaction(state.sql);
    state.lock("day", "ROW EXCLUSIVE MODE");
    struct Bound {
      Number start = 0;
      Number contract = 0;
      std::string name;
      Number direction = 0;
      Number family = 0;
    } bound;
    std::vector<Bound> others;
    {
      soci::statement statement =
          (state.sql.prepare << "SELECT x.start, x.contract, c.name, x.direction, x.family FROM "
                                "contract_interval x JOIN contract c ON c.number = x.contract "
                                "WHERE x.start >= :from AND x.start < :until AND x.run = :run",
           soci::use(from), soci::use(until), soci::use(*run_number), soci::into(bound.start),
           soci::into(bound.contract), soci::into(bound.name), soci::into(bound.direction),
           soci::into(bound.family));
      statement.execute();
      while (statement.fetch())
        if (!kept.contains({bound.start, bound.name, bound.direction, bound.family}))
          others.push_back(bound);
    }
    std::set<std::int64_t> days;
    for (const Bound& other : others) {
      state.sql << "DELETE FROM contract_interval WHERE start = :start AND contract = :contract "
                   "AND direction = :direction AND family = :family AND run = :run",
          soci::use(other.start), soci::use(other.contract), soci::use(other.direction),
          soci::use(other.family), soci::use(*run_number);
      days.insert(day_of(other.start));
    }
    for (const std::int64_t day : days) state.forget_digest(day);
    transaction.commit();
  } catch (const std::exception& error) {
    return state.failed("cannot be written", error);
  }
  return {};
}

Result<std::uint64_t> Ledger::forget_before(std::int64_t time) {
  State& state = *state_;
  try {
    state.ready();
    soci::transaction transaction(state.sql);
    state.lock("day", "ROW EXCLUSIVE MODE");
    soci::statement gone =
        (state.sql.prepare << "DELETE FROM contract_interval WHERE start < :time", soci::use(time));
    gone.execute(true);
    const auto count = gone.get_affected_rows();
    state.sql << "DELETE FROM coverage WHERE start < :time", soci::use(time);
    state.sql << "DELETE FROM interface_interval WHERE start < :time", soci::use(time);
    state.sql << "DELETE FROM export_interval WHERE start < :time", soci::use(time);
    state.sql << "DELETE FROM reception WHERE start < :time", soci::use(time);
    // Also the day in which `time` falls: its digest tells of rows that are gone.
    state.sql << "DELETE FROM day WHERE day < :time", soci::use(time);
    state.sql << "DELETE FROM contract_day WHERE day < :time", soci::use(time);
    transaction.commit();
    return static_cast<std::uint64_t>(std::max<long long>(count, 0));
  } catch (const std::exception& error) {
    return state.failed("cannot be trimmed", error);
  }
}

}  // namespace weir::ledger
