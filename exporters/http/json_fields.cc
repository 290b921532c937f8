#include "exporters/http/json_fields.h"

#include <boost/json/parse.hpp>

namespace weir::http {
namespace {

namespace json = boost::json;

const json::value kNothing;
const json::array kNone;

json::string_view view(std::string_view text) noexcept { return {text.data(), text.size()}; }

}  // namespace

const json::value& JsonFields::at(std::string_view name) const noexcept {
  const json::value* const found = object_ == nullptr ? nullptr : object_->if_contains(view(name));
  return found == nullptr ? kNothing : *found;
}

std::uint64_t JsonFields::number(std::string_view name) const noexcept {
  const json::value& value = at(name);
  if (const auto* const large = value.if_uint64()) return *large;
  const auto* const small = value.if_int64();
  return small != nullptr && *small > 0 ? static_cast<std::uint64_t>(*small) : 0;
}

std::int64_t JsonFields::signed_number(std::string_view name) const noexcept {
  const auto* const number = at(name).if_int64();
  return number == nullptr ? 0 : *number;
}

std::optional<double> JsonFields::ratio(std::string_view name) const noexcept {
  const json::value& value = at(name);
  if (const auto* const fraction = value.if_double()) return *fraction;
  if (const auto* const whole = value.if_int64()) return static_cast<double>(*whole);
  return std::nullopt;
}

bool JsonFields::flag(std::string_view name) const noexcept {
  const bool* const value = at(name).if_bool();
  return value != nullptr && *value;
}

std::string JsonFields::text(std::string_view name) const {
  const json::string* const value = at(name).if_string();
  return value == nullptr ? std::string{} : std::string(value->data(), value->size());
}

JsonFields JsonFields::object(std::string_view name) const noexcept { return JsonFields{at(name)}; }

const json::array& JsonFields::list(std::string_view name) const noexcept {
  const json::array* const value = at(name).if_array();
  return value == nullptr ? kNone : *value;
}

std::optional<json::value> parse_document(std::string_view text, std::string_view name) {
  boost::system::error_code error;
  json::value document = json::parse(view(text), error);
  if (error || !document.is_object() || document.get_object().if_contains(view(name)) == nullptr)
    return std::nullopt;
  return document;
}

}  // namespace weir::http
