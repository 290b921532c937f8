#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collector/config/problem_list.h"
#include "collector/config/values.h"

namespace weir::config {

/// A piece of a YAML file with its place: values stay text, so that each reader decides what
/// its text means and YAML's own guesses (`010` is eight, `yes` is true) never apply.
struct YamlNode {
  enum class Kind : std::uint8_t { Null, Scalar, Sequence, Map };

  Kind kind = Kind::Null;
  Place place;
  std::string text;                ///< of a scalar
  std::vector<YamlNode> children;  ///< of a sequence; of a map key, value, key, value, ...
};

/// Reads the one document of `text`; nullopt, and told, if it is no YAML. Anchors, aliases, tags
/// and further documents are told too.
[[nodiscard]] std::optional<YamlNode> parse_yaml(std::string_view text, ProblemList& problems);

/// The fields of one mapping, read strictly: keys that are unknown, repeated or without value
/// are told to `problems` on construction.
///
/// Refers to the node and the list, which outlive it.
class YamlFields {
 public:
  /// `what` names the mapping in messages, such as "`accounting`".
  YamlFields(const YamlNode& node, std::string_view what, std::span<const std::string_view> known,
             ProblemList& problems);

  /// The value of `key`, or null: absent or already told.
  [[nodiscard]] const YamlNode* find(std::string_view key) const;

  /// The value of `key` as `parse` reads it; nullopt when absent, or wrong and told.
  template <class Parse>
  [[nodiscard]] auto read(std::string_view key, Parse parse) const
      -> std::optional<typename decltype(parse(std::string_view{}))::value_type> {
    const YamlNode* node = find(key);
    if (node == nullptr) return std::nullopt;
    return read_scalar(*node, key, parse, problems_);
  }

  /// The items of the sequence `key`; none when absent, or wrong and told.
  [[nodiscard]] std::span<const YamlNode> items(std::string_view key) const;

  /// One scalar as `parse` reads it; nullopt when wrong and told.
  template <class Parse>
  [[nodiscard]] static auto read_scalar(const YamlNode& node, std::string_view key, Parse parse,
                                        ProblemList& problems)
      -> std::optional<typename decltype(parse(std::string_view{}))::value_type> {
    if (node.kind != YamlNode::Kind::Scalar) {
      tell_not_scalar(node, key, problems);
      return std::nullopt;
    }
    auto value = parse(std::string_view(node.text));
    if (value) return std::move(*value);
    problems.error(node.place, "`" + std::string(key) + "`: " + value.error().message,
                   value.error().mend);
    return std::nullopt;
  }

 private:
  static void tell_not_scalar(const YamlNode& node, std::string_view key, ProblemList& problems);

  const YamlNode& node_;
  ProblemList& problems_;
};

}  // namespace weir::config
