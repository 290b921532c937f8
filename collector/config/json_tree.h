#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/config/problem_list.h"
#include "collector/config/yaml_tree.h"

namespace weir::config {

/// Deepest nesting that JSON may have: the contracts need five levels.
inline constexpr std::size_t kDeepestJson = 8;
/// Keys that one object may have, and values that a whole text may have.
inline constexpr std::size_t kMostJsonKeys = 64;
inline constexpr std::size_t kMostJsonValues = 8'000'000;

/// Reads JSON (RFC 8259) as the tree that YAML leads to, so that both are read alike. Numbers
/// keep the digits of the text; `null` is a key that is not there; truth values are told to
/// `problems`, since no key takes one. Nullopt, and told, if it is no JSON or beyond the bounds.
[[nodiscard]] std::optional<YamlNode> parse_json(std::string_view text, ProblemList& problems);

/// Puts the JSON pointer (RFC 6901) of the value before the message of each problem whose place
/// is one of the tree: a text of one line has no other place that a person finds.
[[nodiscard]] std::vector<Problem> with_pointers(std::vector<Problem> problems,
                                                 const YamlNode& root);

}  // namespace weir::config
