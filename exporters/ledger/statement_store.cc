#include "exporters/ledger/statement_store.h"

#include <soci/soci.h>

#include <array>
#include <limits>
#include <utility>

namespace weir::ledger {
namespace {

using Number = long long;

Number stored(std::uint64_t value) noexcept {
  // The databases have signed integers; a rate beyond that is none.
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<Number>::max());
  return static_cast<Number>(value < kMost ? value : kMost);
}

std::uint64_t read_back(Number value) noexcept {
  return value < 0 ? 0 : static_cast<std::uint64_t>(value);
}

/// A number that may be absent, as statements read and write it where it stands.
struct Nullable {
  Number value = 0;
  soci::indicator indicator = soci::i_null;

  Nullable& operator=(std::optional<std::uint64_t> from) noexcept {
    value = stored(from.value_or(0));
    indicator = from ? soci::i_ok : soci::i_null;
    return *this;
  }
  [[nodiscard]] std::optional<std::uint64_t> get() const noexcept {
    if (indicator == soci::i_null) return std::nullopt;
    return read_back(value);
  }
};

/// A closed statement in the types of the databases.
struct Columns {
  std::string name;
  Number contract = 0;
  std::array<Number, 5> key_and_times{};  // month, revision, start, end, closed_at
  std::array<std::string, 5> words;       // author, reason, method, rule, layer
  std::array<Number, 5> counts{};         // expected, measured, partial, missing, masked
  std::array<Number, 5> figures{};        // completeness, provisional, committed, billable, overage
  std::array<Nullable, 5> rates{};        // percentile, error, from, to, previous billable
  std::array<std::string, 4> texts;       // exporters, masks, digest, statement

  void set(const ClosedStatement& s) {
    name = s.contract;
    key_and_times = {s.month, s.revision, s.period_start, s.period_end, s.closed_at};
    words = {s.author, s.reason, s.method, s.direction_rule, s.layer};
    counts = {stored(s.expected), stored(s.measured), stored(s.partial), stored(s.missing),
              stored(s.masked)};
    figures = {s.completeness, s.provisional, stored(s.committed), stored(s.billable),
               stored(s.overage)};
    rates[0] = s.percentile;
    rates[1] = s.error;
    rates[2] = s.from_customer;
    rates[3] = s.to_customer;
    rates[4] = s.previous_billable;
    texts = {s.exporters, s.masks, s.digest, s.statement};
  }
  [[nodiscard]] ClosedStatement get() const {
    return {.contract = name,
            .month = static_cast<std::uint32_t>(key_and_times[0]),
            .revision = static_cast<std::uint32_t>(key_and_times[1]),
            .period_start = key_and_times[2],
            .period_end = key_and_times[3],
            .closed_at = key_and_times[4],
            .author = words[0],
            .reason = words[1],
            .method = words[2],
            .direction_rule = words[3],
            .layer = words[4],
            .expected = read_back(counts[0]),
            .measured = read_back(counts[1]),
            .partial = read_back(counts[2]),
            .missing = read_back(counts[3]),
            .masked = read_back(counts[4]),
            .completeness = static_cast<std::uint32_t>(figures[0]),
            .provisional = static_cast<std::uint32_t>(figures[1]),
            .committed = read_back(figures[2]),
            .percentile = rates[0].get(),
            .error = rates[1].get(),
            .from_customer = rates[2].get(),
            .to_customer = rates[3].get(),
            .billable = read_back(figures[3]),
            .overage = read_back(figures[4]),
            .previous_billable = rates[4].get(),
            .exporters = texts[0],
            .masks = texts[1],
            .digest = texts[2],
            .statement = texts[3]};
  }
};

}  // namespace

Result<std::uint32_t> StatementStore::note(std::span<const NotedTerms> terms) {
  soci::session& sql = ledger_->session();
  try {
    soci::transaction transaction(sql);
    std::uint32_t stored_count = 0;
    for (const NotedTerms& one : terms) {
      const Number contract = ledger_->number_of_contract(one.contract);
      Number revision = 0;
      std::string latest;
      sql << "SELECT revision, terms FROM contract_terms WHERE contract = :contract ORDER BY "
             "revision DESC LIMIT 1",
          soci::use(contract), soci::into(revision), soci::into(latest);
      if (sql.got_data() && latest == one.terms) continue;
      ++revision;
      const Number noted_at = one.noted_at;
      const Number valid_from = one.valid_from.value_or(0);
      soci::indicator has_start = one.valid_from ? soci::i_ok : soci::i_null;
      const Number committed = stored(one.committed);
      sql << "INSERT INTO contract_terms (contract, revision, noted_at, valid_from, committed, "
             "terms) VALUES (:contract, :revision, :noted_at, :valid_from, :committed, :terms)",
          soci::use(contract), soci::use(revision), soci::use(noted_at),
          soci::use(valid_from, has_start), soci::use(committed), soci::use(one.terms);
      ++stored_count;
    }
    // Without a change there is nothing to write, and the file stays as it is.
    if (stored_count != 0) transaction.commit();
    return stored_count;
  } catch (const std::exception& error) {
    ledger_->forget_numbers();
    return ledger_->failed("cannot be written", error);
  }
}

