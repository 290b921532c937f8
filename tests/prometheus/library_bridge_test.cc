#include "exporters/prometheus/library_bridge.h"

#include <gtest/gtest.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>

#include "exporters/prometheus/exposition.h"

namespace weir::prometheus {
namespace {

TEST(LibraryBridge, RegistryMetricsAreWrittenByOurWriter) {
  ::prometheus::Registry registry;
  ::prometheus::BuildCounter()
      .Name("weir_example_total")
      .Help("Counts.")
      .Register(registry)
      .Add({{"kind", "a\"b"}})
      .Increment(3);
  ::prometheus::BuildGauge()
      .Name("weir_example")
      .Help("Shows.")
      .Register(registry)
      .Add({})
      .Set(1.5);
  ::prometheus::BuildHistogram()
      .Name("weir_example_seconds")
      .Help("Spreads.")
      .Register(registry)
      .Add({}, ::prometheus::Histogram::BucketBoundaries{0.1, 1})
      .Observe(0.5);

  const MetricSet set = from_library(registry.Collect());

  ASSERT_NE(set.find("weir_example_total"), nullptr);
  const std::string text = render(set, Format::Text);
  EXPECT_NE(text.find("weir_example_total{kind=\"a\\\"b\"} 3\n"), std::string::npos) << text;
  EXPECT_NE(text.find("weir_example 1.5\n"), std::string::npos) << text;
  EXPECT_NE(text.find("# TYPE weir_example_seconds histogram\n"
                      "weir_example_seconds_bucket{le=\"0.1\"} 0\n"
                      "weir_example_seconds_bucket{le=\"1\"} 1\n"
                      "weir_example_seconds_bucket{le=\"+Inf\"} 1\n"
                      "weir_example_seconds_sum 0.5\n"
                      "weir_example_seconds_count 1\n"),
            std::string::npos)
      << text;
}

TEST(LibraryBridge, OurFamiliesBecomeTheLibrarys) {
  MetricSet set;
  set.add("weir_example_total", "Counts.", Kind::Counter)
      .samples.push_back({.labels = R"(a="x\"",b="y")", .value = std::uint64_t{7}});

  const auto families = to_library(set);

  ASSERT_EQ(families.size(), 1U);
  EXPECT_EQ(families[0].name, "weir_example_total");
  EXPECT_EQ(families[0].help, "Counts.");
  EXPECT_EQ(families[0].type, ::prometheus::MetricType::Counter);
  ASSERT_EQ(families[0].metric.size(), 1U);
  EXPECT_EQ(families[0].metric[0].counter.value, 7.0);
  const std::vector<::prometheus::ClientMetric::Label> labels = families[0].metric[0].label;
  ASSERT_EQ(labels.size(), 2U);
  EXPECT_EQ(labels[0].name, "a");
  EXPECT_EQ(labels[0].value, "x\"");
  EXPECT_EQ(labels[1].value, "y");
}

}  // namespace
}  // namespace weir::prometheus
