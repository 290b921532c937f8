#include "exporters/http/target.h"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

TEST(Target, PathAndQueryAreSplitAtTheFirstQuestionMark) {
  const auto target = parse_target("/api/v1/contracts?id=A%20B&x=?");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->path, "/api/v1/contracts");
  EXPECT_EQ(target->query, "id=A%20B&x=?");
}

TEST(Target, ThePathIsDecodedOnce) {
  EXPECT_EQ(parse_target("/a%20b/%e3%81%82")->path, "/a b/\xe3\x81\x82");
  EXPECT_EQ(parse_target("/a%2541")->path, "/a%41");
}

TEST(Target, AbsoluteFormIsReadAsItsPath) {
  EXPECT_EQ(parse_target("http://localhost:10055/metrics?x")->path, "/metrics");
  EXPECT_FALSE(parse_target("http://localhost").has_value());
  EXPECT_FALSE(parse_target("http:///metrics").has_value());
}

TEST(Target, WhatIsNotAnAbsolutePathIsRefused) {
  for (const char* text : {"", "metrics", "*", "?x", "ftp://host/x", "localhost:80", "/a#b"}) {
    EXPECT_FALSE(parse_target(text).has_value()) << text;
  }
}

TEST(Target, DotSegmentsAreRefusedHoweverTheyAreWritten) {
  for (const char* text : {"/..", "/../../etc/passwd", "/a/..", "/./a", "/%2e%2e/etc/passwd",
                           "/a/%2E./b", "/..%2fetc", "/..\\etc", "/a\\..\\b", "http://h/../x"}) {
    EXPECT_FALSE(parse_target(text).has_value()) << text;
  }
  EXPECT_TRUE(parse_target("/..a/b../.c").has_value());
}

TEST(Target, BadEscapesAndControlCharactersAreRefused) {
  for (const char* text : {"/%", "/%4", "/%zz", "/a%0ab", "/a%00b", "/%7f", "/a\tb"}) {
    EXPECT_FALSE(parse_target(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace weir::http
