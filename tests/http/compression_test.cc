#include "exporters/http/compression.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/http/gunzip.h"

namespace weir::http {
namespace {

TEST(Compression, WhatIsPackedUnpacksToTheSameBytes) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "weir_bytes_total{n=\"" + std::to_string(i) + "\"} 1\n";

  const auto packed = gzip(text);

  ASSERT_TRUE(packed.has_value());
  EXPECT_LT(packed->size(), text.size() / 4);
  EXPECT_EQ(test::gunzip(*packed), text);
}

TEST(Compression, AnEmptyBodyIsAWholeGzipFile) {
  const auto packed = gzip("");
  ASSERT_TRUE(packed.has_value());
  EXPECT_EQ(packed->substr(0, 2), "\x1f\x8b");
  EXPECT_EQ(test::gunzip(*packed), "");
}

}  // namespace
}  // namespace weir::http
