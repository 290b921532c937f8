#pragma once

#include <memory>
#include <optional>
#include <string>

struct pg_conn;

namespace weir::test {

/// The database that WEIR_TEST_POSTGRES names (tests/support/postgres_server.py sets it), if it
/// does.
[[nodiscard]] std::optional<std::string> postgres_url();

/// A connection to PostgreSQL beside the program's own, for arranging and checking.
///
/// Threads: one at a time. A statement that fails fails the test.
class PostgresShell {
 public:
  explicit PostgresShell(const std::string& url);

  /// Runs statements; gives the first column of the last one's first row, or nothing.
  std::string run(const std::string& statements);
  /// Drops whatever the database holds.
  void empty();
  /// Ends every other connection to this database. Gives how many there were.
  std::string end_others();

 private:
  struct Finish {
    void operator()(pg_conn* connection) const noexcept;
  };
  std::unique_ptr<pg_conn, Finish> connection_;
};

}  // namespace weir::test
