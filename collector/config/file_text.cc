#include "collector/config/file_text.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

namespace weir::config {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

/// How many bytes the character at the front of `text` has, 0 if it is none (RFC 3629, 4).
std::size_t character_bytes(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return first == 0 ? 0 : 1;
  const std::size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return 0;
  for (std::size_t i = 1; i < bytes; ++i)
    if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
  // Overlong forms, surrogates and what lies beyond U+10FFFF.
  const unsigned second = byte(1);
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
      (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
    return 0;
  return bytes;
}

}  // namespace

std::optional<Place> find_bad_byte(std::string_view text) {
  Place place{1, 1};
  while (!text.empty()) {
    const std::size_t bytes = character_bytes(text);
    if (bytes == 0) return place;
    ++place.column;
    if (text.front() == '\n') place = {place.line + 1, 1};
    text.remove_prefix(bytes);
  }
  return std::nullopt;
}

std::optional<std::string> read_text_file(const std::string& path, ProblemList& problems) {
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rb"));
  const auto cannot = [&](int reason) {
    problems.error({}, fmt::format("cannot read the file: {}", std::strerror(reason)),
                   "name a file that exists and that this user may read");
    return std::nullopt;
  };
  if (!file) return cannot(errno);
  std::string text;
  std::vector<char> piece(std::size_t{1} << 16);
  while (const std::size_t got = std::fread(piece.data(), 1, piece.size(), file.get())) {
    if (text.size() + got > kLargestFileBytes) {
      problems.error({}, fmt::format("the file is larger than {} bytes", kLargestFileBytes),
                     "split the contracts over several collectors");
      return std::nullopt;
    }
    text.append(piece.data(), got);
  }
  if (std::ferror(file.get()) != 0) return cannot(errno);
  if (const auto place = find_bad_byte(text)) {
    problems.error(*place, "this is not UTF-8 text", "save the file as UTF-8");
    return std::nullopt;
  }
  return text;
}

}  // namespace weir::config
