#include "exporters/ledger/schema.h"

#include <fmt/format.h>

namespace weir::ledger {
namespace {

/// Terms as they were known, and the results of closed periods with all their revisions. The
/// columns are for the auditor; `terms` and `statement` hold everything, and are what is read back.
std::vector<std::string> closing_tables(const char* integer, const char* strict) {
  return {
      fmt::format("CREATE TABLE contract_terms (contract {0} NOT NULL, revision {0} NOT NULL, "
                  "noted_at {0} NOT NULL, valid_from {0}, committed {0} NOT NULL, terms TEXT NOT "
                  "NULL, PRIMARY KEY (contract, revision)){1}",
                  integer, strict),
      fmt::format(
          "CREATE TABLE closed_statement (contract {0} NOT NULL, month {0} NOT NULL, revision {0} "
          "NOT NULL, period_start {0} NOT NULL, period_end {0} NOT NULL, closed_at {0} NOT NULL, "
          "author TEXT NOT NULL, reason TEXT NOT NULL, method TEXT NOT NULL, direction_rule TEXT "
          "NOT NULL, layer TEXT NOT NULL, expected {0} NOT NULL, measured {0} NOT NULL, partial "
          "{0} NOT NULL, missing {0} NOT NULL, masked {0} NOT NULL, completeness {0} NOT NULL, "
          "provisional {0} NOT NULL, committed {0} NOT NULL, percentile {0}, error {0}, "
          "from_customer {0}, to_customer {0}, billable {0} NOT NULL, overage {0} NOT NULL, "
          "previous_billable {0}, exporters TEXT NOT NULL, masks TEXT NOT NULL, digest TEXT NOT "
          "NULL, statement TEXT NOT NULL, PRIMARY KEY (contract, month, revision)){1}",
          integer, strict),
  };
}

}  // namespace

std::vector<std::vector<std::string>> migrations(Backend backend) {
  const bool is_sqlite = backend == Backend::Sqlite;
  // SQLite keeps the rows in the primary key itself, and checks the types of values.
  const char* const compact = is_sqlite ? " STRICT, WITHOUT ROWID" : "";
  const char* const integer = is_sqlite ? "INTEGER" : "BIGINT";
  const char* const real = is_sqlite ? "REAL" : "DOUBLE PRECISION";
  const char* const strict = is_sqlite ? " STRICT" : "";
  const auto named = [&](const char* table) {
    return fmt::format(
        "CREATE TABLE {} (number {} NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE){}", table,
        integer, strict);
  };
  std::vector<std::string> first;
  first.push_back(named("contract"));
  first.push_back(named("run"));
  first.push_back(named("exporter"));
  first.push_back(
      fmt::format("CREATE TABLE contract_interval (start {0} NOT NULL, contract {0} NOT NULL, "
                  "direction {0} NOT NULL, "
                  "family {0} NOT NULL, run {0} NOT NULL, bytes {0} NOT NULL, packets {0} NOT "
                  "NULL, records {0} "
                  "NOT NULL, variance {1} NOT NULL, revision {0} NOT NULL, PRIMARY KEY (start, "
                  "contract, direction, "
                  "family, run)){2}",
                  integer, real, compact));
  first.push_back(
      fmt::format("CREATE TABLE coverage (start {0} NOT NULL, run {0} NOT NULL, seconds {0} NOT "
                  "NULL, PRIMARY KEY "
                  "(start, run)){1}",
                  integer, compact));
  first.push_back(
      fmt::format("CREATE TABLE reception (start {0} NOT NULL, exporter {0} NOT NULL, run {0} NOT "
                  "NULL, received "
                  "{0} NOT NULL, lost {0} NOT NULL, PRIMARY KEY (start, exporter, run)){1}",
                  integer, compact));
  // Derived from contract_interval, for reading a month of many contracts at once.
  first.push_back(
      fmt::format("CREATE TABLE day (day {0} NOT NULL PRIMARY KEY){1}", integer, strict));
  first.push_back(
      fmt::format("CREATE TABLE contract_day (day {0} NOT NULL, contract {0} NOT NULL, "
                  "from_customer TEXT NOT NULL, "
                  "to_customer TEXT NOT NULL, from_deviation TEXT NOT NULL, to_deviation TEXT NOT "
                  "NULL, revisions TEXT "
                  "NOT NULL, PRIMARY KEY (day, contract)){1}",
                  integer, strict));
  // The key stands first: SQLite 3.40 checks the columns of such a table by their place in the
  // key, and would call it damaged otherwise.
  first.push_back(fmt::format(
      "CREATE TABLE mask (contract {0} NOT NULL, starts {0} NOT NULL, ends {0} NOT NULL, "
      "made_at {0} NOT NULL, author TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY "
      "(contract, starts, ends, made_at)){1}",
      integer, compact));
  // How far the late records of a run have been written.
  std::vector<std::string> amended;
  amended.push_back(
      fmt::format("CREATE TABLE amended (run {0} NOT NULL PRIMARY KEY, last {0} NOT NULL){1}",
                  integer, strict));

  // Flow estimates of interfaces beside what their counters say; the counter is NULL where it does
  // not cover the interval.
  std::vector<std::string> interfaces;
  interfaces.push_back(fmt::format(
      "CREATE TABLE interface_interval (start {0} NOT NULL, exporter {0} NOT NULL, interface {0} "
      "NOT NULL, side {0} NOT NULL, run {0} NOT NULL, flow_bytes {0} NOT NULL, counter_bytes {0}, "
      "PRIMARY KEY (start, exporter, interface, side, run)){1}",
      integer, compact));

  // What arrived of each exporter and what became of it; sampling is NULL where nothing was scaled.
  std::vector<std::string> exports;
  exports.push_back(fmt::format(
      "CREATE TABLE export_interval (start {0} NOT NULL, exporter {0} NOT NULL, protocol {0} NOT "
      "NULL, run {0} NOT NULL, datagrams {0} NOT NULL, records {0} NOT NULL, received {0} NOT "
      "NULL, lost {0} NOT NULL, duplicate_datagrams {0} NOT NULL, restarts {0} NOT NULL, "
      "smallest_sampling {0}, largest_sampling {0}, attributed {0} NOT NULL, no_contract {0} NOT "
      "NULL, transit {0} NOT NULL, duplicate {0} NOT NULL, late {0} NOT NULL, unscaled {0} NOT "
      "NULL, discarded {0} NOT NULL, overrun {0} NOT NULL, implausible {0} NOT NULL, PRIMARY KEY "
      "(start, exporter, protocol, run)){1}",
      integer, compact));

  return {std::move(first), std::move(amended), std::move(interfaces),
          closing_tables(integer, strict), std::move(exports)};
}

}  // namespace weir::ledger
