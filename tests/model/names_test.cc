#include <gtest/gtest.h>

#include <set>
#include <string_view>

#include "collector/model/decode_error.h"
#include "collector/model/exporter.h"
#include "collector/model/fate.h"

namespace weir {
namespace {

template <class Enum>
void expect_distinct_names(std::size_t count, std::string_view (*name)(Enum)) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < count; ++i) names.insert(name(static_cast<Enum>(i)));
  EXPECT_EQ(names.size(), count);
  EXPECT_FALSE(names.contains("unknown"));
  EXPECT_EQ(name(static_cast<Enum>(count)), "unknown");
}

TEST(Names, EveryFateHasItsOwn) { expect_distinct_names<Fate>(kFates, fate_name); }
TEST(Names, EveryDecodeErrorHasItsOwn) {
  expect_distinct_names<DecodeError>(kDecodeErrors, decode_error_name);
}
TEST(Names, EveryProtocolHasItsOwn) { expect_distinct_names<Protocol>(kProtocols, protocol_name); }

}  // namespace
}  // namespace weir
