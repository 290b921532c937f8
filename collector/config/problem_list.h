#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collector/config/config.h"

namespace weir::config {

/// A place in a file, counted from 1. Line 0 means the whole file.
struct Place {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

/// Gathers what is wrong with one file. Keeps at most kMost errors and as many warnings, so that
/// a wrong file of a hundred thousand lines still gets an answer one can read, soon.
///
/// Threads: one.
class ProblemList {
 public:
  static constexpr std::size_t kMost = 1'000;

  explicit ProblemList(std::string file) : file_(std::move(file)) {}

  void error(Place place, std::string message, std::string mend);
  void warning(Place place, std::string message, std::string mend);

  /// No further error would be kept: whoever reads a long file stops here.
  [[nodiscard]] bool is_full() const noexcept { return errors_ >= kMost; }

  /// All problems, with a last one that says that there are more, if so.
  [[nodiscard]] std::vector<Problem> take();

 private:
  std::string file_;
  std::vector<Problem> problems_;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
};

/// The word of `known` that `word` most likely means, or empty: at most a third of the
/// letters differ, counting a swap of neighbours as one.
[[nodiscard]] std::string_view nearest(std::string_view word,
                                       std::span<const std::string_view> known);

/// "did you mean `workers`?", or what else could stand there.
[[nodiscard]] std::string suggest(std::string_view word, std::span<const std::string_view> known);

}  // namespace weir::config
