#include "collector/config/csv_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir::config {
namespace {

struct Read {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> problems;

  friend bool operator==(const Read&, const Read&) = default;
};

Read read(std::string_view text) {
  ProblemList problems("a.csv");
  Read result;
  for (const CsvRow& row : read_csv(text, problems)) {
    auto& cells = result.rows.emplace_back();
    for (const CsvCell& cell : row) cells.push_back(cell.text);
  }
  for (const Problem& problem : problems.take()) result.problems.push_back(to_string(problem));
  return result;
}

TEST(Csv, SplitsRowsAndCells) {
  EXPECT_EQ(read("a,b\n1,2\n"), (Read{{{"a", "b"}, {"1", "2"}}, {}}));
  EXPECT_EQ(read("a,b\r\n1,2"), (Read{{{"a", "b"}, {"1", "2"}}, {}}));
  EXPECT_EQ(read("a,,\n"), (Read{{{"a", "", ""}}, {}}));
  EXPECT_EQ(read(""), (Read{}));
  EXPECT_EQ(read("\n\r\na\n"), (Read{{{"a"}}, {}}));
}

TEST(Csv, QuotesHoldCommasQuotesAndLineBreaks) {
  EXPECT_EQ(read("\"a, \"\"b\"\"\",c\n\"d\ne\",f\r\n"),
            (Read{{{"a, \"b\"", "c"}, {"d\ne", "f"}}, {}}));
}

TEST(Csv, SpacesAroundAnUnquotedCellDoNotCount) {
  EXPECT_EQ(read(" a ,\t\" b \" \n"), (Read{{{"a", " b "}}, {}}));
}

TEST(Csv, AByteOrderMarkIsSkipped) { EXPECT_EQ(read("\xef\xbb\xbfid\n"), (Read{{{"id"}}, {}})); }

TEST(Csv, BrokenQuotesAreToldWithTheirPlace) {
  EXPECT_EQ(read("a,\"b\n").problems,
            std::vector<std::string>{
                "a.csv:1:3: error: this quote is never closed; close it, or double it"});
  EXPECT_EQ(read("x\na,\"b\"c,d\n").problems,
            std::vector<std::string>{"a.csv:2:6: error: text follows a closing quote; double a "
                                     "quote that is part of the value"});
}

TEST(Csv, PlacesCountLinesInsideQuotes) {
  ProblemList problems("a.csv");
  const auto rows = read_csv("\"a\nb\",c\nd, e", problems);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0][1].place.line, 2U);
  EXPECT_EQ(rows[0][1].place.column, 4U);
  EXPECT_EQ(rows[1][1].place.line, 3U);
  EXPECT_EQ(rows[1][1].place.column, 4U);
}

}  // namespace
}  // namespace weir::config
