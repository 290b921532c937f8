#include "collector/config/yaml_tree.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

namespace weir::config {
namespace {

Place place_of(const YAML::Mark& mark) noexcept {
  if (mark.is_null()) return {};
  return {static_cast<std::uint32_t>(mark.line) + 1, static_cast<std::uint32_t>(mark.column) + 1};
}

/// Builds the tree from the parser's events. The library's own Node is not used: it keeps the
/// first of two equal keys silently and takes many times the time.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(ProblemList& problems) : problems_(problems) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    add(YamlNode::Kind::Null, mark, {});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    problems_.error(place_of(mark), "aliases are not read here", "write the value out");
    add(YamlNode::Kind::Null, mark, {});
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    add(YamlNode::Kind::Scalar, mark, value);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    open(YamlNode::Kind::Sequence, mark);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    open(YamlNode::Kind::Map, mark);
  }
  void OnMapEnd() override { close(); }

  /// The document, once it has ended.
  [[nodiscard]] YamlNode take() { return std::move(root_); }

 private:
  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor)
      problems_.error(place_of(mark), "anchors are not read here", "write the value out each time");
  }
  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    // The parser gives plain scalars the tag "?" and quoted ones "!".
    if (!tag.empty() && tag != "?" && tag != "!")
      problems_.error(place_of(mark), fmt::format("the tag `{}` is not read here", tag),
                      "remove it");
  }

  void add(YamlNode::Kind kind, const YAML::Mark& mark, std::string text) {
    YamlNode node;
    node.kind = kind;
    node.place = place_of(mark);
    node.text = std::move(text);
    attach(std::move(node));
  }
  void open(YamlNode::Kind kind, const YAML::Mark& mark) {
    YamlNode node;
    node.kind = kind;
    node.place = place_of(mark);
    open_.push_back(std::move(node));
  }
  void close() {
    YamlNode node = std::move(open_.back());
    open_.pop_back();
    attach(std::move(node));
  }
  void attach(YamlNode node) {
    (open_.empty() ? root_ : open_.back().children.emplace_back()) = std::move(node);
  }

  ProblemList& problems_;
  YamlNode root_;
  std::vector<YamlNode> open_;
};

std::string_view kind_name(YamlNode::Kind kind) noexcept {
  switch (kind) {
    case YamlNode::Kind::Null:
      return "nothing";
    case YamlNode::Kind::Scalar:
      return "a single value";
    case YamlNode::Kind::Sequence:
      return "a list";
    case YamlNode::Kind::Map:
      return "a mapping";
  }
  return "something else";
}

}  // namespace

std::optional<YamlNode> parse_yaml(std::string_view text, ProblemList& problems) {
  std::istringstream stream{std::string(text)};
  TreeBuilder builder(problems);
  try {
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    YamlNode root = builder.take();
    TreeBuilder further(problems);
    if (parser && parser.HandleNextDocument(further))
      problems.error(further.take().place, "a second document begins here",
                     "keep one document in a file: remove the line ---");
    return root;
  } catch (const YAML::Exception& exception) {
    problems.error(place_of(exception.mark), fmt::format("not YAML: {}", exception.msg),
                   "look for an open bracket or quote, or wrong indentation, here or just before");
    return std::nullopt;
  }
}

YamlFields::YamlFields(const YamlNode& node, std::string_view what,
                       std::span<const std::string_view> known, ProblemList& problems)
    : node_(node), problems_(problems) {
  if (node.kind != YamlNode::Kind::Map) {
    problems.error(node.place, fmt::format("{} is {}, not a mapping", what, kind_name(node.kind)),
                   fmt::format("write `key: value` with keys of: {}", fmt::join(known, ", ")));
    return;
  }
  std::map<std::string_view, std::uint32_t> lines;  // of the known keys met so far
  for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
    const YamlNode& key = node.children[i];
    if (key.kind != YamlNode::Kind::Scalar) {
      problems.error(key.place, fmt::format("a key of {} is {}", what, kind_name(key.kind)),
                     "write a word");
      continue;
    }
    if (std::find(known.begin(), known.end(), key.text) == known.end()) {
      problems.error(key.place, fmt::format("unknown key `{}` in {}", key.text, what),
                     suggest(key.text, known));
      continue;
    }
    const auto [first, is_new] = lines.emplace(key.text, key.place.line);
    if (!is_new)
      problems.error(
          key.place,
          fmt::format("key `{}` is given twice, first on line {}", key.text, first->second),
          "keep one of the two");
    if (node.children[i + 1].kind == YamlNode::Kind::Null)
      problems.error(key.place, fmt::format("key `{}` has no value", key.text),
                     "write one, or remove the key");
  }
}

const YamlNode* YamlFields::find(std::string_view key) const {
  if (node_.kind != YamlNode::Kind::Map) return nullptr;
  for (std::size_t i = 0; i + 1 < node_.children.size(); i += 2) {
    const YamlNode& candidate = node_.children[i];
    if (candidate.kind != YamlNode::Kind::Scalar || candidate.text != key) continue;
    const YamlNode& value = node_.children[i + 1];
    return value.kind == YamlNode::Kind::Null ? nullptr : &value;
  }
  return nullptr;
}

std::span<const YamlNode> YamlFields::items(std::string_view key) const {
  const YamlNode* node = find(key);
  if (node == nullptr) return {};
  if (node->kind == YamlNode::Kind::Sequence) return node->children;
  problems_.error(node->place, fmt::format("`{}` is {}, not a list", key, kind_name(node->kind)),
                  fmt::format("write `{}: [...]`", key));
  return {};
}

void YamlFields::tell_not_scalar(const YamlNode& node, std::string_view key,
                                 ProblemList& problems) {
  problems.error(node.place,
                 fmt::format("`{}` is {}, not a single value", key, kind_name(node.kind)),
                 fmt::format("write `{}: value`", key));
}

}  // namespace weir::config
