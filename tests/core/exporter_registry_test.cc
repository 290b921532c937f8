#include "collector/core/exporter_registry.h"

#include <gtest/gtest.h>

namespace weir::core {
namespace {

TEST(ExporterRegistry, NumbersExportersInTheOrderTheyAreMet) {
  ExporterRegistry registry;
  EXPECT_EQ(registry.intern(IpAddress::v4(0xc000'0201)), ExporterId{0});
  EXPECT_EQ(registry.intern(IpAddress::v6(0x2001'0db8'0000'0000, 1)), ExporterId{1});
  EXPECT_EQ(registry.intern(IpAddress::v4(0xc000'0201)), ExporterId{0});
}

TEST(ExporterRegistry, NamesAnExporterByItsAddressUntilItIsNamed) {
  ExporterRegistry registry;
  const auto first = registry.intern(IpAddress::v4(0xc000'0201));
  static_cast<void>(registry.intern(IpAddress::v4(0xc000'0202)));
  ASSERT_TRUE(first);
  registry.name(*first, "edge1.tyo");
  const auto entries = registry.entries();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].name, "edge1.tyo");
  EXPECT_EQ(entries[0].address, IpAddress::v4(0xc000'0201));
  EXPECT_EQ(entries[1].name, "192.0.2.2");
}

TEST(ExporterRegistry, RefusesExportersBeyondItsBound) {
  ExporterRegistry registry;
  for (std::uint32_t i = 0; i < kMaxExporters; ++i) ASSERT_TRUE(registry.intern(IpAddress::v4(i)));
  EXPECT_EQ(registry.intern(IpAddress::v4(kMaxExporters)), std::nullopt);
  EXPECT_EQ(registry.intern(IpAddress::v4(7)), ExporterId{7});
  EXPECT_EQ(registry.entries().size(), kMaxExporters);
}

}  // namespace
}  // namespace weir::core
