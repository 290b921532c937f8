#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collector/model/result.h"
#include "exporters/ledger/ledger_url.h"
#include "exporters/ledger/rows.h"

// Of <soci/soci.h>, which stays out of the headers.
namespace soci {
class session;
class statement;
}  // namespace soci

namespace weir::ledger {

/// The store of closed intervals, on SQLite or PostgreSQL.
///
/// Every write is one transaction: all of a batch is there or nothing. Rows are keyed by
/// what they say of whom and by the run that measured it; rows of several runs add up, and
/// writing one again changes nothing.
///
/// SQLite: rollback journal, synchronous=FULL, so that what write() has acknowledged survives
/// a loss of power; one connection. The file is checked when it is opened: as a whole up to 64 MB,
/// else its names, masks and version.
///
/// PostgreSQL: several writers at once, each with runs of its own. A call that finds the
/// server gone fails; the next one connects again.
///
/// Threads: one at a time. Errors: Usage for a ledger of a newer version, Malformed for a file
/// that is damaged or no ledger, Permission, Unavailable (locked, full, server away), and
/// Internal for what the database says otherwise.
class Ledger {
 public:
  /// Opens the ledger; makes or migrates its tables.
  [[nodiscard]] static Result<Ledger> open(const LedgerUrl& url);
  /// As open(), but a ledger that is not there is an error (NotFound) and nothing is changed.
  [[nodiscard]] static Result<Ledger> open_existing(const LedgerUrl& url);

  Ledger(Ledger&&) noexcept;
  Ledger& operator=(Ledger&&) noexcept;
  ~Ledger();

  /// Writes everything of `batch` as measured by `run`, in one transaction.
  [[nodiscard]] Result<void> write(std::string_view run, const Batch& batch);

  /// Adds what came late, in one transaction, to rows of a run of its own beside `run` (named
  /// amendment_run()), so that everything that reads adds them up and no write() takes them back;
  /// each row raises the revision of its interval by one. A batch whose number is not above the
  /// run's last changes nothing. What belongs to a closed period (closed_until()) is refused, and
  /// so is what no router carries.
  [[nodiscard]] Result<Amended> amend(std::string_view run, const Amendments& amendments);
  [[nodiscard]] static std::string amendment_run(std::string_view run);
  [[nodiscard]] static bool is_amendment_run(std::string_view run) noexcept;

  /// Takes what one contract carried in [from, until), by rising start.
  [[nodiscard]] Result<std::vector<ContractInterval>> intervals(std::string_view contract,
                                                                std::int64_t from,
                                                                std::int64_t until);
  /// All contracts at once, in any order of contracts; `take` gets each row with its contract's
  /// place in `contracts`. Rows of other contracts are passed over.
  using TakeInterval = std::function<void(std::size_t contract, const ContractInterval&)>;
  [[nodiscard]] Result<void> each_interval(std::span<const std::string> contracts,
                                           std::int64_t from, std::int64_t until,
                                           const TakeInterval& take);

  /// Places in `contracts` in the order in which the ledger keeps them, unknown ones last:
  /// neighbours in it are read fastest together.
  [[nodiscard]] Result<std::vector<std::size_t>> in_order(std::span<const std::string> contracts);

  /// What all runs together were measuring in [from, until), by rising start.
  [[nodiscard]] Result<std::vector<IntervalCoverage>> coverage(std::int64_t from,
                                                               std::int64_t until);
  /// Start of the last interval that any run was measuring; nothing in an empty ledger.
  [[nodiscard]] Result<std::optional<std::int64_t>> last_interval();
  /// Start of the first one.
  [[nodiscard]] Result<std::optional<std::int64_t>> first_interval();
  /// The end of the contract's last closed period: what started before it is amended no more, and
  /// a correction alone changes the bill. 0 if no period of it is closed.
  [[nodiscard]] Result<std::int64_t> closed_until(std::string_view contract);
  [[nodiscard]] Result<std::vector<ReceptionRow>> reception(std::int64_t from, std::int64_t until);

