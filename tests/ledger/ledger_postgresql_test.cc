#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "exporters/ledger/ledger.h"
#include "tests/support/postgres_shell.h"

namespace weir::ledger {
namespace {

/// 2012-09-30T00:00:00Z.
constexpr std::int64_t kDay = 1'348'963'200;

Batch batch_of(const std::string& contract, std::int64_t start, std::uint64_t bytes) {
  return {.intervals = {{.contract = contract, .start = start, .bytes = bytes}},
          .coverage = {{.start = start, .seconds = 300}},
          .reception = {}};
}

/// What a server adds: connections that end, and several writers.
class LedgerPostgresqlTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto server = test::postgres_url();
    ASSERT_TRUE(server) << "tests/support/postgres_server.py runs this with a server";
    url_ = {.backend = Backend::Postgresql, .target = *server};
    shell().empty();
  }
  [[nodiscard]] test::PostgresShell shell() const { return test::PostgresShell(url_.target); }
  [[nodiscard]] Ledger opened() const {
    auto ledger = Ledger::open(url_);
    EXPECT_TRUE(ledger) << ledger.error().message;
    return std::move(*ledger);
  }

  LedgerUrl url_;
};

TEST_F(LedgerPostgresqlTest, AConnectionThatEndedIsMadeAnewByTheNextCall) {
  Ledger ledger = opened();
  ASSERT_TRUE(ledger.write("run", batch_of("A", kDay, 1)));
  EXPECT_EQ(shell().end_others(), "1");
  const auto written = ledger.write("run", batch_of("A", kDay + 300, 2));
  EXPECT_TRUE(written) << written.error().message;
  EXPECT_EQ(shell().end_others(), "1");
  EXPECT_EQ(ledger.last_interval().value(), kDay + 300);
  EXPECT_EQ(
      shell().run("SELECT string_agg(bytes::text, ' ' ORDER BY start) FROM contract_interval"),
      "1 2");
}

TEST_F(LedgerPostgresqlTest, AWriteThatIsCutOffFailsAndWrittenAgainIsThereOnce) {
  constexpr int kContracts = 4'000;
  Batch batch;
  for (int i = 0; i < kContracts; ++i)
    batch.intervals.push_back({.contract = "C" + std::to_string(i), .start = kDay, .bytes = 3});
  Ledger ledger = opened();
  std::atomic<bool> is_done = false;
  // Ends the connection as soon as a name has its number, which is inside the transaction.
  std::thread breaker([&] {
    auto breaking = shell();
    while (!is_done && breaking.run("SELECT count(pg_terminate_backend(pid, 10000)) FROM "
                                    "pg_locks WHERE locktype = 'relation' AND mode = "
                                    "'ShareRowExclusiveLock' AND pid <> pg_backend_pid()") == "0") {
    }
  });
  const auto failed = ledger.write("run", batch);
  is_done = true;
  breaker.join();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::Unavailable) << failed.error().message;
  EXPECT_EQ(shell().run("SELECT count(*) FROM contract_interval"), "0");
  const auto written = ledger.write("run", batch);
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(shell().run("SELECT count(*) FROM contract_interval"), std::to_string(kContracts));
  EXPECT_EQ(shell().run("SELECT sum(bytes) FROM contract_interval"),
            std::to_string(3 * kContracts));
}

TEST_F(LedgerPostgresqlTest, AServerThatIsNotThereIsUnavailable) {
  const auto ledger = Ledger::open({.backend = Backend::Postgresql,
                                    .target = "postgresql://weir@/weir?host=/nonexistent-folder"});
  ASSERT_FALSE(ledger);
  EXPECT_EQ(ledger.error().code, ErrorCode::Unavailable) << ledger.error().message;
}

TEST_F(LedgerPostgresqlTest, WritersThatStartTogetherMakeTheTablesOnceAndGiveOneNumberToAName) {
  constexpr int kWriters = 4;
  constexpr int kWrites = 40;
  std::atomic<int> failures = 0;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer)
    writers.emplace_back([&, writer] {
      auto ledger = Ledger::open(url_);
      if (!ledger) {
        ++failures;
        return;
      }
      for (int i = 0; i < kWrites; ++i)
        if (!ledger->write("run-" + std::to_string(writer),
                           batch_of("C" + std::to_string(i), kDay + 300 * i, 1)))
          ++failures;
    });
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(shell().run("SELECT count(*) FROM contract"), std::to_string(kWrites));
  EXPECT_EQ(shell().run("SELECT sum(bytes) FROM contract_interval"),
            std::to_string(kWriters * kWrites));
}

TEST_F(LedgerPostgresqlTest, ADigestThatIsMadeWhileOthersWriteTellsTheTruth) {
  constexpr int kWrites = 200;
  ASSERT_TRUE(opened().write("other", batch_of("A", kDay, 7)));
  std::atomic<int> failures = 0;
  std::thread writer([&] {
    Ledger ledger = opened();
    for (int i = 0; i < kWrites; ++i)
      if (!ledger.write("run", batch_of("A", kDay + 300 * (i % 288), 1))) ++failures;
  });
  {
    Ledger ledger = opened();
    for (int i = 0; i < kWrites; ++i)
      if (!ledger.digest_before(kDay + 86'400)) ++failures;
  }
  writer.join();
  EXPECT_EQ(failures, 0);
  Ledger ledger = opened();
  ASSERT_TRUE(ledger.digest_before(kDay + 86'400));
  std::uint64_t bytes = 0;
  const auto found = ledger.intervals("A", kDay, kDay + 86'400);
  ASSERT_TRUE(found);
  for (const auto& interval : *found) bytes += interval.from_customer_bytes;
  EXPECT_EQ(bytes, kWrites + 7U);
}

}  // namespace
}  // namespace weir::ledger
