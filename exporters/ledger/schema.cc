#include "exporters/ledger/schema.h"

#include <fmt/format.h>

namespace weir::ledger {

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

  return {std::move(first), std::move(amended)};
}

}  // namespace weir::ledger
