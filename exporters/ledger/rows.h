#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collector/model/exporter.h"
#include "collector/model/fate.h"
#include "collector/model/interface_side.h"
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
/// only the ratio means something across protocols. An exporter from which nothing came at all
/// has 0 received and 1 lost.
struct ReceptionRow {
  std::string exporter;
  std::int64_t start = 0;
  std::uint64_t received = 0;
  std::uint64_t lost = 0;
};

/// What arrived from one exporter over one protocol while one interval lasted, as one run counted
/// it, and what became of it: for people who ask how a number came to be. No bill is made of it.
/// The interval is that of arrival; a flow record tells of traffic of before.
struct ExportRow {
  std::string exporter;
  Protocol protocol = Protocol::Netflow5;
  std::int64_t start = 0;
  std::uint64_t datagrams = 0;
  std::uint64_t records = 0;   ///< flow records and flow samples
  std::uint64_t received = 0;  ///< in the protocol's own unit, as is what follows
  std::uint64_t lost = 0;      ///< net of what came late after all
  std::uint64_t duplicate_datagrams = 0;
  std::uint64_t restarts = 0;
  std::uint32_t smallest_sampling = 0;  ///< N of "1 in N" of records that were scaled; 0: none
  std::uint32_t largest_sampling = 0;
  /// By fate, scaled, at the configured layer; those that could not be scaled as reported.
  std::array<std::uint64_t, kFates> bytes{};

  friend bool operator==(const ExportRow&, const ExportRow&) = default;
};

/// What passed one side of an interface in one interval, by flows as one run measured it, and by
/// the interface's own counters where they cover the interval.
struct InterfaceRow {
  std::string exporter;
  std::uint32_t interface = 0;  ///< ifIndex
  InterfaceSide side = InterfaceSide::Ingress;
  std::int64_t start = 0;
  std::uint64_t flow_bytes = 0;
  std::optional<std::uint64_t> counter_bytes;
};

/// What late records add to intervals, as one run measured it. Their `revision` is ignored.
struct Amendments {
  std::uint64_t number = 0;  ///< rises from batch to batch of one run, from 1
  std::vector<IntervalRow> rows;
};

/// Bytes of amendments by what became of them.
struct Amended {
  std::uint64_t written_bytes = 0;
  std::uint64_t closed_bytes = 0;      ///< their period is closed: refused
  std::uint64_t impossible_bytes = 0;  ///< no router carries so much in an interval: refused

  friend bool operator==(const Amended&, const Amended&) = default;
};

/// Everything that is written in one transaction.
struct Batch {
  std::vector<IntervalRow> intervals;
  std::vector<CoverageRow> coverage;
  std::vector<ReceptionRow> reception;
  std::vector<InterfaceRow> interfaces = {};
  std::vector<ExportRow> exports = {};
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

/// One interval of one interface, by sides. Flows of several runs add up; their counters are the
/// same counters, so the largest stands.
struct InterfaceTotal {
  std::int64_t start = 0;
  std::array<std::uint64_t, kInterfaceSides> flow_bytes{};
  std::array<std::optional<std::uint64_t>, kInterfaceSides> counter_bytes{};

  friend bool operator==(const InterfaceTotal&, const InterfaceTotal&) = default;
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
