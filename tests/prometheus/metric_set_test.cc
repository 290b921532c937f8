#include "exporters/prometheus/metric_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::prometheus {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(LabelText, ValuesAreEscaped) {
  EXPECT_EQ(label_text({{.name = "a", .value = "x"}, {.name = "b", .value = "\\ \" \n"}}),
            R"(a="x",b="\\ \" \n")");
  EXPECT_EQ(label_text({}), "");
}

TEST(LabelText, BytesThatAreNotUtf8AreReplaced) {
  const auto text = [](std::string_view value) {
    return label_text({{.name = "a", .value = value}});
  };
  EXPECT_EQ(text("\xe6\x9d\xb1\xe4\xba\xac"), "a=\"\xe6\x9d\xb1\xe4\xba\xac\"");
  EXPECT_EQ(text("x\xff"), "a=\"x\xef\xbf\xbd\"");
  // An overlong form, a surrogate, and a sequence cut short.
  EXPECT_EQ(text("\xc0\xaf"), "a=\"\xef\xbf\xbd\xef\xbf\xbd\"");
  EXPECT_EQ(text("\xed\xa0\x80"), "a=\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
  EXPECT_EQ(text("\xe6\x9d"), "a=\"\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST(LabelText, ParsesBackToWhatItWasMadeFrom) {
  EXPECT_THAT(parse_label_text(label_text({{.name = "a", .value = "x,y=\"z\"\\\n"},
                                           {.name = "b", .value = ""},
                                           {.name = "c", .value = "1"}})),
              ElementsAre(Pair("a", "x,y=\"z\"\\\n"), Pair("b", ""), Pair("c", "1")));
  EXPECT_THAT(parse_label_text(""), ElementsAre());
}

TEST(MetricSet, TextsLiveThroughMovesAndAppends) {
  MetricSet set;
  {
    MetricSet other;
    MetricFamily& family = other.add("weir_a", "A.", Kind::Gauge);
    family.samples.push_back({.labels = other.own("a=\"1\""), .value = std::uint64_t{1}});
    set.append(std::move(other));
  }
  const MetricSet moved = std::move(set);
  ASSERT_NE(moved.find("weir_a"), nullptr);
  EXPECT_EQ(moved.find("weir_a")->samples.at(0).labels, "a=\"1\"");
  EXPECT_EQ(moved.find("weir_b"), nullptr);
  EXPECT_EQ(moved.series(), 1U);
}

}  // namespace
}  // namespace weir::prometheus
