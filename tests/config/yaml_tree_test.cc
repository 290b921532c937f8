#include "collector/config/yaml_tree.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace weir::config {
namespace {

constexpr std::array<std::string_view, 2> kKnown{"alpha", "beta"};

std::vector<std::string> lines(ProblemList& problems) {
  std::vector<std::string> result;
  for (const Problem& problem : problems.take()) result.push_back(to_string(problem));
  return result;
}

/// What reading `text` as a mapping of alpha and beta tells.
std::vector<std::string> told(std::string_view text) {
  ProblemList problems("a.yaml");
  if (const auto root = parse_yaml(text, problems))
    const YamlFields fields(*root, "the file", kKnown, problems);
  return lines(problems);
}

TEST(YamlTree, KeepsTextAndPlaces) {
  ProblemList problems("a.yaml");
  const auto root = parse_yaml("alpha: 010\nbeta: [yes, \"no\", {c: ~}]\n", problems);
  ASSERT_TRUE(root);
  ASSERT_EQ(root->children.size(), 4U);
  EXPECT_EQ(root->children[1].text, "010");
  EXPECT_EQ(root->children[1].place.line, 1U);
  EXPECT_EQ(root->children[1].place.column, 8U);
  const YamlNode& list = root->children[3];
  ASSERT_EQ(list.kind, YamlNode::Kind::Sequence);
  ASSERT_EQ(list.children.size(), 3U);
  EXPECT_EQ(list.children[0].text, "yes");
  EXPECT_EQ(list.children[1].text, "no");
  EXPECT_EQ(list.children[2].children[1].kind, YamlNode::Kind::Null);
  EXPECT_EQ(lines(problems), std::vector<std::string>{});
}

TEST(YamlTree, AnUnknownKeyIsToldWithTheNearest) {
  EXPECT_EQ(told("alpha: 1\nbetta: 2\n"),
            std::vector<std::string>{
                "a.yaml:2:1: error: unknown key `betta` in the file; did you mean `beta`?"});
}

TEST(YamlTree, ARepeatedKeyIsTold) {
  EXPECT_EQ(told("alpha: 1\nbeta: 2\nalpha: 3\n"),
            std::vector<std::string>{"a.yaml:3:1: error: key `alpha` is given twice, first on "
                                     "line 1; keep one of the two"});
}

TEST(YamlTree, EachRepeatedKeyOfALargeMappingNamesTheFirst) {
  // The unknown keys before them must not be looked through for each.
  std::string text;
  for (int i = 0; i < 5'000; ++i) text += "gamma" + std::to_string(i) + ": 1\n";
  for (int i = 0; i < 5'000; ++i) text += "beta: 1\n";
  const std::vector<std::string> all = told(text);
  EXPECT_EQ(all.size(), ProblemList::kMost + 1);

  ProblemList problems("a.yaml");
  std::string names;
  std::vector<std::string> keys;
  for (int i = 0; i < 10'000; ++i) keys.push_back("k" + std::to_string(i));
  for (const std::string& key : keys) names += key + ": 1\n";
  names += "k9999: 2\n";
  const std::vector<std::string_view> known(keys.begin(), keys.end());
  const auto root = parse_yaml(names, problems);
  ASSERT_TRUE(root);
  const YamlFields fields(*root, "the file", known, problems);
  EXPECT_EQ(lines(problems),
            std::vector<std::string>{"a.yaml:10001:1: error: key `k9999` is given twice, first on "
                                     "line 10000; keep one of the two"});
}

TEST(YamlTree, AKeyWithoutValueIsTold) {
  EXPECT_EQ(told("alpha:\n"), std::vector<std::string>{"a.yaml:1:1: error: key `alpha` has no "
                                                       "value; write one, or remove the key"});
}

TEST(YamlTree, AListWhereAMappingBelongsIsTold) {
  EXPECT_EQ(told("- alpha\n"),
            std::vector<std::string>{"a.yaml:1:1: error: the file is a list, not a mapping; write "
                                     "`key: value` with keys of: alpha, beta"});
}

TEST(YamlTree, AnOpenBracketIsToldWithItsLine) {
  const auto problems = told("alpha: 1\nbeta: [\n");
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems.front().substr(0, 9), "a.yaml:3:");
  EXPECT_NE(problems.front().find("not YAML"), std::string::npos);
}

TEST(YamlTree, AnchorsAliasesAndTagsAreRefused) {
  EXPECT_EQ(told("alpha: &a 1\nbeta: *a\n"),
            (std::vector<std::string>{
                "a.yaml:1:8: error: anchors are not read here; write the value out each time",
                "a.yaml:2:7: error: aliases are not read here; write the value out",
                "a.yaml:2:1: error: key `beta` has no value; write one, or remove the key"}));
  EXPECT_EQ(told("alpha: !!int 1\n"),
            std::vector<std::string>{"a.yaml:1:8: error: the tag `tag:yaml.org,2002:int` is not "
                                     "read here; remove it"});
}

TEST(YamlTree, ASecondDocumentIsRefused) {
  const auto problems = told("alpha: 1\n---\nbeta: 2\n");
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_NE(problems.front().find("second document"), std::string::npos);
}

TEST(YamlTree, DeepNestingIsAnErrorNotACrash) {
  const auto problems = told("alpha: " + std::string(100'000, '['));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_NE(problems.front().find("not YAML"), std::string::npos);
}

}  // namespace
}  // namespace weir::config
