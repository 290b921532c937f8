#include "collector/wire/sampler_table.h"

#include <gtest/gtest.h>

#include <bit>
#include <initializer_list>
#include <utility>

namespace weir::wire {
namespace {

using Scope = Announcement::Scope;

SamplingFacts facts_of(std::initializer_list<std::pair<Destination, std::uint64_t>> values) {
  SamplingFacts facts;
  for (const auto& [destination, value] : values) facts.set(destination, value, 8);
  return facts;
}

// ---- what one record announces

TEST(SamplingFacts, SelectorAlgorithmPicksItsOwnParameters) {
  using enum Destination;
  const auto interval = [](std::uint64_t algorithm) {
    return facts_of({{SelectorAlgorithm, algorithm},
                     {PacketInterval, 1},
                     {PacketSpace, 999},
                     {SampleSize, 2},
                     {Population, 200},
                     {Probability, std::bit_cast<std::uint64_t>(0.02)}})
        .interval();
  };
  EXPECT_EQ(interval(1), 1'000U);  // systematic count-based
  EXPECT_EQ(interval(3), 100U);    // random n-out-of-N
  EXPECT_EQ(interval(4), 50U);     // uniform probabilistic
}

TEST(SamplingFacts, SelectorThatFiltersOrGoesByTimeSaysNothing) {
  using enum Destination;
  for (const std::uint64_t algorithm : {2, 5, 6, 7, 8, 9, 250}) {
    EXPECT_EQ(facts_of({{SelectorAlgorithm, algorithm}, {PacketInterval, 1}, {PacketSpace, 999}})
                  .interval(),
              0U)
        << algorithm;
  }
}

TEST(SamplingFacts, SelectorOfNoAlgorithmAndNoParametersTakesEveryPacket) {
  using enum Destination;
  EXPECT_EQ(facts_of({{SelectorAlgorithm, 0}}).interval(), 1U);
  EXPECT_EQ(facts_of({{SelectorAlgorithm, 0}, {SampleSize, 0}, {Population, 0}}).interval(), 1U);
  EXPECT_EQ(facts_of({{SelectorAlgorithm, 0}, {PacketInterval, 1}, {PacketSpace, 99}}).interval(),
            100U);
  // Half of the parameters is a rate that was not said.
  EXPECT_EQ(facts_of({{SelectorAlgorithm, 0}, {Population, 100}}).interval(), 0U);
}

TEST(SamplingFacts, ParametersOfAnotherAlgorithmAreTakenWhereItsOwnAreMissing) {
  using enum Destination;
  EXPECT_EQ(facts_of({{SelectorAlgorithm, 3}, {PacketInterval, 1}, {PacketSpace, 99}}).interval(),
            100U);
}

TEST(SamplingFacts, IntervalWithoutSpaceIsNoRate) {
  using enum Destination;
  EXPECT_EQ(facts_of({{SelectorAlgorithm, 1}, {PacketInterval, 1'000}}).interval(), 0U);
  EXPECT_EQ(facts_of({{PacketInterval, 1'000}}).interval(), 0U);
}

TEST(SamplingFacts, ZeroSaysNothingAndOneIsUnsampled) {
  using enum Destination;
  EXPECT_EQ(facts_of({{Interval, 0}}).interval(), 0U);
  EXPECT_EQ(facts_of({{Interval, 0}, {RandomInterval, 512}}).interval(), 512U);
  EXPECT_EQ(facts_of({{Interval, 1}}).interval(), 1U);
}

TEST(Announcement, ScopeIsTheNarrowestThatTheRecordNames) {
  using enum Destination;
  const auto scope = [](std::initializer_list<std::pair<Destination, std::uint64_t>> values) {
    const Announcement a = announcement_of(facts_of(values));
    return std::pair{a.scope, a.subject};
  };
  EXPECT_EQ(scope({{Interval, 9}}), std::pair(Scope::Domain, std::uint64_t{0}));
  EXPECT_EQ(scope({{SamplerId, 0}, {ScopeInterface, 4}}),
            std::pair(Scope::Sampler, std::uint64_t{0}));
  EXPECT_EQ(scope({{ScopeInterface, 4}}), std::pair(Scope::Interface, std::uint64_t{4}));
  EXPECT_EQ(scope({{Input, 4}}), std::pair(Scope::Interface, std::uint64_t{4}));
  EXPECT_EQ(scope({{ScopeEgress, 5}}), std::pair(Scope::EgressInterface, std::uint64_t{5}));
  EXPECT_EQ(scope({{ScopeTemplate, 260}}), std::pair(Scope::Template, std::uint64_t{260}));
  EXPECT_EQ(scope({{ScopeLineCard, 0}}), std::pair(Scope::LineCard, std::uint64_t{0}));
  // Interface 0 is none.
  EXPECT_EQ(scope({{ScopeInterface, 0}}), std::pair(Scope::Domain, std::uint64_t{0}));
}

// ---- what holds for a record

FlowRecord record_of(std::initializer_list<std::pair<Has, std::uint64_t>> values) {
  FlowRecord record;
  for (const auto& [field, value] : values) {
    record.set(field);
    if (field == Has::SamplerId) record.sampler_id = value;
    if (field == Has::Input) record.input = static_cast<std::uint32_t>(value);
    if (field == Has::Output) record.output = static_cast<std::uint32_t>(value);
    if (field == Has::MeteredDirection) record.metered = static_cast<MeteredDirection>(value);
  }
  return record;
}

SamplerTable table_of(std::initializer_list<Announcement> all) {
  SamplerTable table;
  for (const Announcement& a : all) table.apply(a);
  return table;
}

constexpr std::uint16_t kTemplate = 260;

std::uint32_t interval_of(const SamplerTable& table,
                          std::initializer_list<std::pair<Has, std::uint64_t>> values) {
  return table.of(record_of(values), kTemplate).interval;
}

TEST(SamplerTable, NarrowestScopeHoldsFirst) {
  const Announcement domain{.interval = 1};
  const Announcement interface { .scope = Scope::Interface, .subject = 4, .interval = 2 };
  const Announcement of_template{.scope = Scope::Template, .subject = kTemplate, .interval = 3};
  const Announcement sampler{.scope = Scope::Sampler, .subject = 7, .interval = 4};
  const auto of_all = [](const SamplerTable& table) {
    return interval_of(table, {{Has::SamplerId, 7}, {Has::Input, 4}});
  };
  EXPECT_EQ(of_all(table_of({domain})), 1U);
  EXPECT_EQ(of_all(table_of({domain, interface})), 2U);
  EXPECT_EQ(of_all(table_of({domain, interface, of_template})), 3U);
  EXPECT_EQ(of_all(table_of({domain, interface, of_template, sampler})), 4U);
}

TEST(SamplerTable, TemplateScopeHoldsForItsTemplateAlone) {
  const SamplerTable table =
      table_of({{.scope = Scope::Template, .subject = kTemplate, .interval = 100}});
  EXPECT_EQ(table.of_template(kTemplate).interval, 100U);
  EXPECT_EQ(table.of_template(kTemplate).source, SamplingSource::Domain);
  EXPECT_EQ(table.of_template(kTemplate + 1).interval, 0U);
}

TEST(SamplerTable, LineCardsCountWhereAllAgree) {
  const Announcement first{.scope = Scope::LineCard, .subject = 0, .interval = 500};
  Announcement second{.scope = Scope::LineCard, .subject = 1, .interval = 500};
  EXPECT_EQ(interval_of(table_of({first, second}), {{Has::Input, 1}}), 500U);
  second.interval = 1'000;
  EXPECT_EQ(interval_of(table_of({first, second}), {{Has::Input, 1}}), 0U);
}

TEST(SamplerTable, EgressInterfaceHoldsForWhatLeavesByIt) {
  const SamplerTable table =
      table_of({{.scope = Scope::EgressInterface, .subject = 5, .interval = 9}});
  EXPECT_EQ(interval_of(table, {{Has::Input, 1}, {Has::Output, 5}}), 9U);
  EXPECT_EQ(interval_of(table, {{Has::Input, 5}, {Has::Output, 1}}), 0U);
  EXPECT_EQ(interval_of(table, {{Has::Input, 1}, {Has::Output, 5}, {Has::MeteredDirection, 1}}),
            9U);
  EXPECT_EQ(interval_of(table, {{Has::Input, 1}, {Has::Output, 5}, {Has::MeteredDirection, 0}}),
            0U);
}

TEST(SamplerTable, InterfaceThatMeteredTheRecordDecides) {
  const SamplerTable table = table_of({{.scope = Scope::Interface, .subject = 1, .interval = 100},
                                       {.scope = Scope::Interface, .subject = 2, .interval = 200}});
  EXPECT_EQ(interval_of(table, {{Has::Input, 1}, {Has::Output, 2}}), 100U);
  EXPECT_EQ(interval_of(table, {{Has::Input, 1}, {Has::Output, 2}, {Has::MeteredDirection, 1}}),
            200U);
}

TEST(SamplerTable, InterfaceBoundToASamplerHasItsInterval) {
  const SamplerTable table =
      table_of({{.scope = Scope::Sampler, .subject = 3, .samples_input = 12, .samples_output = 13},
                {.scope = Scope::Sampler, .subject = 3, .interval = 1'000},
                {.scope = Scope::Sampler, .subject = 4, .interval = 2'000}});
  EXPECT_EQ(interval_of(table, {{Has::Input, 12}}), 1'000U);
  EXPECT_EQ(interval_of(table, {{Has::Output, 13}}), 1'000U);
  EXPECT_EQ(interval_of(table, {{Has::Input, 14}}), 0U);
}

TEST(SamplerTable, SamplerZeroIsASamplerLikeOthers) {
  const Announcement one{.scope = Scope::Sampler, .subject = 1, .interval = 1'000};
  // Neither unsampled nor what sampler 1 has.
  EXPECT_EQ(interval_of(table_of({one}), {{Has::SamplerId, 0}}), 0U);
  EXPECT_EQ(interval_of(table_of({one, {.scope = Scope::Sampler, .subject = 0, .interval = 64}}),
                        {{Has::SamplerId, 0}}),
            64U);
  EXPECT_EQ(interval_of(table_of({one, {.interval = 32}}), {{Has::SamplerId, 0}}), 32U);
}

TEST(SamplerTable, SelectorIdsHaveEightBytes) {
  constexpr std::uint64_t kLarge = 0x8000'0000'0000'0001ULL;
  const SamplerTable table = table_of({{.scope = Scope::Sampler, .subject = kLarge, .interval = 7},
                                       {.scope = Scope::Sampler, .subject = 1, .interval = 8}});
  EXPECT_EQ(interval_of(table, {{Has::SamplerId, kLarge}}), 7U);
  EXPECT_EQ(interval_of(table, {{Has::SamplerId, 1}}), 8U);
}

TEST(SamplerTable, OnlyAKnownIntervalThatBecomesAnotherIsAChange) {
  SamplerTable table;
  Announcement a{.scope = Scope::Interface, .subject = 4, .interval = 100};
  EXPECT_TRUE(table.would_change(a));
  EXPECT_EQ(table.apply(a), 0U);
  EXPECT_FALSE(table.would_change(a));
  EXPECT_EQ(table.apply(a), 0U);
  a.interval = 200;
  EXPECT_EQ(table.apply(a), 100U);
  a.interval = 0;  // says nothing
  EXPECT_FALSE(table.would_change(a));
  EXPECT_EQ(table.apply(a), 0U);
  EXPECT_EQ(interval_of(table, {{Has::Input, 4}}), 200U);
}

TEST(SamplerTable, EachScopeIsBounded) {
  for (const Scope scope : {Scope::Sampler, Scope::Interface, Scope::EgressInterface,
                            Scope::Template, Scope::LineCard}) {
    SamplerTable table;
    for (std::uint64_t i = 1; i <= SamplerTable::kMostEntries; ++i) {
      table.apply({.scope = scope, .subject = i, .interval = 10});
    }
    const Announcement more{
        .scope = scope, .subject = SamplerTable::kMostEntries + 1, .interval = 10};
    EXPECT_TRUE(table.refuses(more));
    EXPECT_FALSE(table.would_change(more));
    EXPECT_FALSE(table.refuses({.scope = scope, .subject = 1, .interval = 20}));
  }
  SamplerTable bound;
  for (std::uint32_t i = 1; i <= SamplerTable::kMostEntries; ++i) {
    bound.apply({.scope = Scope::Sampler, .subject = 1, .samples_input = i});
  }
  EXPECT_TRUE(bound.refuses(
      {.scope = Scope::Sampler, .subject = 1, .samples_input = SamplerTable::kMostEntries + 1}));
}

}  // namespace
}  // namespace weir::wire
