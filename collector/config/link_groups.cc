#include "collector/config/link_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "collector/config/values.h"

namespace weir::config {
namespace {

using contracts::InterfaceTerms;

constexpr std::array<std::string_view, 2> kGroupKeys{"name", "links"};
constexpr std::array<std::string_view, 2> kLinkKeys{"exporter", "interface"};

const Router* find_router(std::string_view name, const std::vector<Router>& routers) {
  const auto found = std::find_if(routers.begin(), routers.end(),
                                  [&](const Router& router) { return router.name == name; });
  return found == routers.end() ? nullptr : &*found;
}

std::string text_of(const GroupLink& link) {
  const auto* name = std::get_if<std::string>(&link.interface);
  return name != nullptr ? *name : std::to_string(std::get<std::uint32_t>(link.interface));
}

class GroupReader {
 public:
  GroupReader(const std::vector<Router>& routers, ProblemList& problems)
      : routers_(routers), problems_(problems) {}

  [[nodiscard]] LinkGroup group_of(const YamlNode& node) {
    LinkGroup group;
    group.line = node.place.line;
    const YamlFields fields(node, "a group", kGroupKeys, problems_);
    if (node.kind != YamlNode::Kind::Map) return group;
    group.name = fields.read("name", parse_label).value_or("");
    if (fields.find("name") == nullptr)
      problems_.error(node.place, "the group has no `name`", "write what the planners call it");
    const auto items = fields.items("links");
    if (items.size() > kMaxGroupLinks)
      problems_.error(items[kMaxGroupLinks].place,
                      fmt::format("a group has more than {} links", kMaxGroupLinks),
                      "split it by the failures that its links stand in for");
    std::set<const InterfaceTerms*> known;
    for (const YamlNode& item : items) {
      auto link = link_of(item);
      if (!link) continue;
      if (!known.insert(find_interface(*link, routers_)).second)
        problems_.error(item.place,
                        fmt::format("group {} has interface {} of {} twice", group.name,
                                    text_of(*link), link->exporter),
                        "keep one of the two");
      group.links.push_back(std::move(*link));
    }
    if (items.empty())
      problems_.error(node.place, "the group has no `links`",
                      "write links: [{exporter: NAME, interface: INDEX}, ...]");
    else if (items.size() == 1)
      problems_.warning(node.place, fmt::format("group {} has a single link", group.name),
                        "add those that carry its traffic when it is down");
    return group;
  }

 private:
  [[nodiscard]] std::optional<GroupLink> link_of(const YamlNode& node) {
    const YamlFields fields(node, "a link", kLinkKeys, problems_);
    if (node.kind != YamlNode::Kind::Map) return std::nullopt;
    for (const std::string_view key : kLinkKeys)
      if (fields.find(key) == nullptr)
        problems_.error(node.place, fmt::format("the link has no `{}`", key),
                        "write {exporter: NAME, interface: INDEX}");
    auto exporter = fields.read("exporter", parse_label);
    auto interface = fields.read("interface", parse_interface);
    if (!exporter || !interface) return std::nullopt;
    GroupLink link{.exporter = std::move(*exporter), .interface = std::move(*interface)};
    const Router* router = find_router(link.exporter, routers_);
    if (router == nullptr) {
      std::vector<std::string_view> names;
      for (const Router& one : routers_) names.push_back(one.name);
      problems_.error(
          node.place, fmt::format("there is no router `{}`", link.exporter),
          names.empty() ? "describe it under exporters.routers" : suggest(link.exporter, names));
      return std::nullopt;
    }
    const InterfaceTerms* terms = find_interface(link, routers_);
    if (terms == nullptr) {
      problems_.error(node.place,
                      fmt::format("router {} has no interface `{}`", link.exporter, text_of(link)),
                      "describe it under the router's interfaces, with its speed");
      return std::nullopt;
    }
    if (terms->speed.value() == 0)
      problems_.warning(node.place,
                        fmt::format("interface {} of {} has no speed, so that its group has no "
                                    "load and no forecast",
                                    text_of(link), link.exporter),
                        "write its `speed` under the router's interfaces");
    return link;
  }

  const std::vector<Router>& routers_;
  ProblemList& problems_;
};

}  // namespace

const InterfaceTerms* find_interface(const GroupLink& link, const std::vector<Router>& routers) {
  const Router* router = find_router(link.exporter, routers);
  if (router == nullptr) return nullptr;
  const auto& all = router->interfaces;
  const auto found = std::find_if(all.begin(), all.end(), [&](const InterfaceTerms& terms) {
    const auto* name = std::get_if<std::string>(&link.interface);
    return name != nullptr ? terms.name == *name
                           : terms.index == std::get<std::uint32_t>(link.interface);
  });
  return found == all.end() ? nullptr : &*found;
}

std::vector<LinkGroup> read_link_groups(std::span<const YamlNode> items,
                                        const std::vector<Router>& routers, ProblemList& problems) {
  if (items.size() > kMaxGroups)
    problems.error(items[kMaxGroups].place,
                   fmt::format("there are more than {} groups", kMaxGroups),
                   "keep those that are planned together");
  GroupReader reader(routers, problems);
  std::vector<LinkGroup> groups;
  std::map<std::string, std::uint32_t> lines;
  for (const YamlNode& item : items) {
    LinkGroup group = reader.group_of(item);
    const auto [first, is_new] = lines.emplace(group.name, group.line);
    if (!is_new && !group.name.empty())
      problems.error(
          item.place,
          fmt::format("group {} is given twice, first on line {}", group.name, first->second),
          "keep one of the two");
    groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace weir::config
