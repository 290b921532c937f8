#include "exporters/prometheus/exposition.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/prometheus/world.h"

namespace weir::prometheus {
namespace {

[[nodiscard]] MetricSet golden_set() {
  MetricSet set;
  MetricFamily& bytes =
      set.add("weir_example_bytes_total", "Bytes of \"A\\B\".", Kind::Counter, "bytes");
  bytes.samples.push_back({.labels = R"(contract="IP-1",direction="to_customer")",
                           .value = std::uint64_t{123'456'789'012}});
  bytes.samples.push_back({.labels = R"(contract="IP-2")", .value = std::uint64_t{0}});
  set.add("weir_example_empty", "Has no sample.", Kind::Gauge);
  set.add("weir_example_ratio", "A ratio.", Kind::Gauge, "ratio")
      .samples.push_back({.labels = {}, .value = 0.25});
  set.add("weir_example_bytes", "Signed.", Kind::Untyped)
      .samples.push_back({.labels = {}, .value = std::int64_t{-5}});
  return set;
}

TEST(Exposition, TextFormatIsExact) {
  EXPECT_EQ(render(golden_set(), Format::Text),
            R"(# HELP weir_example_bytes_total Bytes of "A\\B".
# TYPE weir_example_bytes_total counter
weir_example_bytes_total{contract="IP-1",direction="to_customer"} 123456789012
weir_example_bytes_total{contract="IP-2"} 0
# HELP weir_example_ratio A ratio.
# TYPE weir_example_ratio gauge
weir_example_ratio 0.25
# HELP weir_example_bytes Signed.
# TYPE weir_example_bytes untyped
weir_example_bytes -5
)");
}

TEST(Exposition, OpenMetricsNamesCountersWithoutTotalAndEnds) {
  EXPECT_EQ(render(golden_set(), Format::OpenMetrics),
            R"(# HELP weir_example_bytes Bytes of \"A\\B\".
# TYPE weir_example_bytes counter
# UNIT weir_example_bytes bytes
weir_example_bytes_total{contract="IP-1",direction="to_customer"} 123456789012
weir_example_bytes_total{contract="IP-2"} 0
# HELP weir_example_ratio A ratio.
# TYPE weir_example_ratio gauge
# UNIT weir_example_ratio ratio
weir_example_ratio 0.25
# HELP weir_example_bytes Signed.
# TYPE weir_example_bytes unknown
weir_example_bytes -5
# EOF
)");
}

[[nodiscard]] std::string written(Value value) {
  MetricSet set;
  set.add("m", "M.", Kind::Gauge).samples.push_back({.labels = {}, .value = value});
  const std::string text = render(set, Format::Text);
  const std::size_t start = text.rfind("m ") + 2;
  return text.substr(start, text.size() - start - 1);
}

TEST(Exposition, IntegersAreExactAboveTwoToThe53) {
  EXPECT_EQ(written(std::uint64_t{9'007'199'254'740'993}), "9007199254740993");
  EXPECT_EQ(written(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(written(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
}

TEST(Exposition, OtherValuesHaveNoExponentWhereAvoidable) {
  EXPECT_EQ(written(0.0), "0");
  EXPECT_EQ(written(1e11), "100000000000");
  EXPECT_EQ(written(123'456'789'012.5), "123456789012.5");
  EXPECT_EQ(written(1'714'521'600.5), "1714521600.5");
  EXPECT_EQ(written(0.1), "0.1");
  EXPECT_EQ(written(1e-9), "1e-09");
  EXPECT_EQ(written(1e300), "1e+300");
  EXPECT_EQ(written(std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(written(std::numeric_limits<double>::infinity()), "+Inf");
  EXPECT_EQ(written(-std::numeric_limits<double>::infinity()), "-Inf");
}

TEST(Exposition, ContentTypesCarryTheirVersions) {
  EXPECT_EQ(content_type(Format::Text), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(content_type(Format::OpenMetrics),
            "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

TEST(Exposition, PromtoolFindsNothingInEverythingWeExport) {
  const auto world = test::busy_world();
  const TrafficCollectable collectable(world->sources());
  const test::Verdict verdict = test::promtool_check(render(collectable.gather(), Format::Text));
  EXPECT_EQ(verdict.output, "");
  EXPECT_EQ(verdict.status, 0);
}

TEST(Exposition, PrometheusReadsOurOpenMetrics) {
  const auto world = test::busy_world();
  const TrafficCollectable collectable(world->sources());
  const std::string text = render(collectable.gather(), Format::OpenMetrics);
  const test::Verdict verdict = test::promtool_read_openmetrics(text);
  EXPECT_EQ(verdict.status, 0) << verdict.output;
  EXPECT_NE(test::promtool_read_openmetrics(text.substr(0, text.size() - 6)).status, 0)
      << "the end mark is missing and nothing was said";
}

TEST(Exposition, PromtoolWouldFindAFault) {
  const test::Verdict verdict = test::promtool_check("# TYPE weir_bits gauge\nweir_bits 1\n");
  EXPECT_NE(verdict.status, 0);
}

}  // namespace
}  // namespace weir::prometheus
