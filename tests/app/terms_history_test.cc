#include "collector/app/terms_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collector/app/terms_text.h"
#include "tests/support/config_files.h"

namespace weir::app {
namespace {

using std::chrono::August;
using std::chrono::October;
using std::chrono::September;
using std::chrono::year;
using testing::ElementsAre;

/// September 2012 of Tokyo.
constexpr TrafficTime kSeptember = traffic_time_ms(1'346'425'200'000);
constexpr TrafficTime kOctober = traffic_time_ms(1'349'017'200'000);
constexpr auto kDay = std::chrono::hours{24};

contracts::Contract contract(std::uint64_t committed, TrafficTime from = TrafficTime::min()) {
  contracts::Contract made{.id = "A", .customer = "Example", .service = "ip"};
  made.committed = BitsPerSecond{committed};
  made.billing.timezone = "Asia/Tokyo";
  made.valid_from = from;
  made.attach = attachments_at({"r1", "r2"});
  return made;
}

billing::Terms terms(std::uint64_t committed) {
  return {.committed = BitsPerSecond{committed}, .tiers = {}};
}

class TermsHistoryTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened =
        ledger::Ledger::open({.backend = ledger::Backend::Sqlite, .target = files.path("weir.db")});
    ASSERT_TRUE(opened) << opened.error().message;
    store.emplace(std::move(*opened));
  }
  void note(const contracts::Contract& contract, TrafficTime at) {
    ASSERT_EQ(note_terms(*store, {&contract, 1}, at), 1U);
  }
  std::vector<billing::TermSpan> spans(const contracts::Contract& file, billing::Month month,
                                       TrafficTime now) {
    const auto history = TermsHistory::read(*store);
    EXPECT_TRUE(history) << history.error().message;
    const auto of_month = history->terms_of(file, month, now);
    EXPECT_TRUE(of_month) << of_month.error().message;
    return of_month->spans;
  }

  test::ConfigFiles files;
  std::optional<ledger::Ledger> store;
  const billing::TermSpan september_1000{.span = {.start = kSeptember, .end = kOctober},
                                         .terms = terms(1'000)};
  const billing::TermSpan september_3000{.span = {.start = kSeptember, .end = kOctober},
                                         .terms = terms(3'000)};
};

TEST_F(TermsHistoryTest, AnEditAfterTheEndDoesNotReachThePeriod) {
  note(contract(1'000), kSeptember + kDay);
  note(contract(3'000), kOctober);
  EXPECT_THAT(spans(contract(3'000), year{2012} / September, kOctober + kDay),
              ElementsAre(september_1000));
  EXPECT_EQ(spans(contract(3'000), year{2012} / October, kOctober + kDay).front().terms,
            terms(3'000));
}

TEST_F(TermsHistoryTest, ARunningPeriodIsUnderTheFile) {
  note(contract(1'000), kSeptember + kDay);
  EXPECT_THAT(spans(contract(3'000), year{2012} / September, kOctober - kDay),
              ElementsAre(september_3000));
}

TEST_F(TermsHistoryTest, WhereNothingWasKnownByTheEndTheFileIsTheBestThereIs) {
  note(contract(1'000), kOctober + kDay);
  EXPECT_THAT(spans(contract(3'000), year{2012} / September, kOctober + kDay * 2),
              ElementsAre(september_3000));
}

TEST_F(TermsHistoryTest, AVersionHoldsFromItsDateOn) {
  const TrafficTime middle = kSeptember + kDay * 14;
  note(contract(1'000), kSeptember - kDay);
  note(contract(3'000, middle), kSeptember + kDay);
  EXPECT_THAT(
      spans(contract(3'000, middle), year{2012} / September, kOctober + kDay),
      ElementsAre(
          billing::TermSpan{.span = {.start = kSeptember, .end = middle}, .terms = terms(1'000)},
          billing::TermSpan{.span = {.start = middle, .end = kOctober}, .terms = terms(3'000)}));
  EXPECT_EQ(spans(contract(3'000, middle), year{2012} / August, kOctober).front().terms,
            terms(1'000));
}

TEST_F(TermsHistoryTest, AVersionTakesThePlaceOfAllThatWasToHoldLater) {
  note(contract(1'000, kSeptember + kDay * 20), kSeptember);
  note(contract(3'000, kSeptember), kSeptember + kDay);
  EXPECT_THAT(spans(contract(3'000, kSeptember), year{2012} / September, kOctober + kDay),
              ElementsAre(september_3000));
}

TEST_F(TermsHistoryTest, NotingTheSameAgainStoresNothing) {
  note(contract(1'000), kSeptember);
  const auto same = contract(1'000);
  EXPECT_EQ(note_terms(*store, {&same, 1}, kOctober), 0U);
}

TEST(ContractText, KeepsThePortWhoseCountersBill) {
  auto counted = contract(1'000);
  counted.billing.source = contracts::BillingSource::Counter;
  counted.attach = {{.where = contracts::InterfaceAttachment{
                         .exporter = "r1", .interface = std::string("et-0/0/1"), .vlan = {}}}};
  const auto back = contract_from_text("A", terms_text(counted));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->billing.source, contracts::BillingSource::Counter);
  ASSERT_EQ(back->attach.size(), 1U);
  const auto& where = std::get<contracts::InterfaceAttachment>(back->attach.front().where);
  EXPECT_EQ(where.exporter, "r1");
  EXPECT_EQ(std::get<std::string>(where.interface), "et-0/0/1");
}

TEST(ContractText, GivesBackWhatDecidesTheBill) {
  auto whole = contract(1'000, kSeptember);
  whole.ceiling = BitsPerSecond{10'000};
  whole.billing.percentile_hundredths = 9'990;
  whole.billing.direction = contracts::DirectionRule::PercentileOfSum;
  whole.billing.day = 15;
  whole.valid_until = kOctober;
  const std::string text = terms_text(whole);
  EXPECT_EQ(text, R"({"customer":"Example","service":"ip","committed_bits_per_second":1000,)"
                  R"("ceiling_bits_per_second":10000,"percentile_hundredths":9990,)"
                  R"("direction_rule":"percentile_of_sum","timezone":"Asia/Tokyo","day":15,)"
                  R"("valid_from_ms":1346425200000,"valid_until_ms":1349017200000,)"
                  R"("exporters":["r1","r2"]})");
  const auto back = contract_from_text("A", text);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->id, "A");
  EXPECT_EQ(terms_text(*back), text);
}

TEST(ContractText, WithoutDatesHoldsAlways) {
  const auto back = contract_from_text("A", terms_text(contract(1)));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->valid_from, TrafficTime::min());
  EXPECT_EQ(back->valid_until, TrafficTime::max());
}

TEST(ContractText, AnotherTextIsMalformed) {
  for (const char* text : {"", "{}", "[]", R"({"customer":1})"}) {
    const auto back = contract_from_text("A", text);
    ASSERT_FALSE(back);
    EXPECT_EQ(back.error().code, ErrorCode::Malformed);
  }
}

}  // namespace
}  // namespace weir::app
