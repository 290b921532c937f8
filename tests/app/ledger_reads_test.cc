#include "collector/app/ledger_reads.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/support/config_files.h"

namespace weir::app {
namespace {

using billing::IntervalState;
using namespace std::chrono_literals;

constexpr std::int64_t kStart = 1'346'425'200;

TrafficTime time_of(std::int64_t seconds) { return traffic_time_ms(seconds * 1'000); }

contracts::Contract contract_a() {
  contracts::Contract made{.id = "A"};
  made.attach.push_back(
      {.where = contracts::InterfaceAttachment{
           .exporter = "r1", .interface = std::uint32_t{1}, .vlan = std::nullopt}});
  return made;
}

class LedgerReadsTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened =
        ledger::Ledger::open({.backend = ledger::Backend::Sqlite, .target = files.path("weir.db")});
    ASSERT_TRUE(opened) << opened.error().message;
    store.emplace(std::move(*opened));
    ledger::Batch batch;
    for (int i = 0; i < 5; ++i)
      if (i != 3) batch.coverage.push_back({.start = kStart + 300 * i, .seconds = 300});
    batch.reception.push_back({.exporter = "r1", .start = kStart + 600, .received = 1, .lost = 1});
    batch.reception.push_back({.exporter = "r2", .start = kStart, .received = 1, .lost = 1});
    batch.intervals.push_back({.contract = "A", .start = kStart, .bytes = 37'500, .variance = 100});
    batch.intervals.push_back({.contract = "A", .start = kStart + 600, .bytes = 75'000});
    batch.intervals.push_back({.contract = "B", .start = kStart, .bytes = 1});
    ASSERT_TRUE(store->write("run", batch));
    ASSERT_TRUE(store->add_mask({.contract = "A",
                                 .from = kStart + 1'200,
                                 .until = kStart + 1'201,
                                 .author = "sato",
                                 .reason = "attack",
                                 .made_at = kStart}));
  }

  test::ConfigFiles files;
  std::optional<ledger::Ledger> store;
};

TEST_F(LedgerReadsTest, EveryIntervalHasItsState) {
  const auto grid = read_intervals(*store, contract_a(),
                                   {.start = time_of(kStart - 1), .end = time_of(kStart + 1'201)});
  ASSERT_TRUE(grid) << grid.error().message;
  EXPECT_EQ(grid->period(),
            (billing::Period{.start = time_of(kStart), .end = time_of(kStart + 1'500)}));
  std::vector<IntervalState> states;
  for (const auto& interval : grid->intervals()) states.push_back(interval.state());
  EXPECT_EQ(states,
            (std::vector{IntervalState::Measured, IntervalState::MeasuredZero,
                         IntervalState::Partial, IntervalState::Missing, IntervalState::Masked}));
  EXPECT_EQ(grid->intervals()[0].bytes.from_customer, 37'500U);
  EXPECT_EQ(grid->intervals()[0].variance.from_customer, billing::Wide{100});
  EXPECT_EQ(grid->intervals()[2].completeness, billing::Share{500'000});
  ASSERT_EQ(grid->masks().size(), 1U);
  EXPECT_EQ(grid->masks()[0].reason, "attack");
}

TEST_F(LedgerReadsTest, AnotherThreadsLedgerAnswers) {
  std::thread owner;
  const LedgerReads reads(
      [&](std::function<void(ledger::Ledger&)> work) {
        owner = std::thread([this, work = std::move(work)] { work(*store); });
      },
      60s);
  const auto grid =
      reads.intervals(contract_a(), {.start = time_of(kStart), .end = time_of(kStart + 300)});
  owner.join();
  ASSERT_TRUE(grid) << grid.error().message;
  EXPECT_EQ(grid->intervals().size(), 1U);
}

TEST_F(LedgerReadsTest, ABusyLedgerIsSaidToBeBusyAndItsAnswerComesToNobody) {
  std::function<void(ledger::Ledger&)> kept;
  const LedgerReads reads([&](std::function<void(ledger::Ledger&)> work) { kept = work; }, 1ms);
  const auto grid =
      reads.intervals(contract_a(), {.start = time_of(kStart), .end = time_of(kStart + 300)});
  ASSERT_FALSE(grid);
  EXPECT_EQ(grid.error().code, ErrorCode::Unavailable);
  EXPECT_EQ(grid.error().message, "The ledger has been busy for 1 ms; ask again.");
  kept(*store);
}

TEST_F(LedgerReadsTest, AnOwnerThatEndsIsNotWaitedFor) {
  const LedgerReads reads([](const std::function<void(ledger::Ledger&)>&) {}, 60s);
  const auto grid =
      reads.intervals(contract_a(), {.start = time_of(kStart), .end = time_of(kStart + 300)});
  ASSERT_FALSE(grid);
  EXPECT_EQ(grid.error().message, "The ledger is closing, or has too much to answer; ask again.");
}

}  // namespace
}  // namespace weir::app