Result<std::vector<NotedTerms>> StatementStore::noted() {
  std::vector<NotedTerms> found;
  try {
    struct Bound {
      std::string name;
      Number revision = 0;
      Number noted_at = 0;
      Number valid_from = 0;
      soci::indicator has_start = soci::i_null;
      Number committed = 0;
      std::string terms;
    } bound;
    soci::statement statement =
        (ledger_->session().prepare
             << "SELECT c.name, t.revision, t.noted_at, t.valid_from, t.committed, t.terms FROM "
                "contract_terms t JOIN contract c ON c.number = t.contract ORDER BY c.name, "
                "t.revision",
         soci::into(bound.name), soci::into(bound.revision), soci::into(bound.noted_at),
         soci::into(bound.valid_from, bound.has_start), soci::into(bound.committed),
         soci::into(bound.terms));
    statement.execute();
    while (statement.fetch()) {
      NotedTerms& one = found.emplace_back();
      one.contract = bound.name;
      one.revision = static_cast<std::uint32_t>(bound.revision);
      one.noted_at = bound.noted_at;
      if (bound.has_start != soci::i_null) one.valid_from = bound.valid_from;
      one.committed = read_back(bound.committed);
      one.terms = bound.terms;
    }
  } catch (const std::exception& error) {
    return ledger_->failed("cannot be read", error);
  }
  return found;
}

Result<std::uint32_t> StatementStore::add(std::span<const ClosedStatement> statements) {
  soci::session& sql = ledger_->session();
  try {
    soci::transaction transaction(sql);
    Columns row;
    soci::statement put =
        (sql.prepare
             << "INSERT INTO closed_statement (contract, month, revision, period_start, "
                "period_end, closed_at, author, reason, method, direction_rule, layer, expected, "
                "measured, partial, missing, masked, completeness, provisional, committed, "
                "billable, overage, percentile, error, from_customer, to_customer, "
                "previous_billable, exporters, masks, digest, statement) VALUES (:contract, "
                ":month, :revision, :period_start, :period_end, :closed_at, :author, :reason, "
                ":method, :rule, :layer, :expected, :measured, :partial, :missing, :masked, "
                ":completeness, :provisional, :committed, :billable, :overage, :percentile, "
                ":error, :from_customer, :to_customer, :previous, :exporters, :masks, :digest, "
                ":statement)",
         soci::use(row.contract), soci::use(row.key_and_times[0]), soci::use(row.key_and_times[1]),
         soci::use(row.key_and_times[2]), soci::use(row.key_and_times[3]),
         soci::use(row.key_and_times[4]), soci::use(row.words[0]), soci::use(row.words[1]),
         soci::use(row.words[2]), soci::use(row.words[3]), soci::use(row.words[4]),
         soci::use(row.counts[0]), soci::use(row.counts[1]), soci::use(row.counts[2]),
         soci::use(row.counts[3]), soci::use(row.counts[4]), soci::use(row.figures[0]),
         soci::use(row.figures[1]), soci::use(row.figures[2]), soci::use(row.figures[3]),
         soci::use(row.figures[4]), soci::use(row.rates[0].value, row.rates[0].indicator),
         soci::use(row.rates[1].value, row.rates[1].indicator),
         soci::use(row.rates[2].value, row.rates[2].indicator),
         soci::use(row.rates[3].value, row.rates[3].indicator),
         soci::use(row.rates[4].value, row.rates[4].indicator), soci::use(row.texts[0]),
         soci::use(row.texts[1]), soci::use(row.texts[2]), soci::use(row.texts[3]));
    std::uint32_t added = 0;
    for (const ClosedStatement& one : statements) {
      row.set(one);
      row.contract = ledger_->number_of_contract(one.contract);
      Number there = 0;
      sql << "SELECT count(*) FROM closed_statement WHERE contract = :contract AND month = :month "
             "AND revision = :revision",
          soci::use(row.contract), soci::use(row.key_and_times[0]), soci::use(row.key_and_times[1]),
          soci::into(there);
      if (there != 0) continue;
      put.execute(true);
      ++added;
    }
    if (added != 0) transaction.commit();
    return added;
  } catch (const std::exception& error) {
    ledger_->forget_numbers();
    return ledger_->failed("cannot be written", error);
  }
}

