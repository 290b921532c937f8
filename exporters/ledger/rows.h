#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collector/model/fate.h"
#include "collector/model/time.h"

namespace weir::ledger {

/// The billed interval: [start, start + 300 s), on UTC multiples of 300 s.
inline constexpr std::int64_t kIntervalSeconds = 300;

/// What one contract carried in one interval, direction and family, as one run measured it.
struct IntervalRow {
  std::string contract;
  std::int64_t start = 0;  ///< seconds since 1970 UTC, a multiple of kIntervalSeconds
  Direction direction = Direction::FromCustomer;
  Family family = Family::Ipv4;
  std::uint64_t bytes = 0;
  std::uint64_t packets = 0;
  std::uint64_t records = 0;
  double variance = 0;         ///< of bytes
  std::uint32_t revision = 0;  ///< how often late records have amended it after its close
};

/// How much of an interval one run was measuring, for all contracts alike.
struct CoverageRow {
  std::int64_t start = 0;
  std::uint32_t seconds = 0;  ///< of kIntervalSeconds
};

/// What one run received of one exporter in one interval. The unit is the protocol's own:
/// only the ratio means something across protocols.
struct ReceptionRow {
  std::string exporter;
  std::int64_t start = 0;
  std::uint64_t received = 0;
  std::uint64_t lost = 0;
};

/// What late records add to intervals, as one run measured it. Their `revision` is ignored.
struct Amendments {
  std::uint64_t number = 0;  ///< rises from batch to batch of one run, from 1
  std::vector<IntervalRow> rows;
};

/// Bytes of amendments by what became of them.
struct Amended {
  std::uint64_t written_bytes = 0;
  std::uint64_t closed_bytes = 0;  ///< their period is closed: refused

  friend bool operator==(const Amended&, const Amended&) = default;
};

/// Everything that is written in one transaction.
struct Batch {
  std::vector<IntervalRow> intervals;
  std::vector<CoverageRow> coverage;
  std::vector<ReceptionRow> reception;
};

/// One interval of one contract, summed over runs and families.
struct ContractInterval {
  std::int64_t start = 0;
  std::uint64_t from_customer_bytes = 0;
  std::uint64_t to_customer_bytes = 0;
  std::uint64_t from_customer_deviation = 0;  ///< standard deviation of the bytes, rounded
  std::uint64_t to_customer_deviation = 0;
  std::uint32_t revision = 0;

  friend bool operator==(const ContractInterval&, const ContractInterval&) = default;
};

/// What all runs together were measuring of an interval.
struct IntervalCoverage {
  std::int64_t start = 0;
  std::uint32_t seconds = 0;  ///< at most kIntervalSeconds
};

/// One row of an interval, and the run that measured it.
struct RunRow {
  std::string run;
  IntervalRow row;
};

/// How much of an interval one run was measuring.
struct RunCoverage {
  std::string run;
  std::uint32_t seconds = 0;
};

/// An interval that is left out of a bill, and by whom.
struct Mask {
  std::string contract;  ///< empty: every contract
  std::int64_t from = 0;
  std::int64_t until = 0;
  std::string author;
  std::string reason;
  std::int64_t made_at = 0;
};

}  // namespace weir::ledger
