#include "collector/config/csv_reader.h"

#include <utility>

namespace weir::config {
namespace {

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Walks over the text and keeps the place.
class Scanner {
 public:
  Scanner(std::string_view text, ProblemList& problems) : text_(text), problems_(problems) {}

  [[nodiscard]] bool at_end() const noexcept { return next_ >= text_.size(); }

  [[nodiscard]] CsvRow row() {
    CsvRow cells;
    while (true) {
      cells.push_back(cell());
      if (at_end()) return cells;
      const char separator = text_[next_];
      step();
      if (separator == '\n') return cells;
    }
  }

 private:
  [[nodiscard]] Place place() const noexcept {
    return {line_, static_cast<std::uint32_t>(next_ - line_begin_) + 1};
  }

  void step() noexcept {
    if (text_[next_++] != '\n') return;
    ++line_;
    line_begin_ = next_;
  }

  [[nodiscard]] bool at_separator() const noexcept {
    return at_end() || text_[next_] == ',' || text_[next_] == '\n';
  }

  /// The plain text up to the next separator, without the CR of a CRLF.
  [[nodiscard]] std::string_view plain() noexcept {
    const std::size_t begin = next_;
    while (!at_separator()) ++next_;
    std::string_view found = text_.substr(begin, next_ - begin);
    if ((at_end() || text_[next_] == '\n') && found.ends_with('\r')) found.remove_suffix(1);
    return found;
  }

  [[nodiscard]] CsvCell cell() {
    while (!at_separator() && (text_[next_] == ' ' || text_[next_] == '\t')) ++next_;
    if (at_end() || text_[next_] != '"') {
      const Place begin = place();
      return {std::string(trimmed(plain())), begin};
    }
    return quoted();
  }

  [[nodiscard]] CsvCell quoted() {
    CsvCell cell{{}, place()};
    ++next_;
    while (!at_end()) {
      if (text_[next_] != '"') {
        cell.text += text_[next_];
        step();
        continue;
      }
      ++next_;
      if (at_end() || text_[next_] != '"') {
        // RFC 4180, 2: nothing stands between the closing quote and the separator.
        const Place after = place();
        if (!trimmed(plain()).empty())
          problems_.error(after, "text follows a closing quote",
                          "double a quote that is part of the value");
        return cell;
      }
      cell.text += '"';
      ++next_;
    }
    problems_.error(cell.place, "this quote is never closed", "close it, or double it");
    return cell;
  }

  std::string_view text_;
  ProblemList& problems_;
  std::size_t next_ = 0;
  std::size_t line_begin_ = 0;
  std::uint32_t line_ = 1;
};

}  // namespace

std::vector<CsvRow> read_csv(std::string_view text, ProblemList& problems) {
  // Spreadsheets write a byte order mark.
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  std::vector<CsvRow> rows;
  Scanner scanner(text, problems);
  while (!scanner.at_end()) {
    CsvRow row = scanner.row();
    if (row.size() == 1 && row.front().text.empty()) continue;
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace weir::config
