#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::http {

/// Reads the members of a JSON object that came from outside: one that is missing or of another
/// type reads as zero, empty or nothing. Private to the folder. Lives as long as the object.
///
/// Threads: any.
class JsonFields {
 public:
  explicit JsonFields(const boost::json::value& value) noexcept : object_(value.if_object()) {}

  [[nodiscard]] std::uint64_t number(std::string_view name) const noexcept;
  [[nodiscard]] std::int64_t signed_number(std::string_view name) const noexcept;
  [[nodiscard]] std::optional<double> ratio(std::string_view name) const noexcept;
  [[nodiscard]] bool flag(std::string_view name) const noexcept;
  [[nodiscard]] std::string text(std::string_view name) const;
  [[nodiscard]] JsonFields object(std::string_view name) const noexcept;
  [[nodiscard]] const boost::json::array& list(std::string_view name) const noexcept;

 private:
  [[nodiscard]] const boost::json::value& at(std::string_view name) const noexcept;

  const boost::json::object* object_;
};

/// The document in `text`, if it is JSON whose top is an object that has a member `name`.
[[nodiscard]] std::optional<boost::json::value> parse_document(std::string_view text,
                                                               std::string_view name);

}  // namespace weir::http
