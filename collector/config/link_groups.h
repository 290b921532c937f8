#pragma once

#include <span>
#include <vector>

#include "collector/config/config.h"
#include "collector/config/problem_list.h"
#include "collector/config/yaml_tree.h"

namespace weir::config {

/// More make no sense of a page, and bound what is kept of them.
inline constexpr std::size_t kMaxGroups = 1'000;
inline constexpr std::size_t kMaxGroupLinks = 64;

/// Reads the items of `groups`. Links name interfaces that `routers` describe, each once a group;
/// what is wrong or doubtful is told to `problems`.
[[nodiscard]] std::vector<LinkGroup> read_link_groups(std::span<const YamlNode> items,
                                                      const std::vector<Router>& routers,
                                                      ProblemList& problems);

/// The interface that a link names; null if the routers do not describe it.
[[nodiscard]] const contracts::InterfaceTerms* find_interface(const GroupLink& link,
                                                              const std::vector<Router>& routers);

}  // namespace weir::config
