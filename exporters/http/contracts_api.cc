#include "exporters/http/contracts_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <chrono>
#include <cmath>
#include <unordered_map>
#include <utility>

#include "exporters/http/contract_page.h"
#include "exporters/http/query.h"

namespace weir::http {
namespace {

namespace json = boost::json;

constexpr std::string_view kIntervals = "/intervals";
constexpr std::uint64_t kUsualLimit = 100;
constexpr std::uint64_t kMostListed = 1'000;

Response json_response(const json::object& object) {
  return {.content_type = "application/json", .body = json::serialize(object) + "\n"};
}

Response problem(unsigned status, std::string sentence) {
  Response response = json_response({{"error", std::move(sentence)}});
  response.status = status;
  if (status == 503) response.headers.push_back({.name = "Retry-After", .value = "2"});
  return response;
}

Response unknown_contract(std::string_view id) {
  return problem(
      404,
      fmt::format("No contract {} is configured; /api/v1/contracts lists those that are.", id));
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

double rate_of(const std::optional<BitsPerSecond>& rate) noexcept {
  return rate ? static_cast<double>(rate->value()) : -1;
}

/// By what a list may be sorted; what is not known stands below all that is.
struct Key {
  std::string_view name;
  double (*of)(const ListedContract&);
};

double percentile_key(const ListedContract& one) { return rate_of(one.percentile()); }
double utilization_key(const ListedContract& one) { return one.utilization().value_or(-1); }
double committed_key(const ListedContract& one) {
  return static_cast<double>(one.contract->committed.value());
}
double completeness_key(const ListedContract& one) {
  return one.billed == nullptr ? -1.0
                               : static_cast<double>(one.billed->current.completeness.value());
}
double burst_key(const ListedContract& one) {
  if (one.billed == nullptr) return -1;
  const auto& so_far = one.billed->current.so_far;
  return static_cast<double>(so_far.burst_intervals_used) /
         static_cast<double>(std::max<std::uint64_t>(so_far.burst_intervals_allowed, 1));
}
double percentile_ratio_key(const ListedContract& one) {
  const double committed = committed_key(one);
  return committed == 0 || !one.percentile() ? -1 : percentile_key(one) / committed;
}

constexpr std::array<Key, 6> kKeys{{{"utilization", utilization_key},
                                    {"percentile", percentile_key},
                                    {"percentile_ratio", percentile_ratio_key},
                                    {"committed", committed_key},
                                    {"completeness", completeness_key},
                                    {"burst", burst_key}}};
constexpr std::string_view kSortNames =
    "id, utilization, percentile, percentile_ratio, committed, completeness, burst";
constexpr std::array<std::string_view, 5> kStandings{"below", "near", "over", "no_data",
                                                     "no_commit"};

/// What a list is asked for.
struct ListRequest {
  std::optional<std::string> service;
  std::optional<std::string> pop;
  std::optional<std::string> standing;
  std::optional<bool> is_provisional;
  std::string part_of_id;
  double (*key)(const ListedContract&) = nullptr;  ///< null: by id
  bool is_descending = false;
  std::uint64_t limit = kUsualLimit;
  std::uint64_t offset = 0;
};

using Sentence = tl::unexpected<std::string>;

tl::expected<void, std::string> take(ListRequest& request, const std::string& name,
                                     const std::string& value) {
  if (name == "service") {
    request.service = value;
  } else if (name == "pop") {
    request.pop = value;
  } else if (name == "q") {
    request.part_of_id = value;
  } else if (name == "standing") {
    if (std::ranges::find(kStandings, value) == kStandings.end())
      return Sentence(
          fmt::format("standing {} is not known; say below, near, over, no_data or "
                      "no_commit.",
                      value));
    request.standing = value;
  } else if (name == "provisional") {
    if (value != "true" && value != "false")
      return Sentence(fmt::format("provisional is {}; say true or false.", value));
    request.is_provisional = value == "true";
  } else if (name == "order") {
    if (value != "asc" && value != "desc")
      return Sentence(fmt::format("order is {}; say asc or desc.", value));
    request.is_descending = value == "desc";
  } else if (name == "sort") {
    const auto key = std::ranges::find(kKeys, value, &Key::name);
    if (key == kKeys.end() && value != "id")
      return Sentence(
          fmt::format("contracts cannot be sorted by {}; say one of {}.", value, kSortNames));
    request.key = key == kKeys.end() ? nullptr : key->of;
  } else if (name == "limit") {
    const auto limit = parse_number<std::uint64_t>(value);
    if (!limit || *limit < 1 || *limit > kMostListed)
      return Sentence(fmt::format("limit is {}; say 1 to {}.", value, kMostListed));
    request.limit = *limit;
  } else if (name == "offset") {
    const auto offset = parse_number<std::uint64_t>(value);
    if (!offset) return Sentence(fmt::format("offset is {}; say a number from 0.", value));
    request.offset = *offset;
  } else {
    return Sentence(
        fmt::format("parameter {} is not known; say service, pop, q, standing, "
                    "provisional, sort, order, limit or offset.",
                    name));
  }
  return {};
}

bool is_asked_for(const ListRequest& request, const ListedContract& one) {
  const contracts::Contract& contract = *one.contract;
  return (!request.service || contract.service == *request.service) &&
         (!request.pop || contract.pop == *request.pop) &&
         (!request.standing ||
          standing_of(contract.committed, one.percentile()) == *request.standing) &&
         (!request.is_provisional || one.is_provisional() == *request.is_provisional) &&
         contract.id.find(request.part_of_id) != std::string::npos;
}

void sort(std::vector<ListedContract>& contracts, const ListRequest& request) {
  const auto is_before = [&](const ListedContract& a, const ListedContract& b) {
    if (request.key != nullptr) {
      const double left = request.key(a);
      const double right = request.key(b);
      if (left != right) return request.is_descending ? left > right : left < right;
      return a.contract->id < b.contract->id;
    }
    return request.is_descending ? b.contract->id < a.contract->id
                                 : a.contract->id < b.contract->id;
  };
  std::sort(contracts.begin(), contracts.end(), is_before);
}

json::value time_or_null(const std::optional<TrafficTime>& time) {
  return time ? json::value(since_epoch_ms(*time)) : json::value(nullptr);
}

ListedContract::Rate minute_rate(const core::ClosedMinute& minute, TrafficSpan span) {
  const double seconds = static_cast<double>(span.count()) / 1'000;
  const auto rate = [&](Direction direction) {
    return static_cast<double>(minute.bytes[static_cast<std::size_t>(direction)]) * 8 / seconds;
  };
  ListedContract::Rate made{.from_customer = rate(Direction::FromCustomer),
                            .to_customer = rate(Direction::ToCustomer)};
  const Direction larger =
      made.from_customer > made.to_customer ? Direction::FromCustomer : Direction::ToCustomer;
  const auto variance = minute.variance[static_cast<std::size_t>(larger)];
  made.error = 1.96 * std::sqrt(static_cast<double>(variance)) * 8 / seconds;
  return made;
}

const ListedContract* find(const std::vector<ListedContract>& contracts, std::string_view id) {
  const auto at = std::ranges::find_if(
      contracts, [id](const ListedContract& one) { return one.contract->id == id; });
  return at == contracts.end() ? nullptr : &*at;
}

/// A number of `digits` digits at the front, taken away.
std::optional<unsigned> take_digits(std::string_view& text, std::size_t digits) {
  const auto number = parse_number<unsigned>(text.substr(0, digits));
  if (text.size() < digits || !number) return std::nullopt;
  text.remove_prefix(digits);
  return number;
}

bool take_sign(std::string_view& text, char sign) {
  if (!text.starts_with(sign)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<TrafficTime> parse_time(std::string_view text) {
  // Milliseconds up to the year 9999: sums with spans of time stay in range.
  constexpr std::int64_t kLatest = 253'402'300'799'000;
  if (const auto ms = parse_number<std::int64_t>(text))
    return *ms >= 0 && *ms <= kLatest ? std::optional(traffic_time_ms(*ms)) : std::nullopt;
  const auto year = take_digits(text, 4);
  if (!year || !take_sign(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take_sign(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)},
                                         std::chrono::month{*month}, std::chrono::day{*day}};
  if (!date.ok() || *year < 1970) return std::nullopt;
  const auto days = std::chrono::sys_days{date}.time_since_epoch();
  std::int64_t seconds = std::int64_t{days.count()} * 86'400;
  if (text.empty()) return traffic_time_ms(seconds * 1'000);
  if (!take_sign(text, 'T')) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 23 || !take_sign(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59 || !take_sign(text, ':')) return std::nullopt;
  const auto second = take_digits(text, 2);
  if (!second || *second > 59 || text != "Z") return std::nullopt;
  seconds += std::int64_t{*hour} * 3'600 + std::int64_t{*minute} * 60 + *second;
  return traffic_time_ms(seconds * 1'000);
}

void ContractsApi::add_to(Routes& routes) {
  routes.add(Method::Get, "/api/v1/contracts",
             [this](const Request& request) { return list(request); });
  routes.add_below(Method::Get, "/api/v1/contracts/", [this](const Request& request) {
    return below(
        request,
        std::string_view(request.path).substr(std::string_view("/api/v1/contracts/").size()));
  });
  routes.add(Method::Get, "/api/v1/company", [this](const Request&) { return company(); });
  routes.add(Method::Get, "/contract.js", [](const Request&) {
    return Response{.content_type = "text/javascript; charset=utf-8",
                    .body = std::string(contract_page_script())};
  });
  routes.add_below(Method::Get, "/contract/", [this](const Request& request) {
    return page(std::string_view(request.path).substr(std::string_view("/contract/").size()));
  });
}

ContractsApi::Moment ContractsApi::now() const {
  Moment moment;
  // The table is read before the totals: the totals then know every slot that it names.
  if (sources_.table) moment.table = sources_.table();
  if (!moment.table) return moment;
  if (sources_.billing) moment.billing = sources_.billing();
  if (sources_.baselines) moment.baselines = sources_.baselines();
  const auto totals = sources_.totals ? sources_.totals() : core::TotalsSnapshot{};
  if (totals.has_minute) moment.minute = totals.minute_start;
  const TrafficTime time = sources_.now();
  std::unordered_map<std::string_view, std::size_t> places;
  for (const auto& entry : moment.table->contracts()) {
    const contracts::Contract& contract = entry.contract;
    const auto [place, is_new] = places.try_emplace(contract.id, moment.contracts.size());
    // Of a contract that is listed for several spans of time, the one that holds.
    const bool holds = time >= contract.valid_from && time < contract.valid_until;
    if (!is_new && !holds) continue;
    ListedContract listed{.contract = &contract, .rate = std::nullopt};
    if (totals.has_minute && entry.slot.value() < totals.minute.size())
      listed.rate = minute_rate(totals.minute[entry.slot.value()], totals.minute_span);
    if (moment.billing) listed.billed = moment.billing->find(contract.id);
    if (moment.baselines) listed.baseline = moment.baselines->find(contract.id);
    if (is_new)
      moment.contracts.push_back(listed);
    else
      moment.contracts[place->second] = listed;
  }
  return moment;
}

json::value ContractsApi::layer() const {
  if (!sources_.layer) return nullptr;
  const std::string_view name = sources_.layer();
  return json::string(name.data(), name.size());
}

Response ContractsApi::list(const Request& request) const {
  const auto query = parse_query(request.query);
  if (!query) return problem(400, "The query cannot be read, or names a parameter twice.");
  ListRequest asked;
  for (const auto& [name, value] : *query)
    if (auto taken = take(asked, name, value); !taken) return problem(400, taken.error());

  Moment moment = now();
  std::erase_if(moment.contracts,
                [&](const ListedContract& one) { return !is_asked_for(asked, one); });
  sort(moment.contracts, asked);
  const std::uint64_t total = moment.contracts.size();
  json::object all{{"now_ms", since_epoch_ms(sources_.now())},
                   {"minute_ms", time_or_null(moment.minute)},
                   {"as_of_ms", time_or_null(moment.billing ? std::optional(moment.billing->as_of)
                                                            : std::nullopt)},
                   {"layer", layer()},
                   {"total", total},
                   {"offset", asked.offset},
                   {"limit", asked.limit}};
  json::array& contracts = all["contracts"].emplace_array();
  const std::uint64_t begin = std::min(asked.offset, total);
  const std::uint64_t end = begin + std::min(asked.limit, total - begin);
  for (std::uint64_t i = begin; i < end; ++i)
    contracts.push_back(summary_json(moment.contracts[i], sources_.customer_names));
  return json_response(all);
}

Response ContractsApi::below(const Request& request, std::string_view path) {
  if (path.size() > kIntervals.size() && path.ends_with(kIntervals))
    return intervals(request, path.substr(0, path.size() - kIntervals.size()));
  return one(path);
}

Response ContractsApi::one(std::string_view id) const {
  const Moment moment = now();
  const ListedContract* const found = find(moment.contracts, id);
  if (found == nullptr) return unknown_contract(id);
  json::object all = contract_json(*found, sources_.customer_names);
  all["now_ms"] = since_epoch_ms(sources_.now());
  all["minute_ms"] = time_or_null(moment.minute);
  all["as_of_ms"] =
      time_or_null(moment.billing ? std::optional(moment.billing->as_of) : std::nullopt);
  all["layer"] = layer();
  return json_response(all);
}

Response ContractsApi::intervals(const Request& request, std::string_view id) {
  const auto query = parse_query(request.query);
  if (!query) return problem(400, "The query cannot be read, or names a parameter twice.");
  const Moment moment = now();
  const ListedContract* const found = find(moment.contracts, id);
  if (found == nullptr) return unknown_contract(id);
  if (!sources_.intervals) return problem(503, "This collector keeps no ledger.");
  // Without a word, the period that runs, as far as it is closed.
  billing::Period span{.start = sources_.now() - std::chrono::hours{24}, .end = sources_.now()};
  if (found->billed != nullptr)
    span = {.start = found->billed->current.period.start, .end = moment.billing->as_of};
  for (const auto& [name, value] : *query) {
    const auto time = parse_time(value);
    if (name != "from" && name != "to")
      return problem(400, fmt::format("parameter {} is not known; say from and to.", name));
    if (!time)
      return problem(400, fmt::format("{} is {}; say 2026-04-01T00:00:00Z, 2026-04-01 or Unix "
                                      "time in milliseconds.",
                                      name, value));
    (name == "from" ? span.start : span.end) = *time;
  }
  if (span.end <= span.start) return problem(400, "The span is empty: from must lie before to.");
  if (span.end - span.start > kLongestSpan)
    return problem(400, "The span is too long; ask for 40 days at most.");
  // What has not closed is not missing.
  if (moment.billing) span.end = std::max(span.start, std::min(span.end, moment.billing->as_of));

  if (is_reading_.test_and_set(std::memory_order_acquire))
    return problem(503, "Another request is being answered from the ledger; ask again.");
  struct Release {
    std::atomic_flag& flag;
    // Pairs with the acquire above: one reader after the other.
    ~Release() { flag.clear(std::memory_order_release); }
  } const release{is_reading_};
  const auto grid = sources_.intervals(*found->contract, span);
  if (!grid) return problem(503, grid.error().message);
  json::object all = intervals_json(id, *grid);
  all["layer"] = layer();
  return json_response(all);
}

Response ContractsApi::company() const {
  const auto table = sources_.table ? sources_.table() : nullptr;
  if (!table) return problem(503, "The contracts are not known yet.");
  std::vector<contracts::Contract> all;
  all.reserve(table->contracts().size());
  for (const auto& entry : table->contracts()) all.push_back(entry.contract);
  const TrafficTime time = sources_.now();
  return json_response(company_json(
      billing::company_snapshot(all, time, sources_.services),
      billing::company_snapshot(all, time - std::chrono::hours{24} * 365, sources_.services)));
}

Response ContractsApi::page(std::string_view id) const {
  const Moment moment = now();
  const ListedContract* const found = find(moment.contracts, id);
  if (found == nullptr)
    return {.status = 404, .body = fmt::format("No contract {} is configured.\n", id)};
  return contract_page(*found, sources_.customer_names,
                       moment.billing ? std::optional(moment.billing->as_of) : std::nullopt);
}

}  // namespace weir::http
