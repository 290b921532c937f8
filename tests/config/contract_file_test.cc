#include "collector/config/contract_file.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/support/config_files.h"

namespace weir::config {
namespace {

using contracts::AsAttachment;
using contracts::Contract;
using contracts::DirectionRule;
using contracts::InterfaceAttachment;
using contracts::PrefixAttachment;

constexpr std::int64_t kHourMs = 3'600'000;

std::vector<std::string> lines(const LoadedContracts& loaded) {
  std::vector<std::string> result;
  for (const Problem& problem : loaded.problems) result.push_back(to_string(problem));
  return result;
}

std::vector<std::string> told_yaml(std::string_view text) {
  return lines(read_contracts_yaml(text, "c.yaml"));
}
std::vector<std::string> told_csv(std::string_view text) {
  return lines(read_contracts_csv(text, "c.csv"));
}

constexpr std::string_view kYaml = R"(- id: IP-000123
  customer: Example Trading
  service: ip
  pop: Tokyo
  committed: 3G
  ceiling: 10G
  billing: {method: p99.9, direction: percentile_of_sum, timezone: Asia/Tokyo, day: 15}
  from: 2024-04-01
  until: 2027-03-31
  attach:
    - {exporter: edge1.tyo, interface: 512}
    - {exporter: edge1.tyo, interface: et-0/0/2, vlan: 100}
    - {prefix: 203.0.113.0/24}
    - {prefix: "2001:db8::/32"}
    - {as: 64500}
)";

constexpr std::string_view kCsv =
    "id,customer,service,pop,committed,ceiling,method,direction,timezone,day,from,until,exporter,"
    "interface,vlan,prefix,as\r\n"
    "IP-000123,Example Trading,ip,Tokyo,3G,10G,p99.9,percentile_of_sum,Asia/"
    "Tokyo,15,2024-04-01,2027-03-31,edge1.tyo,512,,,\r\n"
    "IP-000123,,,,3G,,,,,,,,edge1.tyo,et-0/0/2,100,,\r\n"
    "IP-000123,,,,,,,,,,,,,,,203.0.113.0/24,\r\n"
    "IP-000123,,,,,,,,,,,,,,,2001:db8::/32,\r\n"
    "IP-000123,,,,,,,,,,,,,,,,64500\r\n";

void expect_the_example(const LoadedContracts& loaded) {
  EXPECT_EQ(lines(loaded), std::vector<std::string>{});
  ASSERT_EQ(loaded.contracts.size(), 1U);
  const Contract& contract = loaded.contracts.front();
  EXPECT_EQ(contract.id, "IP-000123");
  EXPECT_EQ(contract.customer, "Example Trading");
  EXPECT_EQ(contract.service, "ip");
  EXPECT_EQ(contract.pop, "Tokyo");
  EXPECT_EQ(contract.committed, BitsPerSecond{3'000'000'000});
  EXPECT_EQ(contract.ceiling, BitsPerSecond{10'000'000'000});
  EXPECT_EQ(contract.billing.percentile_hundredths, 9'990U);
  EXPECT_EQ(contract.billing.direction, DirectionRule::PercentileOfSum);
  EXPECT_EQ(contract.billing.timezone, "Asia/Tokyo");
  EXPECT_EQ(contract.billing.day, 15);
  // 2024-04-01T00:00+09:00, and the midnight after 2027-03-31.
  EXPECT_EQ(contract.valid_from, traffic_time_ms(1'711'929'600'000 - 9 * kHourMs));
  EXPECT_EQ(contract.valid_until, traffic_time_ms(1'806'537'600'000 - 9 * kHourMs));
  ASSERT_EQ(contract.attach.size(), 5U);
  const auto& first = std::get<InterfaceAttachment>(contract.attach[0].where);
  EXPECT_EQ(first.exporter, "edge1.tyo");
  EXPECT_EQ(std::get<std::uint32_t>(first.interface), 512U);
  EXPECT_EQ(first.vlan, std::nullopt);
  const auto& second = std::get<InterfaceAttachment>(contract.attach[1].where);
  EXPECT_EQ(std::get<std::string>(second.interface), "et-0/0/2");
  EXPECT_EQ(second.vlan, 100);
  EXPECT_EQ(std::get<PrefixAttachment>(contract.attach[2].where).prefix,
            IpPrefix::parse("203.0.113.0/24"));
  EXPECT_EQ(std::get<PrefixAttachment>(contract.attach[3].where).prefix,
            IpPrefix::parse("2001:db8::/32"));
  EXPECT_EQ(std::get<AsAttachment>(contract.attach[4].where).asn, 64'500U);
}

TEST(ContractFile, YamlGivesEveryField) {
  const auto loaded = read_contracts_yaml(kYaml, "c.yaml");
  expect_the_example(loaded);
  EXPECT_EQ(loaded.contracts.front().line, 1U);
  EXPECT_EQ(loaded.contracts.front().attach[4].line, 15U);
}

TEST(ContractFile, CsvGivesTheSameAsYaml) {
  const auto loaded = read_contracts_csv(kCsv, "c.csv");
  expect_the_example(loaded);
  EXPECT_EQ(loaded.contracts.front().line, 2U);
  EXPECT_EQ(loaded.contracts.front().attach[4].line, 6U);
}

TEST(ContractFile, WhatIsNotSaidHasItsDefault) {
  const auto loaded =
      read_contracts_yaml("- {id: A, committed: 1G, attach: [{as: 1}]}\n", "c.yaml");
  EXPECT_EQ(lines(loaded), std::vector<std::string>{});
  ASSERT_EQ(loaded.contracts.size(), 1U);
  const Contract& contract = loaded.contracts.front();
  EXPECT_EQ(contract.ceiling, BitsPerSecond{0});
  EXPECT_EQ(contract.billing.percentile_hundredths, 9'500U);
  EXPECT_EQ(contract.billing.direction, DirectionRule::MaxOfPercentiles);
  EXPECT_EQ(contract.billing.timezone, "UTC");
  EXPECT_EQ(contract.billing.day, 1);
  EXPECT_EQ(contract.valid_from, TrafficTime::min());
  EXPECT_EQ(contract.valid_until, TrafficTime::max());
}

TEST(ContractFile, ADayIsOneDayLong) {
  const auto loaded = read_contracts_yaml(
      "- {id: A, committed: 1G, from: 2024-04-01, until: 2024-04-01, attach: [{as: 1}]}\n",
      "c.yaml");
  ASSERT_EQ(loaded.contracts.size(), 1U);
  EXPECT_EQ(loaded.contracts[0].valid_from, traffic_time_ms(1'711'929'600'000));
  EXPECT_EQ(loaded.contracts[0].valid_until, traffic_time_ms(1'711'929'600'000 + 24 * kHourMs));
}

TEST(ContractFile, AllProblemsOfAContractAreToldAtOnce) {
  EXPECT_EQ(
      told_yaml("- id: A\n"
                "  comitted: 1G\n"
                "  ceiling: lots\n"
                "  billing: {method: 95, day: 31, timezone: Mars}\n"
                "  until: 2024-13-01\n"
                "  attach:\n"
                "    - {exporter: r1}\n"
                "    - {prefix: 10.0.0.1/8}\n"
                "    - {exporter: r1, interface: 1, vlan: 4095}\n"
                "    - {as: 1, prefix: 10.0.0.0/8}\n"
                "    - {}\n"),
      (std::vector<std::string>{
          "c.yaml:2:3: error: unknown key `comitted` in a contract; did you mean `committed`?",
          "c.yaml:3:12: error: `ceiling`: `lots` is not a rate; write bits per second such as "
          "500M, 3G, 1.5G or 3Gbps",
          "c.yaml:4:21: error: `method`: `95` is not a percentile; write p and a number such as "
          "p95 or p99.9",
          "c.yaml:4:44: error: `timezone`: `Mars` is not a time zone; write an IANA name such as "
          "Asia/Tokyo or UTC",
          "c.yaml:4:30: error: `day`: `31` is out of range; write a number from 1 to 28",
          "c.yaml:5:10: error: `until`: there is no day `2024-13-01`; write a day of the calendar, "
          "1970 or later",
          "c.yaml:1:3: error: contract A has no `committed` rate; write `committed: 1G`",
          "c.yaml:7:7: error: the attachment names no interface; write both `exporter` and "
          "`interface`",
          "c.yaml:8:16: error: `prefix`: `10.0.0.1/8` has bits set beyond its length; write "
          "10.0.0.0/8",
          "c.yaml:9:42: error: `vlan`: `4095` is out of range; write a number from 1 to 4094",
          "c.yaml:10:7: error: the attachment names several things at once; write {exporter, "
          "interface}, {exporter, interface, vlan}, {prefix} or {as}, each as an attachment of its "
          "own",
          "c.yaml:11:7: error: the attachment names nothing; write {exporter, interface}, "
          "{exporter, interface, vlan}, {prefix} or {as}, each as an attachment of its own"}));
}

TEST(ContractFile, RatesAndDatesMustFitEachOther) {
  EXPECT_EQ(
      told_yaml("- {id: A, committed: 3G, ceiling: 1G, from: 2024-04-02, until: 2024-04-01, "
                "attach: [{as: 1}]}\n"),
      (std::vector<std::string>{
          "c.yaml:1:64: error: `until` 2024-04-01 is before `from` 2024-04-02; write the last "
          "day on which the contract holds",
          "c.yaml:1:35: error: the ceiling 1 Gbps of contract A is below its committed rate 3 "
          "Gbps; write a ceiling of at least the committed rate, or none"}));
}

TEST(ContractFile, AnAttachmentAndAnIdAreNeeded) {
  EXPECT_EQ(
      told_yaml("- {committed: 1G, attach: []}\n"),
      (std::vector<std::string>{
          "c.yaml:1:3: error: the contract has no `id`; give it one of its own",
          "c.yaml:1:3: error: the contract is attached nowhere; add an attachment: an exporter's "
          "interface, a prefix or an AS"}));
}

TEST(ContractFile, ARepeatedIdIsToldInYaml) {
  EXPECT_EQ(told_yaml("- {id: A, committed: 1G, attach: [{as: 1}]}\n"
                      "- {id: A, committed: 1G, attach: [{as: 2}]}\n"),
            std::vector<std::string>{
                "c.yaml:2:8: error: contract A stands twice, first on line 1; give one of them "
                "another id, or put its attachments under the first"});
}

TEST(ContractFile, OctalLookingNumbersAreTold) {
  EXPECT_EQ(told_yaml("- {id: A, committed: 1G, attach: [{exporter: r, interface: 010}]}\n"),
            std::vector<std::string>{
                "c.yaml:1:60: error: `interface`: `010` looks like an octal number; write 10"});
}

TEST(ContractFile, YamlThatIsNoListIsTold) {
  EXPECT_EQ(told_yaml("id: A\n"),
            std::vector<std::string>{"c.yaml:1:1: error: the contracts are not a list; begin each "
                                     "contract with a dash: `- id: ...`"});
  EXPECT_EQ(told_yaml(""),
            std::vector<std::string>{"c.yaml: warning: there are no contracts; add the first one"});
}

TEST(ContractFile, CsvRowsOfOneContractMustAgree) {
  EXPECT_EQ(told_csv("id,committed,as\nA,1G,1\nB,1G,2\nA,2G,3\n"),
            std::vector<std::string>{
                "c.csv:4:3: error: `committed` is `2G` here, but `1G` on line 2 of the same "
                "contract; write the same in every row of a contract, or leave it empty"});
}

TEST(ContractFile, CsvColumnsAndRowsAreChecked) {
  EXPECT_EQ(
      told_csv("id,comitted,as,as\nA,1G,1,1\n,1G,1,1\nB,1G,1\n"),
      (std::vector<std::string>{
          "c.csv:1:4: error: unknown column `comitted`; did you mean `committed`?",
          "c.csv:1:16: error: column `as` stands twice; keep one of the two",
          "c.csv:3:1: error: the row has no `id`; name the contract it belongs to",
          "c.csv:4:1: error: the row has 3 cells, the header 4; quote a value that holds a comma, "
          "and leave a cell empty for no value",
          "c.csv:2:1: error: contract A has no `committed` rate; write `committed: 1G`",
          "c.csv:4:1: error: contract B has no `committed` rate; write `committed: 1G`"}));
  EXPECT_EQ(
      told_csv("id;committed;as\nA;1G;1\n"),
      (std::vector<std::string>{
          "c.csv:1:1: error: unknown column `id;committed;as`; separate the columns by commas",
          "c.csv:1:1: error: there is no column `id`; begin the file with a header row such "
          "as id,customer,service,committed,exporter,interface,prefix,as"}));
}

TEST(ContractFile, AFileThatIsNotThereIsNamed) {
  const test::ConfigFiles files;
  EXPECT_EQ(lines(load_contracts(files.path("none.csv"))),
            std::vector<std::string>{files.path("none.csv") +
                                     ": error: cannot read the file: No such file or directory; "
                                     "name a file that exists and that this user may read"});
  EXPECT_EQ(lines(load_contracts(files.path("c.xlsx"))),
            std::vector<std::string>{files.path("c.xlsx") +
                                     ": error: the ending of the contracts file says neither CSV "
                                     "nor YAML; name it .csv, .yaml or .yml"});
}

TEST(ContractFile, TextThatIsNotUtf8IsTold) {
  const test::ConfigFiles files;
  const auto path = files.write("c.csv", "id,customer\nA,\x83\x65\n");
  EXPECT_EQ(lines(load_contracts(path)),
            std::vector<std::string>{
                path + ":2:3: error: this is not UTF-8 text; save the file as UTF-8"});
}

/// 10,000 contracts of ten prefixes each, as text.
std::string prefix_of(std::uint32_t number) {
  return IpPrefix(IpAddress::v4(0x1000'0000U + (number << 8)), 24).to_string();
}

TEST(ContractFile, TenThousandContractsWithAHundredThousandPrefixesLoad) {
  std::string yaml;
  std::string csv = "id,customer,service,committed,ceiling,timezone,from,prefix\n";
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    const std::string id = "IP-" + std::to_string(i);
    yaml += "- id: " + id + "\n  customer: Customer\n  service: ip\n  committed: 3G\n" +
            "  ceiling: 10G\n  billing: {method: p95, timezone: Asia/Tokyo, day: 1}\n" +
            "  from: 2024-04-01\n  attach:\n";
    for (std::uint32_t k = 0; k < 10; ++k) {
      const std::string prefix = prefix_of(i * 10 + k);
      yaml += "    - {prefix: " + prefix + "}\n";
      csv += id + ",Customer,ip,3G,10G,Asia/Tokyo,2024-04-01," + prefix + "\n";
    }
  }
  const auto measured = [](auto read, std::string_view text, const char* name) {
    const auto start = std::chrono::steady_clock::now();
    const LoadedContracts loaded = read(text, name);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    std::printf("%s: 10000 contracts, 100000 prefixes: %.3f s\n", name, elapsed.count());
    EXPECT_EQ(lines(loaded), std::vector<std::string>{});
    ASSERT_EQ(loaded.contracts.size(), 10'000U);
    EXPECT_EQ(loaded.contracts.back().attach.size(), 10U);
  };
  measured(read_contracts_yaml, yaml, "c.yaml");
  measured(read_contracts_csv, csv, "c.csv");
}

}  // namespace
}  // namespace weir::config
