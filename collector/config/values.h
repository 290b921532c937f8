#pragma once

#include <date/date.h>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <variant>
#include <vector>

#include "collector/config/config.h"
#include "collector/config/problem_list.h"
#include "collector/contracts/contract.h"
#include "collector/model/ip_address.h"
#include "collector/model/time.h"
#include "collector/model/units.h"

namespace weir::config {

/// Why a text is not a value of some kind, and what to write instead.
struct BadValue {
  std::string message;
  std::string mend;
};

template <class T>
using Parsed = tl::expected<T, BadValue>;

[[nodiscard]] inline tl::unexpected<BadValue> bad_value(std::string message, std::string mend) {
  return tl::unexpected<BadValue>(BadValue{std::move(message), std::move(mend)});
}

/// What an integer may be, both ends included.
struct Range {
  std::uint64_t least = 0;
  std::uint64_t most = 0;
};

/// Decimal digits and nothing else. `010` is refused: YAML 1.1 reads it as eight.
[[nodiscard]] Parsed<std::uint64_t> parse_integer(std::string_view text, Range range);

/// As parse_integer; `range` fits the narrower type.
template <class T>
[[nodiscard]] Parsed<T> parse_integer_as(std::string_view text, Range range) {
  return parse_integer(text, range).map([](std::uint64_t value) { return static_cast<T>(value); });
}

/// `true` or `false`; `yes`, `on` and their like are refused.
[[nodiscard]] Parsed<bool> parse_boolean(std::string_view text);

/// `500M`, `3Gbps`, `1.5G`, `64k`, `1000000`: decimal, exact, above zero.
[[nodiscard]] Parsed<BitsPerSecond> parse_rate(std::string_view text);

/// `32M`, `512K`: memory, so in powers of 1,024.
[[nodiscard]] Parsed<std::uint32_t> parse_size(std::string_view text);

/// `10s`, `2m`, `1h`.
[[nodiscard]] Parsed<std::chrono::seconds> parse_duration(std::string_view text, Range seconds);

/// `2024-04-01`.
[[nodiscard]] Parsed<date::year_month_day> parse_date(std::string_view text);

/// A name of the IANA time zone database that this machine knows.
[[nodiscard]] Parsed<std::string> parse_timezone(std::string_view text);

/// The instant at which `day` begins in `timezone`, which parse_timezone() has accepted.
[[nodiscard]] Parsed<TrafficTime> midnight(date::local_days day, const std::string& timezone);

/// `p95`, `p99.9`: in hundredths of a percent.
[[nodiscard]] Parsed<std::uint32_t> parse_percentile(std::string_view text);

/// An interface by its ifIndex or its name.
[[nodiscard]] Parsed<std::variant<std::uint32_t, std::string>> parse_interface(
    std::string_view text);

[[nodiscard]] Parsed<IpAddress> parse_address(std::string_view text);
[[nodiscard]] Parsed<IpPrefix> parse_prefix(std::string_view text);

/// `192.0.2.1:2055`, `[2001:db8::1]:2055`.
[[nodiscard]] Parsed<Endpoint> parse_endpoint(std::string_view text);

/// `http://127.0.0.1:9090/api/v1/write`, `https://[2001:db8::1]/`: no user, no fragment.
[[nodiscard]] Parsed<HttpTarget> parse_http_target(std::string_view text);

/// How many contracts an import may take away: `25`, `10%` or `all`.
[[nodiscard]] Parsed<RemovalLimit> parse_removal_limit(std::string_view text);

/// A name that becomes a label: not empty, at most 200 bytes, no control characters.
[[nodiscard]] Parsed<std::string> parse_label(std::string_view text);

/// One of some words that stand for values.
template <class T>
[[nodiscard]] Parsed<T> parse_choice(std::string_view text,
                                     std::initializer_list<std::pair<std::string_view, T>> words) {
  std::vector<std::string_view> known;
  for (const auto& [word, value] : words) {
    if (word == text) return value;
    known.push_back(word);
  }
  std::string listed;
  for (const auto word : known) listed.append(listed.empty() ? "" : ", ").append(word);
  const std::string_view near = nearest(text, known);
  return bad_value(
      "`" + std::string(text) + "` is not one of " + listed,
      near.empty() ? "write one of these" : "did you mean `" + std::string(near) + "`?");
}

/// "3 Gbps", "1.5 Gbps", "64 kbps": exact.
[[nodiscard]] std::string format_rate(BitsPerSecond rate);

/// "192.0.2.1:2055", "[2001:db8::1]:2055".
[[nodiscard]] std::string format_endpoint(const Endpoint& endpoint);

}  // namespace weir::config
