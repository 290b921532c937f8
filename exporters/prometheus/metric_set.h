#pragma once

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace weir::prometheus {

enum class Kind : std::uint8_t { Counter, Gauge, Histogram, Summary, Untyped };

/// A sample's value. Integers stay integers: a double loses units above 2^53 bytes, which a
/// busy contract passes within months.
using Value = std::variant<std::uint64_t, std::int64_t, double>;

struct Label {
  std::string_view name;
  std::string_view value;
};

/// `name="value",...` with backslash, quote and line feed escaped (the same in text 0.0.4 and
/// OpenMetrics 1.0), without braces. Bytes that are not UTF-8 become U+FFFD, since one of them
/// makes Prometheus refuse the whole scrape.
[[nodiscard]] std::string label_text(std::initializer_list<Label> labels);

/// The pairs that `text`, made by label_text(), was made from.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> parse_label_text(
    std::string_view text);

struct Sample {
  std::string_view labels;  ///< label_text(), owned by the MetricSet or by what it keeps
  Value value;
  std::string_view suffix = {};  ///< "_bucket", "_sum", "_count" of library histograms
};

/// One metric: for a counter, `name` ends in `_total`.
struct MetricFamily {
  std::string name;
  std::string help;
  Kind kind = Kind::Gauge;
  std::string unit;  ///< suffix of the name (before `_total`), empty where there is none
  std::vector<Sample> samples;
};

/// What one scrape answers: families in the order in which they are written.
///
/// Ownership: owns its families, the texts given to own(), and a share of what keep() got.
/// Threads: one at a time.
class MetricSet {
 public:
  MetricSet() = default;
  MetricSet(MetricSet&&) = default;
  MetricSet& operator=(MetricSet&&) = default;
  MetricSet(const MetricSet&) = delete;
  MetricSet& operator=(const MetricSet&) = delete;

  /// The reference holds until the set goes.
  MetricFamily& add(std::string name, std::string help, Kind kind, std::string unit = {});

  /// Keeps a text as long as the set lives.
  [[nodiscard]] std::string_view own(std::string text);

  /// Keeps whatever samples point into.
  void keep(std::shared_ptr<const void> owner);

  /// Puts the families of `other` behind its own.
  void append(MetricSet other);

  [[nodiscard]] const std::deque<MetricFamily>& families() const noexcept { return families_; }

  /// Null if no family has the name.
  [[nodiscard]] const MetricFamily* find(std::string_view name) const noexcept;

  /// Samples of all families.
  [[nodiscard]] std::size_t series() const noexcept;

 private:
  std::deque<MetricFamily> families_;
  std::deque<std::string> texts_;
  std::vector<std::shared_ptr<const void>> kept_;
};

}  // namespace weir::prometheus
