#include "collector/app/statement_text.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "tests/billing/grid_builder.h"

namespace weir::app {
namespace {

using billing::GridBuilder;
using billing::mbps;

billing::Statement full() {
  billing::IntervalGrid grid = GridBuilder({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}).grid();
  grid.add(billing::interval_at(3), {.from_customer = 1, .to_customer = 5},
           {.from_customer = 1'000});
  grid.mask({.span = {.start = billing::interval_at(9), .end = billing::interval_at(10)},
             .author = "A. \"Sato\"",
             .reason = "attack",
             .made_at = traffic_time_ms(1'349'000'000'123)});
  const billing::Terms first{.committed = mbps(1), .tiers = {}};
  const billing::Terms second{.committed = mbps(3),
                              .ceiling = mbps(10),
                              .percentile = billing::Percentile{9'990},
                              .rule = contracts::DirectionRule::PercentileOfSum,
                              .tiers = {mbps(2), mbps(20)}};
  return billing::statement_of(
      {.contract = "A", .customer = "Example", .service = "ip"}, grid,
      std::vector<billing::TermSpan>{
          {.span = {.start = billing::kSeptember, .end = billing::interval_at(4)}, .terms = first},
          {.span = {.start = billing::interval_at(4), .end = billing::interval_at(10)},
           .terms = second}},
      {});
}

TEST(StatementText, GivesTheSameBillBack) {
  const auto statement = full();
  ASSERT_TRUE(statement.percentile_without_masks);
  ASSERT_TRUE(statement.is_estimated);
  const auto back = statement_from_text(statement_text(statement));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, statement);
}

TEST(StatementText, OfNothingMeasuredHasNoFigures) {
  const billing::IntervalGrid grid = GridBuilder(std::size_t{3}).grid();
  const auto statement = billing::statement_of(
      {.contract = "A", .customer = {}, .service = {}}, grid,
      std::vector<billing::TermSpan>{
          {.span = grid.period(), .terms = {.committed = mbps(1), .tiers = {}}}},
      {});
  const auto back = statement_from_text(statement_text(statement));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, statement);
  EXPECT_FALSE(back->figures);
}

TEST(StatementText, ADamagedTextIsMalformedWhereverItEnds) {
  const std::string text = statement_text(full());
  for (std::size_t length = 0; length < text.size(); ++length) {
    const auto back = statement_from_text(std::string_view(text).substr(0, length));
    ASSERT_FALSE(back) << length;
    ASSERT_EQ(back.error().code, ErrorCode::Malformed);
  }
  EXPECT_FALSE(statement_from_text("[]"));
  EXPECT_FALSE(statement_from_text("{}"));
}

TEST(StatementText, WithoutAnyOfItsKeysIsMalformed) {
  const auto whole = boost::json::parse(statement_text(full())).as_object();
  for (const auto& [key, value] : whole) {
    auto less = whole;
    less.erase(key);
    EXPECT_FALSE(statement_from_text(boost::json::serialize(less))) << key;
    auto other = whole;
    other[key] = boost::json::object{};
    EXPECT_FALSE(statement_from_text(boost::json::serialize(other))) << key;
  }
}

TEST(StatementText, KnowsEveryDirectionRuleByItsName) {
  EXPECT_EQ(parse_direction_rule("percentile_of_sum"), contracts::DirectionRule::PercentileOfSum);
  EXPECT_EQ(parse_direction_rule("from_customer"), contracts::DirectionRule::FromCustomer);
  EXPECT_EQ(parse_direction_rule(""), std::nullopt);
}

}  // namespace
}  // namespace weir::app
