#include "exporters/prometheus/library_bridge.h"

#include <charconv>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>

namespace weir::prometheus {
namespace {

using ::prometheus::ClientMetric;
using ::prometheus::MetricType;

[[nodiscard]] Kind kind_of(MetricType type) noexcept {
  switch (type) {
    case MetricType::Counter:
      return Kind::Counter;
    case MetricType::Gauge:
      return Kind::Gauge;
    case MetricType::Histogram:
      return Kind::Histogram;
    case MetricType::Summary:
      return Kind::Summary;
    case MetricType::Untyped:
      break;
  }
  return Kind::Untyped;
}

[[nodiscard]] MetricType type_of(Kind kind) noexcept {
  switch (kind) {
    case Kind::Counter:
      return MetricType::Counter;
    case Kind::Gauge:
      return MetricType::Gauge;
    case Kind::Histogram:
    case Kind::Summary:
    case Kind::Untyped:
      break;
  }
  return MetricType::Untyped;
}

/// Up to 2^53 a double that is whole is the integer it stands for.
[[nodiscard]] Value exact(double value) noexcept {
  constexpr double kExact = 9'007'199'254'740'992.0;
  if (std::abs(value) <= kExact && std::trunc(value) == value) {
    return static_cast<std::int64_t>(value);
  }
  return value;
}

[[nodiscard]] std::string number_text(double value) {
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::string text(32, '\0');
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  text.resize(static_cast<std::size_t>(end - text.data()));
  return text;
}

[[nodiscard]] std::string labels_of(const ClientMetric& metric) {
  std::string text;
  for (const ClientMetric::Label& label : metric.label) {
    if (!text.empty()) text += ',';
    text += label_text({{.name = label.name, .value = label.value}});
  }
  return text;
}

[[nodiscard]] std::string with(std::string_view labels, std::string_view name,
                               std::string_view value) {
  std::string text(labels);
  if (!text.empty()) text += ',';
  return text + label_text({{.name = name, .value = value}});
}

void add_histogram(MetricSet& set, MetricFamily& family, std::string_view labels,
                   const ClientMetric::Histogram& histogram) {
  for (const ClientMetric::Bucket& bucket : histogram.bucket) {
    family.samples.push_back(
        {.labels = set.own(with(labels, "le", number_text(bucket.upper_bound))),
         .value = bucket.cumulative_count,
         .suffix = "_bucket"});
  }
  // Both formats demand a last bucket that holds everything; the library leaves it to the writer.
  if (histogram.bucket.empty() || !std::isinf(histogram.bucket.back().upper_bound)) {
    family.samples.push_back({.labels = set.own(with(labels, "le", "+Inf")),
                              .value = histogram.sample_count,
                              .suffix = "_bucket"});
  }
  family.samples.push_back(
      {.labels = labels, .value = exact(histogram.sample_sum), .suffix = "_sum"});
  family.samples.push_back({.labels = labels, .value = histogram.sample_count, .suffix = "_count"});
}

void add_summary(MetricSet& set, MetricFamily& family, std::string_view labels,
                 const ClientMetric::Summary& summary) {
  for (const ClientMetric::Quantile& quantile : summary.quantile) {
    family.samples.push_back(
        {.labels = set.own(with(labels, "quantile", number_text(quantile.quantile))),
         .value = quantile.value});
  }
  family.samples.push_back(
      {.labels = labels, .value = exact(summary.sample_sum), .suffix = "_sum"});
  family.samples.push_back({.labels = labels, .value = summary.sample_count, .suffix = "_count"});
}

void add_metric(MetricSet& set, MetricFamily& family, const ClientMetric& metric) {
  const std::string_view labels = set.own(labels_of(metric));
  switch (family.kind) {
    case Kind::Counter:
      family.samples.push_back({.labels = labels, .value = exact(metric.counter.value)});
      break;
    case Kind::Gauge:
      family.samples.push_back({.labels = labels, .value = exact(metric.gauge.value)});
      break;
    case Kind::Untyped:
      family.samples.push_back({.labels = labels, .value = exact(metric.untyped.value)});
      break;
    case Kind::Histogram:
      add_histogram(set, family, labels, metric.histogram);
      break;
    case Kind::Summary:
      add_summary(set, family, labels, metric.summary);
      break;
  }
}

}  // namespace

MetricSet from_library(const std::vector<::prometheus::MetricFamily>& families) {
  MetricSet set;
  for (const ::prometheus::MetricFamily& from : families) {
    MetricFamily& family = set.add(from.name, from.help, kind_of(from.type));
    for (const ClientMetric& metric : from.metric) add_metric(set, family, metric);
  }
  return set;
}

std::vector<::prometheus::MetricFamily> to_library(const MetricSet& set) {
  std::vector<::prometheus::MetricFamily> families;
  families.reserve(set.families().size());
  for (const MetricFamily& from : set.families()) {
    ::prometheus::MetricFamily family;
    family.name = from.name;
    family.help = from.help;
    family.type = type_of(from.kind);
    family.metric.reserve(from.samples.size());
    for (const Sample& sample : from.samples) {
      ClientMetric metric;
      for (auto& [name, value] : parse_label_text(sample.labels)) {
        metric.label.push_back({.name = std::move(name), .value = std::move(value)});
      }
      const double value =
          std::visit([](auto number) { return static_cast<double>(number); }, sample.value);
      metric.counter.value = value;
      metric.gauge.value = value;
      metric.untyped.value = value;
      family.metric.push_back(std::move(metric));
    }
    families.push_back(std::move(family));
  }
  return families;
}

}  // namespace weir::prometheus