Result<std::vector<ClosedStatement>> StatementStore::revisions(std::uint32_t month,
                                                               std::string_view contract) {
  std::vector<ClosedStatement> found;
  try {
    const Number wanted_month = month;
    const std::string wanted(contract);
    const Number any = wanted.empty() ? 1 : 0;
    Columns row;
    soci::statement statement =
        (ledger_->session().prepare
             << "SELECT c.name, s.month, s.revision, s.period_start, s.period_end, s.closed_at, "
                "s.author, s.reason, s.method, s.direction_rule, s.layer, s.expected, s.measured, "
                "s.partial, s.missing, s.masked, s.completeness, s.provisional, s.committed, "
                "s.billable, s.overage, s.percentile, s.error, s.from_customer, s.to_customer, "
                "s.previous_billable, s.exporters, s.masks, s.digest, s.statement FROM "
                "closed_statement s JOIN contract c ON c.number = s.contract WHERE s.month = "
                ":month AND (1 = :any OR c.name = :contract) ORDER BY c.name, s.revision",
         soci::use(wanted_month), soci::use(any), soci::use(wanted), soci::into(row.name),
         soci::into(row.key_and_times[0]), soci::into(row.key_and_times[1]),
         soci::into(row.key_and_times[2]), soci::into(row.key_and_times[3]),
         soci::into(row.key_and_times[4]), soci::into(row.words[0]), soci::into(row.words[1]),
         soci::into(row.words[2]), soci::into(row.words[3]), soci::into(row.words[4]),
         soci::into(row.counts[0]), soci::into(row.counts[1]), soci::into(row.counts[2]),
         soci::into(row.counts[3]), soci::into(row.counts[4]), soci::into(row.figures[0]),
         soci::into(row.figures[1]), soci::into(row.figures[2]), soci::into(row.figures[3]),
         soci::into(row.figures[4]), soci::into(row.rates[0].value, row.rates[0].indicator),
         soci::into(row.rates[1].value, row.rates[1].indicator),
         soci::into(row.rates[2].value, row.rates[2].indicator),
         soci::into(row.rates[3].value, row.rates[3].indicator),
         soci::into(row.rates[4].value, row.rates[4].indicator), soci::into(row.texts[0]),
         soci::into(row.texts[1]), soci::into(row.texts[2]), soci::into(row.texts[3]));
    statement.execute();
    while (statement.fetch()) found.push_back(row.get());
  } catch (const std::exception& error) {
    return ledger_->failed("cannot be read", error);
  }
  return found;
}

Result<std::vector<ClosedStatement>> StatementStore::latest(std::uint32_t month,
                                                            std::string_view contract) {
  auto all = revisions(month, contract);
  if (!all) return all;
  std::vector<ClosedStatement> last;
  for (ClosedStatement& one : *all) {
    if (!last.empty() && last.back().contract == one.contract)
      last.back() = std::move(one);
    else
      last.push_back(std::move(one));
  }
  return last;
}

Result<std::vector<ClosedPeriod>> StatementStore::closed_periods(std::string_view contract,
                                                                 std::int64_t from,
                                                                 std::int64_t until) {
  std::vector<ClosedPeriod> found;
  try {
    const std::string wanted(contract);
    const Number any = wanted.empty() ? 1 : 0;
    std::string name;
    Number month = 0;
    soci::statement statement =
        (ledger_->session().prepare
             << "SELECT c.name, s.month FROM closed_statement s JOIN contract c ON c.number = "
                "s.contract WHERE s.revision = 1 AND s.period_start < :until AND s.period_end > "
                ":from AND (1 = :any OR c.name = :contract) ORDER BY c.name, s.month",
         soci::use(until), soci::use(from), soci::use(any), soci::use(wanted), soci::into(name),
         soci::into(month));
    statement.execute();
    while (statement.fetch())
      found.push_back({.contract = name, .month = static_cast<std::uint32_t>(month)});
  } catch (const std::exception& error) {
    return ledger_->failed("cannot be read", error);
  }
  return found;
}

}  // namespace weir::ledger
