#include "collector/config/json_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <unordered_map>
#include <utility>

namespace weir::config {
namespace {

namespace json = boost::json;
using SystemError = boost::system::error_code;

/// Finds where the tokens of a JSON text stand. The parser tells no places; it calls back in the
/// order of the text and has read each token whole by then, so the tokens passed are well formed.
class TokenPlaces {
 public:
  explicit TokenPlaces(std::string_view text) : text_(text) {}

  /// The place of the next token that is a value or a key; passes over it.
  Place next() {
    while (next_ < text_.size() && is_between(text_[next_])) step();
    const Place place = here();
    if (next_ >= text_.size()) return place;
    const char first = text_[next_];
    step();
    if (first == '"')
      pass_string();
    else if (first != '{' && first != '[')
      while (next_ < text_.size() && !is_between(text_[next_])) step();
    return place;
  }

  /// The place of the byte `offset`, which has not been passed.
  Place at(std::size_t offset) {
    while (next_ < std::min(offset, text_.size())) step();
    return here();
  }

 private:
  /// What separates values: white space, and the punctuation that opens none.
  static bool is_between(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',' || c == ':' || c == ']' ||
           c == '}';
  }
  [[nodiscard]] Place here() const noexcept {
    return {line_, static_cast<std::uint32_t>(next_ - line_begin_) + 1};
  }
  void step() noexcept {
    if (text_[next_++] != '\n') return;
    ++line_;
    line_begin_ = next_;
  }
  void pass_string() noexcept {
    while (next_ < text_.size()) {
      const char c = text_[next_];
      step();
      if (c == '"') return;
      if (c == '\\' && next_ < text_.size()) step();
    }
  }

  std::string_view text_;
  std::size_t next_ = 0;
  std::size_t line_begin_ = 0;
  std::uint32_t line_ = 1;
};

/// Builds the tree from the parser's events. The names and the signatures are the parser's.
class Handler {
 public:
  static constexpr std::size_t max_object_size = kMostJsonKeys;
  static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_key_size = 256;
  static constexpr std::size_t max_string_size = 4'096;

  Handler(std::string_view text, ProblemList& problems) : places_(text), problems_(problems) {}

  bool on_document_begin(SystemError&) { return true; }
  bool on_document_end(SystemError&) { return true; }
  bool on_object_begin(SystemError& error) { return open(YamlNode::Kind::Map, error); }
  bool on_object_end(std::size_t, SystemError&) {
    drop_nulls(open_.back());
    return close();
  }
  bool on_array_begin(SystemError& error) { return open(YamlNode::Kind::Sequence, error); }
  bool on_array_end(std::size_t, SystemError&) { return close(); }
  bool on_key_part(json::string_view part, std::size_t, SystemError&) { return keep(part); }
  bool on_key(json::string_view rest, std::size_t, SystemError& error) {
    return keep(rest) && scalar(error);
  }
  bool on_string_part(json::string_view part, std::size_t, SystemError&) { return keep(part); }
  bool on_string(json::string_view rest, std::size_t, SystemError& error) {
    return keep(rest) && scalar(error);
  }
  bool on_number_part(json::string_view part, SystemError&) { return keep(part); }
  bool on_int64(std::int64_t, json::string_view rest, SystemError& error) {
    return keep(rest) && scalar(error);
  }
  bool on_uint64(std::uint64_t, json::string_view rest, SystemError& error) {
    return keep(rest) && scalar(error);
  }
  bool on_double(double, json::string_view rest, SystemError& error) {
    return keep(rest) && scalar(error);
  }
  bool on_bool(bool value, SystemError& error) {
    const Place place = places_.next();
    problems_.error(place, fmt::format("{} stands where a text or a number belongs", value),
                    "write the value in quotes, or null for none");
    word_ = value ? "true" : "false";
    return add(YamlNode::Kind::Scalar, place, error);
  }
  bool on_null(SystemError& error) { return add(YamlNode::Kind::Null, places_.next(), error); }
  bool on_comment_part(json::string_view, SystemError&) { return true; }
  bool on_comment(json::string_view, SystemError&) { return true; }

  [[nodiscard]] YamlNode take() { return std::move(root_); }
  [[nodiscard]] Place place_of(std::size_t offset) { return places_.at(offset); }

