#include "collector/config/values.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <stdexcept>

namespace weir::config {
namespace {

/// Above every port that is sold or built: 1 Pbps.
constexpr std::uint64_t kHighestRate = 1'000'000'000'000'000;
constexpr std::size_t kLongestLabel = 200;
constexpr std::size_t kLongestShown = 60;

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool all_digits(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

/// For messages: a wrong value may be a whole file long.
std::string shown(std::string_view text) {
  if (text.size() <= kLongestShown) return fmt::format("`{}`", text);
  return fmt::format("`{}...`", text.substr(0, kLongestShown));
}

std::string_view without_leading_zeros(std::string_view digits) noexcept {
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  return digits;
}

struct Quantity {
  std::string_view digits;
  std::string_view unit;
};

/// Splits `32M` into digits and unit.
Quantity split_unit(std::string_view text) noexcept {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto length = static_cast<std::size_t>(end - text.begin());
  std::string_view unit = text.substr(length);
  if (length != 0 && unit.starts_with(' ')) unit.remove_prefix(1);
  return {text.substr(0, length), unit};
}

/// The number of bits per second that a unit stands for, 0 if it is none.
std::uint64_t rate_unit(std::string_view unit) noexcept {
  if (unit.ends_with("bps"))
    unit.remove_suffix(3);
  else if (unit.ends_with("bit/s"))
    unit.remove_suffix(5);
  if (unit.empty()) return 1;
  if (unit == "k" || unit == "K") return 1'000;
  if (unit == "M") return 1'000'000;
  if (unit == "G") return 1'000'000'000;
  if (unit == "T") return 1'000'000'000'000;
  return 0;
}

const date::time_zone* find_zone(const std::string& name) {
  // The library throws for a name it does not know and for a machine without zone data.
  try {
    return date::locate_zone(name);
  } catch (const std::runtime_error&) {
    return nullptr;
  }
}

std::string suggest_zone(std::string_view name) {
  try {
    std::vector<std::string_view> known;
    for (const auto& zone : date::get_tzdb().zones) known.push_back(zone.name());
    if (const auto near = nearest(name, known); !near.empty())
      return fmt::format("did you mean `{}`?", near);
    return "write an IANA name such as Asia/Tokyo or UTC";
  } catch (const std::runtime_error&) {
    return "install the time zone data of this machine (package tzdata)";
  }
}

}  // namespace

Parsed<std::uint64_t> parse_integer(std::string_view text, Range range) {
  const auto allowed = [&] {
    return fmt::format("write a number from {} to {}", range.least, range.most);
  };
  if (!all_digits(text)) {
    const auto digits = text.starts_with('-') || text.starts_with('+') ? text.substr(1) : text;
    if (all_digits(digits))
      return bad_value(fmt::format("{} is out of range", shown(text)), allowed());
    return bad_value(fmt::format("{} is not a whole number", shown(text)), allowed());
  }
  if (text.size() > 1 && text.front() == '0')
    return bad_value(fmt::format("{} looks like an octal number", shown(text)),
                     fmt::format("write {}", without_leading_zeros(text)));
  std::uint64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc{} || value < range.least || value > range.most)
    return bad_value(fmt::format("{} is out of range", shown(text)), allowed());
  return value;
}

Parsed<bool> parse_boolean(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  static constexpr std::array<std::string_view, 9> kYes{"yes", "Yes",  "YES",  "on", "On",
                                                        "ON",  "True", "TRUE", "y"};
  static constexpr std::array<std::string_view, 9> kNo{"no",  "No",    "NO",    "off", "Off",
                                                       "OFF", "False", "FALSE", "n"};
  std::string mend = "write true or false";
  if (std::find(kYes.begin(), kYes.end(), text) != kYes.end()) mend = "write true";
  if (std::find(kNo.begin(), kNo.end(), text) != kNo.end()) mend = "write false";
  return bad_value(fmt::format("{} is not a truth value", shown(text)), std::move(mend));
}

Parsed<BitsPerSecond> parse_rate(std::string_view text) {
  static constexpr std::string_view kMend = "write bits per second such as 500M, 3G, 1.5G or 3Gbps";
  Quantity quantity = split_unit(text);
  std::string_view fraction;
  if (quantity.unit.starts_with('.') && text.size() > quantity.digits.size() &&
      text[quantity.digits.size()] == '.') {
    const Quantity rest = split_unit(quantity.unit.substr(1));
    fraction = rest.digits;
    quantity.unit = rest.unit;
    if (fraction.empty())
      return bad_value(fmt::format("{} is not a rate", shown(text)), std::string(kMend));
  }
  const std::uint64_t unit = rate_unit(quantity.unit);
  if (quantity.digits.empty() || unit == 0)
    return bad_value(fmt::format("{} is not a rate", shown(text)), std::string(kMend));
  if (quantity.digits.size() > 1 && quantity.digits.front() == '0')
    return bad_value(fmt::format("{} begins with a zero", shown(text)),
                     fmt::format("write {}", without_leading_zeros(text.substr(0, kLongestShown))));
  const std::string highest =
      fmt::format("the highest rate is {}", format_rate(BitsPerSecond{kHighestRate}));
  std::uint64_t whole = 0;
  const auto result = std::from_chars(quantity.digits.data(),
                                      quantity.digits.data() + quantity.digits.size(), whole);
  if (result.ec != std::errc{} || whole > kHighestRate / unit)
    return bad_value(fmt::format("{} is out of range", shown(text)), highest);
  // Digit by digit, so that 1.1G is 1,100,000,000 and not a neighbour of it.
  std::uint64_t rate = whole * unit;
  std::uint64_t place = unit;
  for (const char digit : fraction) {
    const auto value = static_cast<std::uint64_t>(digit - '0');
    if (place % 10 != 0 && value != 0)
      return bad_value(fmt::format("{} is not a whole number of bits per second", shown(text)),
                       "write fewer digits after the point");
    place /= 10;
    rate += value * place;
  }
  if (rate > kHighestRate)
    return bad_value(fmt::format("{} is out of range", shown(text)), highest);
  if (rate == 0)
    return bad_value(fmt::format("{} is no rate at all", shown(text)), std::string(kMend));
  return BitsPerSecond{rate};
}

Parsed<std::uint32_t> parse_size(std::string_view text) {
  const Quantity quantity = split_unit(text);
  std::string_view unit = quantity.unit;
  if (unit.ends_with("iB")) unit.remove_suffix(2);
  unsigned shift = 0;
  if (unit == "k" || unit == "K")
    shift = 10;
  else if (unit == "M")
    shift = 20;
  else if (unit == "G")
    shift = 30;
  else if (!unit.empty())
    return bad_value(fmt::format("{} is not a size", shown(text)),
                     "write bytes such as 32M or 512K");
  const std::uint64_t most = std::numeric_limits<std::uint32_t>::max() / 4;
  return parse_integer(quantity.digits, {1, most >> shift}).map([&](std::uint64_t value) {
    return static_cast<std::uint32_t>(value << shift);
  });
}

Parsed<HttpTarget> parse_http_target(std::string_view text) {
  const auto wrong = [text](std::string_view why) {
    return bad_value(fmt::format("{} is not the URL of an HTTP server: {}", shown(text), why),
                     "write http://HOST:PORT/PATH or https://HOST/PATH");
  };
  HttpTarget target;
  std::string_view rest = text;
  if (rest.starts_with("https://")) {
    target.is_tls = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return wrong("it does not begin with http:// or https://");
  }
  const bool is_plain = std::ranges::all_of(
      rest, [](unsigned char c) { return c > 0x20 && c < 0x7f && c != '#' && c != '"'; });
  if (!is_plain || text.size() > 2'000)
    return wrong("it holds what no URL may hold, or a fragment");
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  if (authority.find('@') != std::string_view::npos)
    return bad_value("the URL holds a user name, and would be shown in logs",
                     "write basic_auth: {username: NAME, password_file: FILE} beside `url`");
  if (authority.size() < rest.size()) target.path = rest.substr(authority.size());
  if (target.path.front() == '?') target.path.insert(0, 1, '/');
  target.host_field = authority;
  std::string_view after;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return wrong("its address has no end");
    target.host = authority.substr(1, end - 1);
    after = authority.substr(end + 1);
    if (!parse_address(target.host)) return wrong("no address stands in the brackets");
  } else {
    target.host = authority.substr(0, authority.find(':'));
    after = authority.substr(target.host.size());
  }
  if (target.host.empty()) return wrong("it names no host");
  target.port = target.is_tls ? "443" : "80";
  if (after.empty()) return target;
  constexpr std::uint64_t kLastPort = 65'535;
  if (after.front() != ':' || !parse_integer(after.substr(1), {1, kLastPort}))
    return wrong("its port is none");
  target.port = after.substr(1);
  return target;
}

Parsed<RemovalLimit> parse_removal_limit(std::string_view text) {
  constexpr std::uint64_t kMostContracts = 1'000'000'000;
  if (text == "all") return RemovalLimit{100, RemovalLimit::Unit::Percent};
  const bool is_percent = text.ends_with('%');
  const std::string_view digits = text.substr(0, text.size() - (is_percent ? 1 : 0));
  const auto most = parse_integer(digits, {0, is_percent ? 100 : kMostContracts});
  if (!most)
    return bad_value(fmt::format("{} does not say how many contracts may vanish", shown(text)),
                     "write a number of contracts, a share such as 10%, or all");
  return RemovalLimit{static_cast<std::size_t>(*most),
                      is_percent ? RemovalLimit::Unit::Percent : RemovalLimit::Unit::Contracts};
}

Parsed<std::chrono::seconds> parse_duration(std::string_view text, Range seconds) {
  const Quantity quantity = split_unit(text);
  std::uint64_t unit = 0;
  if (quantity.unit == "s")
    unit = 1;
  else if (quantity.unit == "m")
    unit = 60;
  else if (quantity.unit == "h")
    unit = 3'600;
  if (unit == 0 || quantity.digits.empty())
    return bad_value(fmt::format("{} is not a duration", shown(text)),
                     "write a number and a unit such as 10s, 2m or 1h");
  const auto count = parse_integer(quantity.digits, {0, 1'000'000'000});
  if (!count) return tl::unexpected(count.error());
  const std::uint64_t value = *count * unit;
  if (value < seconds.least || value > seconds.most)
    return bad_value(fmt::format("{} is out of range", shown(text)),
                     fmt::format("write a duration from {}s to {}s", seconds.least, seconds.most));
  return std::chrono::seconds{value};
}

Parsed<date::year_month_day> parse_date(std::string_view text) {
  const auto wrong = [&] {
    return bad_value(fmt::format("{} is not a date", shown(text)),
                     "write year-month-day such as 2024-04-01");
  };
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return wrong();
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  if (!all_digits(text.substr(0, 4)) || !all_digits(text.substr(5, 2)) ||
      !all_digits(text.substr(8, 2)))
    return wrong();
  std::from_chars(text.data(), text.data() + 4, year);
  std::from_chars(text.data() + 5, text.data() + 7, month);
  std::from_chars(text.data() + 8, text.data() + 10, day);
  const date::year_month_day parsed{date::year{year}, date::month{month}, date::day{day}};
  if (!parsed.ok() || year < 1970)
    return bad_value(fmt::format("there is no day {}", shown(text)),
                     "write a day of the calendar, 1970 or later");
  return parsed;
}

Parsed<std::string> parse_timezone(std::string_view text) {
  std::string name(text);
  if (name.size() > kLongestShown || find_zone(name) == nullptr)
    return bad_value(fmt::format("{} is not a time zone", shown(text)), suggest_zone(text));
  return name;
}

Parsed<TrafficTime> midnight(date::local_days day, const std::string& timezone) {
  const date::time_zone* zone = find_zone(timezone);
  if (zone == nullptr)
    return bad_value(fmt::format("{} is not a time zone", shown(timezone)), suggest_zone(timezone));
  // Where clocks skip midnight the day begins with its first instant, and where they repeat
  // it, with the first of the two.
  const auto instant = zone->to_sys(day, date::choose::earliest);
  return TrafficTime{std::chrono::duration_cast<TrafficSpan>(instant.time_since_epoch())};
}

Parsed<std::uint32_t> parse_percentile(std::string_view text) {
  const auto wrong = [&] {
    return bad_value(fmt::format("{} is not a percentile", shown(text)),
                     "write p and a number such as p95 or p99.9");
  };
  if (!text.starts_with('p')) return wrong();
  const std::string_view number = text.substr(1);
  const auto point = number.find('.');
  const std::string_view whole = number.substr(0, point);
  if (!all_digits(whole) || whole.size() > 3) return wrong();
  std::uint32_t hundredths = 0;
  std::from_chars(whole.data(), whole.data() + whole.size(), hundredths);
  hundredths *= 100;
  if (point != std::string_view::npos) {
    const std::string_view fraction = number.substr(point + 1);
    if (!all_digits(fraction) || fraction.size() > 2) return wrong();
    std::uint32_t value = 0;
    std::from_chars(fraction.data(), fraction.data() + fraction.size(), value);
    hundredths += fraction.size() == 1 ? value * 10 : value;
  }
  if (hundredths == 0 || hundredths > 10'000) return wrong();
  return hundredths;
}

Parsed<std::variant<std::uint32_t, std::string>> parse_interface(std::string_view text) {
  const bool is_number =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (text.empty() || !is_number)
    return parse_label(text).map(
        [](std::string name) { return std::variant<std::uint32_t, std::string>(std::move(name)); });
  return parse_integer_as<std::uint32_t>(text, {1, std::numeric_limits<std::uint32_t>::max()})
      .map([](std::uint32_t index) { return std::variant<std::uint32_t, std::string>(index); });
}

Parsed<IpAddress> parse_address(std::string_view text) {
  if (const auto address = IpAddress::parse(text)) return *address;
  return bad_value(fmt::format("{} is not an IP address", shown(text)),
                   "write an address such as 192.0.2.1 or 2001:db8::1");
}

Parsed<IpPrefix> parse_prefix(std::string_view text) {
  if (const auto prefix = IpPrefix::parse(text)) return *prefix;
  // A router's own address with its mask is the usual slip.
  const auto slash = text.find('/');
  if (slash != std::string_view::npos) {
    const auto address = IpAddress::parse(text.substr(0, slash));
    const auto length =
        address ? parse_integer(text.substr(slash + 1), {0, address->is_v4() ? 32U : 128U})
                : Parsed<std::uint64_t>(bad_value({}, {}));
    if (length)
      return bad_value(
          fmt::format("{} has bits set beyond its length", shown(text)),
          fmt::format("write {}",
                      IpPrefix(*address, static_cast<std::uint8_t>(*length)).to_string()));
  }
  return bad_value(fmt::format("{} is not an IP prefix", shown(text)),
                   "write a prefix such as 203.0.113.0/24 or 2001:db8::/32");
}

Parsed<Endpoint> parse_endpoint(std::string_view text) {
  const auto wrong = [&] {
    return bad_value(fmt::format("{} is not an address and port", shown(text)),
                     "write them such as 0.0.0.0:2055 or [::]:2055");
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong();
  std::string_view host = text.substr(0, colon);
  const bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (is_bracketed) host = host.substr(1, host.size() - 2);
  const auto address = IpAddress::parse(host);
  // Without brackets the last group of an IPv6 address would pass for the port.
  if (!address || (host.find(':') != std::string_view::npos) != is_bracketed) return wrong();
  const auto port = parse_integer_as<std::uint16_t>(text.substr(colon + 1), {0, 65'535});
  if (!port)
    return bad_value(fmt::format("the port of {} is wrong", shown(text)), port.error().mend);
  return Endpoint{*address, *port};
}

Parsed<std::string> parse_label(std::string_view text) {
  if (text.empty()) return bad_value("the name is empty", "write one");
  if (text.size() > kLongestLabel)
    return bad_value(fmt::format("{} is too long", shown(text)),
                     fmt::format("write at most {} bytes", kLongestLabel));
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(text.begin(), text.end(), is_control))
    return bad_value("the name holds a control character", "write it on one line, without tabs");
  return std::string(text);
}

std::string format_rate(BitsPerSecond rate) {
  static constexpr std::array<std::pair<std::uint64_t, std::string_view>, 4> kUnits{
      {{1'000'000'000'000, "Tbps"}, {1'000'000'000, "Gbps"}, {1'000'000, "Mbps"}, {1'000, "kbps"}}};
  for (const auto& [unit, name] : kUnits) {
    if (rate.value() < unit) continue;
    std::string text = std::to_string(rate.value() / unit);
    if (std::uint64_t rest = rate.value() % unit; rest != 0) {
      std::string fraction = std::to_string(unit + rest).substr(1);
      while (fraction.back() == '0') fraction.pop_back();
      text += "." + fraction;
    }
    return fmt::format("{} {}", text, name);
  }
  return fmt::format("{} bps", rate.value());
}

std::string format_endpoint(const Endpoint& endpoint) {
  const std::string address = endpoint.address.to_string();
  if (endpoint.address.is_v4()) return fmt::format("{}:{}", address, endpoint.port);
  return fmt::format("[{}]:{}", address, endpoint.port);
}

}  // namespace weir::config
