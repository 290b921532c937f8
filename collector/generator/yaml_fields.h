#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collector/generator/quantities.h"

namespace weir::generator {

/// What is wrong in one file, each with its line: "scenario.yaml:12: message".
/// Threads: one.
class FileProblems {
 public:
  explicit FileProblems(std::string file) : file_(std::move(file)) {}

  void add(const YAML::Node& at, std::string_view message);
  void add_line(std::uint32_t line, std::string_view message);

  [[nodiscard]] bool empty() const noexcept { return messages_.empty(); }
  [[nodiscard]] const std::vector<std::string>& messages() const noexcept { return messages_; }

 private:
  std::string file_;
  std::vector<std::string> messages_;
};

/// 1-based line of a node.
[[nodiscard]] std::uint32_t line_of(const YAML::Node& node);

/// The fields of one YAML map, read strictly: unknown and repeated keys, and values that a
/// parser refuses, become problems. What is absent keeps the caller's default.
///
/// Threads: one. Refers to the problems, which outlive it.
class YamlFields {
 public:
  YamlFields(const YAML::Node& map, std::string_view what,
             std::initializer_list<std::string_view> known, FileProblems& problems);

  /// The node of a key; undefined when absent.
  [[nodiscard]] YAML::Node node(std::string_view key) const;

  /// The text of a scalar; nullopt when absent, empty or not a scalar (then a problem).
  [[nodiscard]] std::optional<std::string> text(std::string_view key) const;

  /// Like text(), and a problem when absent.
  [[nodiscard]] std::string required_text(std::string_view key) const;

  /// A value by `parse`, or `fallback` when absent; refused ones name what is `wanted`.
  template <class Value, class Parse>
  [[nodiscard]] Value value(std::string_view key, Value fallback, std::string_view wanted,
                            Parse parse) const {
    const auto given = text(key);
    if (!given) return fallback;
    if (const auto parsed = parse(std::string_view{*given})) return static_cast<Value>(*parsed);
    refuse(key, *given, wanted);
    return fallback;
  }

  /// An integer within [low, high].
  [[nodiscard]] std::uint64_t integer(std::string_view key, std::uint64_t fallback,
                                      std::uint64_t low, std::uint64_t high) const;

  /// `true` or `false`; anything else, `yes` among it, is a problem.
  [[nodiscard]] bool flag(std::string_view key) const;

  void refuse(std::string_view key, std::string_view given, std::string_view wanted) const;

  [[nodiscard]] const YAML::Node& map() const noexcept { return map_; }

 private:
  YAML::Node map_;
  FileProblems& problems_;
};

}  // namespace weir::generator