 private:
  bool keep(json::string_view part) {
    word_.append(part.data(), part.size());
    return true;
  }
  bool scalar(SystemError& error) { return add(YamlNode::Kind::Scalar, places_.next(), error); }
  bool count(SystemError& error) {
    if (++values_ <= kMostJsonValues) return true;
    error = json::error::array_too_large;
    return false;
  }
  bool add(YamlNode::Kind kind, Place place, SystemError& error) {
    if (!count(error)) return false;
    YamlNode node;
    node.kind = kind;
    node.place = place;
    node.text = std::exchange(word_, {});
    attach(std::move(node));
    return true;
  }
  bool open(YamlNode::Kind kind, SystemError& error) {
    if (!count(error)) return false;
    YamlNode node;
    node.kind = kind;
    node.place = places_.next();
    open_.push_back(std::move(node));
    return true;
  }
  bool close() {
    YamlNode node = std::move(open_.back());
    open_.pop_back();
    attach(std::move(node));
    return true;
  }
  void attach(YamlNode node) {
    (open_.empty() ? root_ : open_.back().children.emplace_back()) = std::move(node);
  }

  /// Takes out the keys whose value is `null`; one that stands twice stays, to be told.
  static void drop_nulls(YamlNode& map) {
    std::vector<YamlNode>& children = map.children;
    std::unordered_map<std::string, std::size_t> times;
    for (std::size_t i = 0; i + 1 < children.size(); i += 2) ++times[children[i].text];
    std::vector<YamlNode> kept;
    kept.reserve(children.size());
    for (std::size_t i = 0; i + 1 < children.size(); i += 2) {
      if (children[i + 1].kind == YamlNode::Kind::Null && times[children[i].text] == 1) continue;
      kept.push_back(std::move(children[i]));
      kept.push_back(std::move(children[i + 1]));
    }
    children = std::move(kept);
  }

  TokenPlaces places_;
  ProblemList& problems_;
  YamlNode root_;
  std::vector<YamlNode> open_;
  std::string word_;
  std::size_t values_ = 0;
};

using Pointers = std::map<std::pair<std::uint32_t, std::uint32_t>, std::string>;

/// RFC 6901, 3: `~` and `/` of a key are escaped.
std::string escaped(std::string_view key) {
  std::string text;
  for (const char c : key) {
    if (c == '~')
      text += "~0";
    else if (c == '/')
      text += "~1";
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      text += '?';
    else
      text += c;
  }
  return text;
}

/// Fills in the pointer of each wanted place. Depth is bounded by kDeepestJson.
void find_pointers(const YamlNode& node, const std::string& pointer, Pointers& wanted) {
  if (const auto found = wanted.find({node.place.line, node.place.column}); found != wanted.end())
    found->second = pointer.empty() ? "/" : pointer;
  if (node.kind == YamlNode::Kind::Sequence)
    for (std::size_t i = 0; i < node.children.size(); ++i)
      find_pointers(node.children[i], fmt::format("{}/{}", pointer, i), wanted);
  if (node.kind == YamlNode::Kind::Map)
    for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
      const std::string below = fmt::format("{}/{}", pointer, escaped(node.children[i].text));
      find_pointers(node.children[i], below, wanted);
      find_pointers(node.children[i + 1], below, wanted);
    }
}

}  // namespace

std::optional<YamlNode> parse_json(std::string_view text, ProblemList& problems) {
  json::parse_options options;
  options.max_depth = kDeepestJson;
  json::basic_parser<Handler> parser(options, text, problems);
  SystemError error;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
  const bool is_followed =
      !error && std::any_of(text.begin() + static_cast<std::ptrdiff_t>(read), text.end(),
                            [](char c) { return c != ' ' && c != '\t' && c != '\n' && c != '\r'; });
  if (!error && !is_followed) return parser.handler().take();
  const Place place = parser.handler().place_of(read);
  if (is_followed)
    problems.error(place, "text follows the JSON value", "give one array or object alone");
  else if (error == json::error::too_deep)
    problems.error(place, fmt::format("the JSON is nested deeper than {} levels", kDeepestJson),
                   "give an array of contracts, or {\"contracts\": [...]}");
  else if (error == json::error::incomplete)
    problems.error(place, "the JSON ends too early",
                   "look whether the source was cut off, or a bracket or quote is not closed");
  else
    problems.error(place, fmt::format("not JSON that is read here: {}", error.message()),
                   "give an array of contracts, or {\"contracts\": [...]}, in UTF-8 (RFC 8259)");
  return std::nullopt;
}

std::vector<Problem> with_pointers(std::vector<Problem> problems, const YamlNode& root) {
  Pointers wanted;
  for (const Problem& problem : problems)
    if (problem.line != 0) wanted[{problem.line, problem.column}];
  if (wanted.empty()) return problems;
  find_pointers(root, {}, wanted);
  for (Problem& problem : problems)
    if (const auto found = wanted.find({problem.line, problem.column});
        found != wanted.end() && !found->second.empty())
      problem.message = fmt::format("{}: {}", found->second, problem.message);
  return problems;
}

}  // namespace weir::config
