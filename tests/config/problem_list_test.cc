#include "collector/config/problem_list.h"

#include <gtest/gtest.h>

#include <array>

namespace weir::config {
namespace {

constexpr std::array<std::string_view, 4> kWords{"workers", "exporters", "http", "state"};

TEST(Nearest, FindsTheWordWithFewestChanges) {
  EXPECT_EQ(nearest("worker", kWords), "workers");
  EXPECT_EQ(nearest("wrokers", kWords), "workers");
  EXPECT_EQ(nearest("exporter", kWords), "exporters");
  EXPECT_EQ(nearest("htpp", kWords), "http");
  EXPECT_EQ(nearest("colour", kWords), "");
  EXPECT_EQ(nearest(std::string(1'000, 'x'), kWords), "");
}

TEST(Nearest, ListsTheWordsWhenNoneIsNear) {
  EXPECT_EQ(suggest("worker", kWords), "did you mean `workers`?");
  EXPECT_EQ(suggest("colour", kWords), "write one of: workers, exporters, http, state");
  EXPECT_EQ(suggest("colour", {}), "none is defined");
}

TEST(ProblemList, StopsAtItsBoundAndSaysSo) {
  ProblemList list("a.yaml");
  for (std::size_t i = 0; i < ProblemList::kMost + 2; ++i) list.warning({1, 1}, "doubtful", "mend");
  EXPECT_FALSE(list.is_full());
  for (std::size_t i = 0; i < ProblemList::kMost + 2; ++i) list.error({1, 1}, "wrong", "mend");
  EXPECT_TRUE(list.is_full());
  const auto problems = list.take();
  ASSERT_EQ(problems.size(), 2 * ProblemList::kMost + 2);
  EXPECT_EQ(to_string(problems.front()), "a.yaml:1:1: warning: doubtful; mend");
  EXPECT_EQ(to_string(problems[ProblemList::kMost]), "a.yaml:1:1: error: wrong; mend");
  EXPECT_EQ(to_string(problems[2 * ProblemList::kMost]),
            "a.yaml: error: reading stopped after 1000 errors; mend the ones above first");
  EXPECT_EQ(to_string(problems.back()),
            "a.yaml: warning: there are 2 more warnings; mend the ones above first");
}

}  // namespace
}  // namespace weir::config
