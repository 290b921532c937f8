#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "collector/config/config_file.h"
#include "tests/support/config_files.h"

namespace weir::config {
namespace {

Loaded load_with(const std::string& text) {
  const test::ConfigFiles files;
  files.write("contracts.yaml", "- {id: A, committed: 1G, attach: [{as: 64500}]}\n");
  return load(files.write("weir.yaml", "contracts: contracts.yaml\n" + text));
}

/// What is said of the baseline.
std::vector<std::string> told(const std::string& text) {
  std::vector<std::string> lines;
  for (const Problem& problem : load_with(text).problems)
    if (problem.file.ends_with("weir.yaml") && problem.message.find("router") == std::string::npos)
      lines.push_back(problem.message + "; " + problem.mend);
  return lines;
}

TEST(ConfigOfBaseline, HasADefaultForAll) {
  const Loaded loaded = load_with("");
  ASSERT_TRUE(loaded.config);
  EXPECT_EQ(
      loaded.config->baseline,
      (Baseline{
          .k = 6, .intervals = 3, .weeks = 6, .floor = BitsPerSecond{10'000'000}, .except = {}}));
}

TEST(ConfigOfBaseline, TakesWhatItIsTold) {
  const Loaded loaded =
      load_with("baseline: {k: 4, intervals: 2, weeks: 8, floor: 100M, except: [B, A]}\n");
  ASSERT_TRUE(loaded.config);
  EXPECT_EQ(loaded.config->baseline, (Baseline{.k = 4,
                                               .intervals = 2,
                                               .weeks = 8,
                                               .floor = BitsPerSecond{100'000'000},
                                               .except = {"A", "B"}}));
}

TEST(ConfigOfBaseline, IsBounded) {
  EXPECT_EQ(told("baseline: {k: 0, intervals: 13, weeks: 2, floor: none, except: [\"\"]}\n").size(),
            5U);
  EXPECT_FALSE(load_with("baseline: {weeks: 9}\n").config);
  EXPECT_FALSE(load_with("baseline: {week: 4}\n").config);
}

TEST(ConfigOfBaseline, AContractThatIsNotThereIsADoubt) {
  EXPECT_EQ(told("baseline: {except: [A, Z]}\n"),
            std::vector<std::string>{"`baseline`: there is no contract Z to except; mend the id or "
                                     "remove it"});
}

}  // namespace
}  // namespace weir::config
