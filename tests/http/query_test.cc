#include "exporters/http/query.h"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

TEST(Query, ParametersAreDecoded) {
  EXPECT_EQ(parse_query("a=1&b=x%20y+z&c&=e&&d=1=2"),
            (Query{{"a", "1"}, {"b", "x y z"}, {"c", ""}, {"", "e"}, {"d", "1=2"}}));
  EXPECT_EQ(parse_query(""), Query{});
}

TEST(Query, WhatCannotBeReadIsNothing) {
  EXPECT_EQ(parse_query("a=%2"), std::nullopt);
  EXPECT_EQ(parse_query("a=%zz"), std::nullopt);
  EXPECT_EQ(parse_query("a=%00"), std::nullopt);
  EXPECT_EQ(parse_query("a=1&a=2"), std::nullopt);
  std::string many;
  for (int i = 0; i < 33; ++i) many += std::to_string(i) + "=&";
  EXPECT_EQ(parse_query(many), std::nullopt);
}

TEST(Query, WhatIsEncodedIsOneSegmentAndReadsAsItWas) {
  EXPECT_EQ(percent_encoded("IP-000_1.a~"), "IP-000_1.a~");
  EXPECT_EQ(percent_encoded("a/b?c=d&\"\xff"), "a%2Fb%3Fc%3Dd%26%22%FF");
}

}  // namespace
}  // namespace weir::http
