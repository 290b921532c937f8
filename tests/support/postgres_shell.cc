#include "tests/support/postgres_shell.h"

#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <cstdlib>

namespace weir::test {

std::optional<std::string> postgres_url() {
  const char* const url = std::getenv("WEIR_TEST_POSTGRES");
  if (url == nullptr || *url == 0) return std::nullopt;
  return url;
}

void PostgresShell::Finish::operator()(pg_conn* connection) const noexcept { PQfinish(connection); }

PostgresShell::PostgresShell(const std::string& url) : connection_(PQconnectdb(url.c_str())) {
  EXPECT_EQ(PQstatus(connection_.get()), CONNECTION_OK) << PQerrorMessage(connection_.get());
}

std::string PostgresShell::run(const std::string& statements) {
  PGresult* const result = PQexec(connection_.get(), statements.c_str());
  const auto status = PQresultStatus(result);
  EXPECT_TRUE(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
      << PQerrorMessage(connection_.get());
  std::string first;
  if (status == PGRES_TUPLES_OK && PQntuples(result) != 0) first = PQgetvalue(result, 0, 0);
  PQclear(result);
  return first;
}

void PostgresShell::empty() {
  run("SET client_min_messages = warning; DROP SCHEMA public CASCADE; CREATE SCHEMA public");
}

std::string PostgresShell::end_others() {
  return run(
      "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE datname = "
      "current_database() AND pid <> pg_backend_pid()");
}

}  // namespace weir::test
