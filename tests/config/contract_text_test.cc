#include "collector/config/contract_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "collector/config/contract_diff.h"
#include "collector/config/contract_file.h"
#include "collector/config/contract_writer.h"

namespace weir::config {
namespace {

using contracts::Contract;

std::vector<ContractText> texts(const std::vector<Contract>& contracts) {
  std::vector<ContractText> result;
  result.reserve(contracts.size());
  for (const Contract& contract : contracts) result.push_back(to_text(contract));
  return result;
}

std::vector<Contract> read(std::string_view yaml) {
  auto loaded = read_contracts_yaml(yaml, "c.yaml");
  EXPECT_TRUE(loaded.problems.empty()) << to_string(loaded.problems.front());
  return std::move(loaded.contracts);
}

constexpr std::string_view kTwo = R"(- id: B
  customer: Example
  committed: 1.5G
  from: 2024-04-01
  until: 2027-03-31
  billing: {timezone: Asia/Tokyo, method: p99.9}
  attach: [{as: 64500}, {exporter: edge1, interface: 512, vlan: 7}]
- id: A
  committed: 999
  ceiling: 1234567
  attach: [{prefix: "2001:db8::/32"}]
)";

TEST(ContractText, SpellsOutEveryDefault) {
  const auto told = texts(read(kTwo));
  const ContractText first{{"B", "Example", "", "", "1.5G", "", "p99.9", "max_of_percentiles",
                            "Asia/Tokyo", "1", "2024-04-01", "2027-03-31", "flow"},
                           {{"", "", "", "", "64500"}, {"edge1", "512", "7", "", ""}}};
  const ContractText second{{"A", "", "", "", "999", "1.234567M", "p95", "max_of_percentiles",
                             "UTC", "1", "", "", "flow"},
                            {{"", "", "", "2001:db8::/32", ""}}};
  EXPECT_EQ(told, (std::vector{first, second}));
}

TEST(ContractText, KeepsTheDaysWhereClocksSkipMidnightOrADay) {
  for (const std::string_view zone : {"America/Sao_Paulo", "Pacific/Apia", "Asia/Beirut"}) {
    for (const std::string_view day :
         {"2018-11-04", "2018-11-03", "2011-12-29", "2011-12-31", "2022-03-27", "2022-10-30"}) {
      const std::string yaml =
          "- {id: x, committed: 1G, attach: [{as: 1}], from: " + std::string(day) +
          ", until: " + std::string(day) + ", billing: {timezone: " + std::string(zone) + "}}";
      const auto contracts = read(yaml);
      const auto again = read(write_contracts_yaml(contracts));
      ASSERT_EQ(again.size(), 1U);
      EXPECT_EQ(again[0].valid_from, contracts[0].valid_from) << yaml;
      EXPECT_EQ(again[0].valid_until, contracts[0].valid_until) << yaml;
    }
  }
}

TEST(ContractWriter, WritesTheYamlThatPeopleWrite) {
  EXPECT_EQ(write_contracts_yaml(read(kTwo)),
            "# Written by `weir import`; the next import writes it anew.\n"
            "- id: B\n"
            "  customer: Example\n"
            "  committed: 1.5G\n"
            "  billing: {method: p99.9, direction: max_of_percentiles, timezone: Asia/Tokyo, "
            "day: 1, source: flow}\n"
            "  from: 2024-04-01\n"
            "  until: 2027-03-31\n"
            "  attach:\n"
            "    - {as: 64500}\n"
            "    - {exporter: edge1, interface: 512, vlan: 7}\n"
            "- id: A\n"
            "  committed: 999\n"
            "  ceiling: 1.234567M\n"
            "  billing: {method: p95, direction: max_of_percentiles, timezone: UTC, day: 1, "
            "source: flow}\n"
            "  attach:\n"
            "    - {prefix: \"2001:db8::/32\"}\n");
}

TEST(ContractWriter, WritesOneRowForEachAttachment) {
  EXPECT_EQ(
      write_contracts_csv(read(kTwo)),
      "id,customer,service,pop,committed,ceiling,method,direction,timezone,day,from,until,"
      "source,exporter,interface,vlan,prefix,as\n"
      "B,Example,,,1.5G,,p99.9,max_of_percentiles,Asia/Tokyo,1,2024-04-01,2027-03-31,flow,,,,,"
      "64500\n"
      "B,Example,,,1.5G,,p99.9,max_of_percentiles,Asia/Tokyo,1,2024-04-01,2027-03-31,flow,edge1,"
      "512,7,,\n"
      "A,,,,999,1.234567M,p95,max_of_percentiles,UTC,1,,,flow,,,,2001:db8::/32,\n");
}

TEST(ContractWriter, WritesAnEmptyListThatReadsAsOne) {
  const auto loaded = read_contracts_yaml(write_contracts_yaml({}), "c.yaml");
  EXPECT_TRUE(loaded.contracts.empty());
  ASSERT_EQ(loaded.problems.size(), 1U);
  EXPECT_EQ(loaded.problems[0].severity, Severity::Warning);
}

/// Names of all sorts: what YAML, CSV, JSON, spreadsheets and terminals give a meaning to.
std::string hostile_name(std::mt19937& random) {
  static const std::vector<std::string> kPieces{"=1+1",
                                                "@x",
                                                "- ",
                                                "# ",
                                                ": ",
                                                "\"",
                                                "\\",
                                                "'",
                                                ",",
                                                ";",
                                                "{",
                                                "}",
                                                "[",
                                                "]",
                                                "null",
                                                "~",
                                                "true",
                                                "&a",
                                                "*a",
                                                "!!x",
                                                "|",
                                                ">",
                                                "%",
                                                " ",
                                                "  ",
                                                "---",
                                                "...",
                                                "\\n",
                                                "日本",
                                                "é",
                                                "\xe2\x80\xa8",
                                                "\xc2\x85",
                                                "\xef\xbb\xbf",
                                                "a",
                                                "0",
                                                "010",
                                                "1e5",
                                                "?",
                                                "`",
                                                "🜁"};
  std::string name;
  const std::size_t pieces = 1 + random() % 5;
  for (std::size_t i = 0; i < pieces; ++i) name += kPieces[random() % kPieces.size()];
  return name;
}

TEST(ContractWriter, WhatIsWrittenReadsBackEqualWhateverTheNames) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::vector<Contract> contracts;
    for (int i = 0; i < 8; ++i) {
      Contract contract;
      contract.id = hostile_name(random) + std::to_string(i);
      if (random() % 2 == 0) contract.customer = hostile_name(random);
      if (random() % 2 == 0) contract.service = hostile_name(random);
      contract.committed = BitsPerSecond{1 + random()};
      if (random() % 2 == 0)
        contract.ceiling = BitsPerSecond{contract.committed.value() * (1 + random() % 1'000)};
      contract.billing.percentile_hundredths = static_cast<std::uint32_t>(1 + random() % 10'000);
      contract.billing.direction = static_cast<contracts::DirectionRule>(random() % 5);
      contract.billing.day = static_cast<std::uint8_t>(1 + random() % 28);
      const std::string exporter = hostile_name(random) + "x";
      contract.attach.push_back(
          {contracts::InterfaceAttachment{exporter, std::string("et-") + exporter, 7}});
      contract.attach.push_back(
          {contracts::AsAttachment{1 + static_cast<std::uint32_t>(random())}});
      contracts.push_back(std::move(contract));
    }
    // A space at an edge is kept in YAML and in a quoted cell; the id column is quoted then too.
    const auto wanted = texts(contracts);
    const auto yaml = read_contracts_yaml(write_contracts_yaml(contracts), "c.yaml");
    EXPECT_EQ(texts(yaml.contracts), wanted) << write_contracts_yaml(contracts);
    const auto csv = read_contracts_csv(write_contracts_csv(contracts), "c.csv");
    EXPECT_EQ(texts(csv.contracts), wanted) << write_contracts_csv(contracts);
    if (HasFailure()) return;
  }
}

TEST(ContractDiff, TellsEachFieldAndAttachmentByContract) {
  const auto before = read(R"(- {id: A, committed: 1G, attach: [{as: 1}, {as: 2}]}
- {id: B, committed: 1G, attach: [{as: 3}]}
- {id: C, committed: 1G, attach: [{as: 4}]}
)");
  const auto after = read(R"(- {id: D, committed: 1G, attach: [{as: 5}]}
- {id: C, committed: 1000M, attach: [{as: 4}], billing: {method: p95}}
- {id: A, committed: 2G, customer: New, attach: [{as: 3}, {as: 2}]}
)");
  const ContractDiff diff = diff_contracts(before, after);
  EXPECT_EQ(diff.before, 3U);
  EXPECT_EQ(diff.after, 3U);
  EXPECT_EQ(diff.added, (std::vector{to_text(after[0])}));
  EXPECT_EQ(diff.removed, (std::vector{to_text(before[1])}));
  ASSERT_EQ(diff.changed.size(), 1U);
  EXPECT_EQ(diff.changed[0].id, "A");
  EXPECT_EQ(diff.changed[0].fields,
            (std::vector<FieldChange>{{"customer", "", "New"}, {"committed", "1G", "2G"}}));
  EXPECT_EQ(diff.changed[0].detached, (std::vector<AttachmentText>{{"", "", "", "", "1"}}));
  EXPECT_EQ(diff.changed[0].attached, (std::vector<AttachmentText>{{"", "", "", "", "3"}}));
}

TEST(ContractDiff, AnotherOrderIsNoDifference) {
  const auto before = read(kTwo);
  std::vector<Contract> after(before.rbegin(), before.rend());
  for (Contract& contract : after) std::reverse(contract.attach.begin(), contract.attach.end());
  EXPECT_TRUE(diff_contracts(before, after).is_empty());
  EXPECT_EQ(texts(in_order_of(before, after)), texts(before));
}

TEST(ContractDiff, NewContractsFollowTheOldInTheirOwnOrder) {
  const auto before = read(
      "- {id: A, committed: 1G, attach: [{as: 1}]}\n"
      "- {id: B, committed: 1G, attach: [{as: 2}]}\n");
  const auto after = read(
      "- {id: Z, committed: 1G, attach: [{as: 3}]}\n"
      "- {id: B, committed: 1G, attach: [{as: 2}]}\n"
      "- {id: Y, committed: 1G, attach: [{as: 4}]}\n"
      "- {id: A, committed: 1G, attach: [{as: 1}]}\n");
  std::vector<std::string> ids;
  for (const Contract& contract : in_order_of(before, after)) ids.push_back(contract.id);
  EXPECT_EQ(ids, (std::vector<std::string>{"A", "B", "Z", "Y"}));
}

}  // namespace
}  // namespace weir::config
