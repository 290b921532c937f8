#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collector/model/result.h"
#include "exporters/ledger/ledger.h"

namespace weir::ledger {

/// A contract's terms as they were known from `noted_at` on.
struct NotedTerms {
  std::string contract;
  std::uint32_t revision = 0;              ///< from 1; given by the store
  std::int64_t noted_at = 0;               ///< seconds since 1970 UTC
  std::optional<std::int64_t> valid_from;  ///< as the contract says; none: always
  std::uint64_t committed = 0;             ///< bits per second
  std::string terms;                       ///< all of them: equal text is equal terms

  friend bool operator==(const NotedTerms&, const NotedTerms&) = default;
};

/// A bill of a closed period. Revision 1 closes it, each further one corrects it; none is ever
/// changed or deleted. Rates in bits per second, times in seconds since 1970 UTC.
struct ClosedStatement {
  std::string contract;
  std::uint32_t month = 0;  ///< in which the period begins, as 201209
  std::uint32_t revision = 1;
  std::int64_t period_start = 0;
  std::int64_t period_end = 0;
  std::int64_t closed_at = 0;  ///< or corrected
  std::string author;
  std::string reason;
  std::string method;
  std::string direction_rule;
  std::string layer;
  std::uint64_t expected = 0;  ///< intervals
  std::uint64_t measured = 0;
  std::uint64_t partial = 0;
  std::uint64_t missing = 0;
  std::uint64_t masked = 0;
  std::uint32_t completeness = 0;  ///< millionths
  std::uint32_t provisional = 0;   ///< 1 if it is
  std::uint64_t committed = 0;
  std::optional<std::uint64_t> percentile;  ///< this and the next three: none if nothing counts
  std::optional<std::uint64_t> error;
  std::optional<std::uint64_t> from_customer;  ///< percentile of that direction
  std::optional<std::uint64_t> to_customer;
  std::uint64_t billable = 0;
  std::uint64_t overage = 0;
  std::optional<std::uint64_t> previous_billable;  ///< of the revision before
  std::string exporters;                           ///< those that decide completeness; JSON
  std::string masks;                               ///< those that were applied; JSON
  std::string digest;                              ///< of the interval rows it was made from
  std::string statement;                           ///< the whole bill; JSON

  friend bool operator==(const ClosedStatement&, const ClosedStatement&) = default;
};

/// Which period of which contract is closed.
struct ClosedPeriod {
  std::string contract;
  std::uint32_t month = 0;

  friend bool operator==(const ClosedPeriod&, const ClosedPeriod&) = default;
};

/// Closed bills, and the terms that contracts had, in the ledger's database.
///
/// Nothing here is deleted by Ledger::forget_before(). Each call is one transaction.
///
/// Threads: as the ledger, which must outlive it. Errors: as the ledger's.
class StatementStore {
 public:
  explicit StatementStore(Ledger& ledger) noexcept : ledger_(&ledger) {}

  /// Stores those that differ from the latest of their contract, as its next revision. Gives how
  /// many did.
  [[nodiscard]] Result<std::uint32_t> note(std::span<const NotedTerms> terms);
  /// All of them, by contract and rising revision.
  [[nodiscard]] Result<std::vector<NotedTerms>> noted();

  /// Stores those whose revision is not there yet; what is there stays as it is. Gives how many
  /// were not.
  [[nodiscard]] Result<std::uint32_t> add(std::span<const ClosedStatement> statements);

  /// All revisions of a month, by contract and rising revision; of `contract` alone unless it is
  /// empty.
  [[nodiscard]] Result<std::vector<ClosedStatement>> revisions(std::uint32_t month,
                                                               std::string_view contract);
  /// The last revision of each contract.
  [[nodiscard]] Result<std::vector<ClosedStatement>> latest(std::uint32_t month,
                                                            std::string_view contract);

  /// Closed periods that touch [from, until), by contract and month; of `contract` alone unless it
  /// is empty.
  [[nodiscard]] Result<std::vector<ClosedPeriod>> closed_periods(std::string_view contract,
                                                                 std::int64_t from,
                                                                 std::int64_t until);

 private:
  Ledger* ledger_;
};

}  // namespace weir::ledger