  /// What arrived of each exporter in the interval at `start`, by exporter and protocol, over all
  /// runs.
  [[nodiscard]] Result<std::vector<ExportRow>> exports(std::int64_t start);

  /// All rows of one contract's interval, by run, direction and family.
  [[nodiscard]] Result<std::vector<RunRow>> rows_of(std::string_view contract, std::int64_t start);
  /// What each run was measuring of the interval at `start`.
  [[nodiscard]] Result<std::vector<RunCoverage>> coverage_by_run(std::int64_t start);

  /// What passed one interface (by its exporter's name and ifIndex) in [from, until), by
  /// rising start.
  [[nodiscard]] Result<std::vector<InterfaceTotal>> interface_totals(std::string_view exporter,
                                                                     std::uint32_t interface,
                                                                     std::int64_t from,
                                                                     std::int64_t until);

  /// All interfaces at once, by rising start: reads them far faster than one by one.
  using TakeInterface = std::function<void(const std::string& exporter, std::uint32_t interface,
                                           const InterfaceTotal&)>;
  [[nodiscard]] Result<void> each_interface_total(std::int64_t from, std::int64_t until,
                                                  const TakeInterface& take);

  [[nodiscard]] Result<void> add_mask(const Mask& mask);
  /// Masks of `contract`, and those of every contract, that touch [from, until).
  [[nodiscard]] Result<std::vector<Mask>> masks(std::string_view contract, std::int64_t from,
                                                std::int64_t until);

  /// Makes the digests of whole UTC days that ended before `time` and have none: what lets a month
  /// of many contracts be read quickly. Reading needs none, and gives the same with and without.
  /// Gives how many were made.
  [[nodiscard]] Result<std::uint32_t> digest_before(std::int64_t time);

  /// Deletes the rows of contracts that a run has in [from, until) besides `rows`, which are to be
  /// written: it is made anew, and may have had others before.
  [[nodiscard]] Result<void> forget_others(std::string_view run,
                                           const std::vector<IntervalRow>& rows, std::int64_t from,
                                           std::int64_t until);

  /// Deletes what started before `time`. Gives the number of intervals that went.
  [[nodiscard]] Result<std::uint64_t> forget_before(std::int64_t time);

 private:
  /// Keeps its tables in the same database, over this connection.
  friend class StatementStore;

  struct State;
  class Adder;
  using Number = long long;  ///< as both databases know it
  /// Contracts of one statement, by their numbers.
  struct Range {
    Number first = 0;
    Number last = kAllContracts;
    [[nodiscard]] bool is_narrow() const noexcept { return last - first < kNarrow; }
  };
  static constexpr Number kAllContracts = 0x7fff'ffff'ffff'ffff;
  static constexpr Number kNarrow = 1'024;
  using TakeNumbered = std::function<void(Number contract, const ContractInterval&)>;

  explicit Ledger(std::unique_ptr<State> state);
  [[nodiscard]] static Result<Ledger> open_at(const LedgerUrl& url);

  // For StatementStore, which does not know State.
  [[nodiscard]] soci::session& session() noexcept;
  [[nodiscard]] Number number_of_contract(const std::string& name);  ///< given now if it has none
  void forget_numbers() noexcept;  ///< after a transaction that was undone
  [[nodiscard]] tl::unexpected<Error> failed(const char* what, const std::exception& error) const;

  // All below throw what the database throws.
  void each_row(const Range& contracts, std::int64_t from, std::int64_t until,
                const TakeNumbered& take);
  void each_of_day(std::int64_t day, const Range& contracts, std::int64_t from, std::int64_t until,
                   const TakeNumbered& take);
  [[nodiscard]] std::vector<std::int64_t> digested_days(std::int64_t from, std::int64_t until);
  void digest(std::int64_t day);

  std::unique_ptr<State> state_;
};

}  // namespace weir::ledger
