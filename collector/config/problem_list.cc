#include "collector/config/problem_list.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace weir::config {
namespace {

/// Longest word worth comparing, and most words worth listing.
constexpr std::size_t kLongestWord = 64;
constexpr std::size_t kMostListed = 16;

/// Letters to add, drop, change or swap with a neighbour to come from `a` to `b`.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

}  // namespace

void ProblemList::error(Place place, std::string message, std::string mend) {
  if (++errors_ > kMost) return;
  problems_.push_back({.severity = Severity::Error,
                       .file = file_,
                       .line = place.line,
                       .column = place.column,
                       .message = std::move(message),
                       .mend = std::move(mend)});
}

void ProblemList::warning(Place place, std::string message, std::string mend) {
  if (++warnings_ > kMost) return;
  problems_.push_back({.severity = Severity::Warning,
                       .file = file_,
                       .line = place.line,
                       .column = place.column,
                       .message = std::move(message),
                       .mend = std::move(mend)});
}

std::vector<Problem> ProblemList::take() {
  if (errors_ >= kMost)
    problems_.push_back({.severity = Severity::Error,
                         .file = file_,
                         .message = fmt::format("reading stopped after {} errors", kMost),
                         .mend = "mend the ones above first"});
  if (warnings_ > kMost)
    problems_.push_back({.severity = Severity::Warning,
                         .file = file_,
                         .message = fmt::format("there are {} more warnings", warnings_ - kMost),
                         .mend = "mend the ones above first"});
  errors_ = warnings_ = 0;
  return std::exchange(problems_, {});
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
  std::string_view best;
  if (word.size() > kLongestWord) return best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string_view candidate : known) {
    if (candidate.size() > kLongestWord) continue;
    const std::size_t changes = distance(word, candidate);
    if (changes >= best_distance) continue;
    best = candidate;
    best_distance = changes;
  }
  return best;
}

std::string suggest(std::string_view word, std::span<const std::string_view> known) {
  if (const auto near = nearest(word, known); !near.empty())
    return fmt::format("did you mean `{}`?", near);
  if (known.empty()) return "none is defined";
  const auto listed = known.first(std::min(known.size(), kMostListed));
  return fmt::format("write one of: {}{}", fmt::join(listed, ", "),
                     listed.size() < known.size() ? ", ..." : "");
}

}  // namespace weir::config
