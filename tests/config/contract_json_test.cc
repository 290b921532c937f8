#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "collector/config/contract_file.h"
#include "collector/config/contract_text.h"

namespace weir::config {
namespace {

std::vector<std::string> told(std::string_view text) {
  std::vector<std::string> result;
  for (const Problem& problem : read_contracts_json(text, "c.json").problems)
    result.push_back(to_string(problem));
  return result;
}

using Told = std::vector<std::string>;

constexpr std::string_view kJson = R"({"contracts": [
  {"id": "IP-000123", "customer": "Example \"Trading\" \u65e5", "service": null, "committed": "3G",
   "billing": {"method": "p95", "day": 15}, "until": null,
   "attach": [{"exporter": "edge1.tyo", "interface": 512, "vlan": 100}, {"as": 64500}]},
  {"id": 7, "committed": 1000000, "attach": [{"prefix": "203.0.113.0/24"}]}
]})";

TEST(ContractJson, ReadsTheKeysOfTheYaml) {
  const auto loaded = read_contracts_json(kJson, "c.json");
  EXPECT_TRUE(loaded.problems.empty()) << to_string(loaded.problems.front());
  ASSERT_EQ(loaded.contracts.size(), 2U);
  const ContractText first{{"IP-000123", "Example \"Trading\" 日", "", "", "3G", "", "p95",
                            "max_of_percentiles", "UTC", "15", "", "", "flow"},
                           {{"", "", "", "", "64500"}, {"edge1.tyo", "512", "100", "", ""}}};
  EXPECT_EQ(to_text(loaded.contracts[0]), first);
  EXPECT_EQ(loaded.contracts[0].line, 2U);
  EXPECT_EQ(loaded.contracts[1].id, "7");
  EXPECT_EQ(loaded.contracts[1].committed.value(), 1'000'000U);
  EXPECT_EQ(loaded.contracts[1].line, 5U);
}

TEST(ContractJson, ReadsABareArrayAlike) {
  const auto loaded =
      read_contracts_json(R"([{"id":"A","committed":"1G","attach":[{"as":1}]}])", "c.json");
  EXPECT_TRUE(loaded.problems.empty());
  ASSERT_EQ(loaded.contracts.size(), 1U);
}

TEST(ContractJson, NamesThePointerOfEachValueThatIsWrong) {
  EXPECT_EQ(told(R"([{"id":"A","committed":"1G","attach":[{"as":1}]},
 {"id":"B","commited":"1G","committed":1e9,"attach":[{"as":0},{"a/s":1}]}])"),
            (Told{"c.json:2:12: error: /1/commited: unknown key `commited` in a contract; "
                  "did you mean `committed`?",
                  "c.json:2:64: error: /1/attach/1/a~1s: unknown key `a/s` in an attachment; did "
                  "you mean `as`?",
                  "c.json:2:40: error: /1/committed: `committed`: `1e9` is not a rate; write bits "
                  "per second such as 500M, 3G, 1.5G or 3Gbps",
                  "c.json:2:60: error: /1/attach/0/as: `as`: `0` is out of range; write a number "
                  "from 1 to 4294967295",
                  "c.json:2:63: error: /1/attach/1: the attachment names nothing; write {exporter, "
                  "interface}, {exporter, interface, vlan}, {prefix} or {as}, each as an "
                  "attachment of its own"}));
}

TEST(ContractJson, RefusesKeysAndContractsThatStandTwice) {
  EXPECT_EQ(told(R"([{"id":"A","committed":"1G","committed":null,"attach":[{"as":1}]},
 {"id":"A","committed":"1G","attach":[{"as":2}]}])"),
            (Told{"c.json:1:29: error: /0/committed: key `committed` is given twice, first on line "
                  "1; keep one of the two",
                  "c.json:1:29: error: /0/committed: key `committed` has no value; write one, or "
                  "remove the key",
                  "c.json:2:8: error: /1/id: contract A stands twice, first on line 1; give one of "
                  "them another id, or put its attachments under the first"}));
}

TEST(ContractJson, RefusesTruthValues) {
  EXPECT_EQ(told(R"([{"id":true,"committed":"1G","attach":[{"as":1}]}])"),
            (Told{"c.json:1:8: error: /0/id: true stands where a text or a number belongs; write "
                  "the value in quotes, or null for none"}));
}

TEST(ContractJson, RefusesAPageOfSeveral) {
  EXPECT_EQ(told(R"({"contracts":[{"id":"A","committed":"1G","attach":[{"as":1}]}],"next":"/2"})"),
            (Told{"c.json:1:64: error: /next: unknown key `next` in the source; "
                  "write one of: contracts"}));
}

TEST(ContractJson, RefusesWhatIsNoListOfContracts) {
  for (const std::string_view text : {"{}", "7", "\"x\"", "{\"contracts\": {}}", "null"})
    EXPECT_EQ(read_contracts_json(text, "c.json").problems.size(), 1U) << text;
  EXPECT_TRUE(told("[1]").front().starts_with("c.json:1:2: error: /0: a contract is "));
}

TEST(ContractJson, RefusesTextThatIsCutOffAtAnyByte) {
  for (std::size_t bytes = 0; bytes < kJson.size(); ++bytes) {
    const auto loaded = read_contracts_json(kJson.substr(0, bytes), "c.json");
    EXPECT_TRUE(loaded.contracts.empty()) << bytes;
    ASSERT_EQ(loaded.problems.size(), 1U) << bytes;
    EXPECT_EQ(loaded.problems[0].severity, Severity::Error) << bytes;
  }
}

TEST(ContractJson, RefusesTenMegabytesOfNestingSoon) {
  EXPECT_EQ(told(std::string(10'000'000, '[')),
            (Told{"c.json:1:9: error: the JSON is nested deeper than 8 levels; give an array of "
                  "contracts, or {\"contracts\": [...]}"}));
}

TEST(ContractJson, RefusesTextThatFollowsAndOtherDialects) {
  EXPECT_EQ(told("[] []").front(),
            "c.json:1:4: error: text follows the JSON value; give one array or object alone");
  for (const std::string_view text :
       {"[,]", "[{id: 1}]", "[1,]", "// x\n[]", "[NaN]", "[01]", "['a']", "[\"\xff\"]", "[\"\t\"]"})
    EXPECT_EQ(read_contracts_json(text, "c.json").problems.size(), 1U) << text;
}

TEST(ContractJson, RefusesControlCharactersInNames) {
  EXPECT_EQ(told(R"([{"id":"A\nB","committed":"1G","attach":[{"as":1}]}])").front(),
            "c.json:1:8: error: /0/id: `id`: the name holds a control character; write it on one "
            "line, without tabs");
}

}  // namespace
}  // namespace weir::config
