#include "collector/generator/yaml_fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace weir::generator {

std::uint32_t line_of(const YAML::Node& node) {
  return static_cast<std::uint32_t>(std::max(node.Mark().line, -1) + 1);
}

void FileProblems::add(const YAML::Node& at, std::string_view message) {
  add_line(line_of(at), message);
}

void FileProblems::add_line(std::uint32_t line, std::string_view message) {
  messages_.push_back(line == 0 ? fmt::format("{}: {}", file_, message)
                                : fmt::format("{}:{}: {}", file_, line, message));
}

YamlFields::YamlFields(const YAML::Node& map, std::string_view what,
                       std::initializer_list<std::string_view> known, FileProblems& problems)
    : map_(map), problems_(problems) {
  if (!map.IsMap()) {
    problems_.add(map, fmt::format("{} must be a map of keys: {}", what, fmt::join(known, ", ")));
    map_.reset(YAML::Node(YAML::NodeType::Map));
    return;
  }
  std::set<std::string> seen;
  for (const auto& entry : map) {
    const std::string& key = entry.first.Scalar();
    if (std::find(known.begin(), known.end(), key) == known.end())
      problems_.add(entry.first, fmt::format("unknown key '{}' in {}; the keys are {}", key, what,
                                             fmt::join(known, ", ")));
    else if (!seen.insert(key).second)
      problems_.add(entry.first, fmt::format("key '{}' is given twice; remove one", key));
  }
}

YAML::Node YamlFields::node(std::string_view key) const {
  for (const auto& entry : map_)
    if (entry.first.Scalar() == key) return entry.second;
  return YAML::Node(YAML::NodeType::Undefined);
}

std::optional<std::string> YamlFields::text(std::string_view key) const {
  const YAML::Node found = node(key);
  if (!found.IsDefined()) return std::nullopt;
  if (found.IsScalar() && !found.Scalar().empty()) return found.Scalar();
  problems_.add(found, fmt::format("'{}' must be a single value", key));
  return std::nullopt;
}

std::string YamlFields::required_text(std::string_view key) const {
  if (const auto given = text(key)) return *given;
  if (!node(key).IsDefined()) problems_.add(map_, fmt::format("'{}' is missing; add it", key));
  return {};
}

std::uint64_t YamlFields::integer(std::string_view key, std::uint64_t fallback, std::uint64_t low,
                                  std::uint64_t high) const {
  return value<std::uint64_t>(key, fallback, fmt::format("a whole number from {} to {}", low, high),
                              [&](std::string_view text) -> std::optional<std::uint64_t> {
                                const auto parsed = parse_integer(text);
                                if (!parsed || *parsed < low || *parsed > high) return std::nullopt;
                                return parsed;
                              });
}

bool YamlFields::flag(std::string_view key) const {
  return value<bool>(key, false, "true or false", [](std::string_view text) -> std::optional<bool> {
    if (text == "true") return true;
    if (text == "false") return false;
    return std::nullopt;
  });
}

void YamlFields::refuse(std::string_view key, std::string_view given,
                        std::string_view wanted) const {
  problems_.add(node(key), fmt::format("'{}: {}' is not usable; write {}", key, given, wanted));
}

}  // namespace weir::generator
