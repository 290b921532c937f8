#include "collector/app/capacity_view.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "collector/billing/direction_rule.h"
#include "collector/billing/week_calendar.h"
#include "collector/billing/week_top.h"
#include "collector/config/link_groups.h"

namespace weir::app {
namespace {

using billing::ByDirection;
using billing::Period;
using billing::Share;
using billing::WeekFigure;

/// Services or POPs whose diversity is worked out, by name: what is kept of one is a week of sums.
constexpr std::size_t kMostDiversityNames = 256;
constexpr std::size_t kWeekIntervals = 7 * 288;

std::int64_t seconds_of(TrafficTime time) noexcept { return since_epoch_ms(time) / 1'000; }
TrafficTime time_of(std::int64_t seconds) noexcept { return traffic_time_ms(seconds * 1'000); }

std::uint64_t saturating(std::uint64_t a, std::uint64_t b) noexcept {
  return a > ~std::uint64_t{0} - b ? ~std::uint64_t{0} : a + b;
}

BitsPerSecond part_of(BitsPerSecond rate, std::uint32_t percent) noexcept {
  return BitsPerSecond{billing::saturated(billing::Wide{rate.value()} * percent / 100)};
}

using Exporters = std::set<std::string>;

/// What decides how well weeks were measured. Contracts that agree in it share the answer.
struct Circumstances {
  Exporters exporters;  ///< that something hangs on; empty: all that were heard
  TrafficTime valid_from = TrafficTime::min();
  TrafficTime valid_until = TrafficTime::max();
  std::vector<std::pair<TrafficTime, TrafficTime>> masks;

  auto operator<=>(const Circumstances&) const = default;

  [[nodiscard]] bool is_masked(TrafficTime start) const noexcept {
    return std::any_of(masks.begin(), masks.end(), [&](const auto& mask) {
      return start < mask.second && start + billing::kLedgerInterval > mask.first;
    });
  }
};

/// How well one week was measured.
struct WeekMeasure {
  std::uint64_t expected = 0;      ///< intervals that no mask takes out
  std::uint64_t heard = 0;         ///< of them, those of which anything was measured
  std::uint64_t completeness = 0;  ///< sum of their Shares

  [[nodiscard]] Share share() const noexcept {
    return billing::share_of(completeness, expected * billing::kWhole.value());
  }
};

/// Coverage and reception of one piece of time, by interval.
class Piece {
 public:
  [[nodiscard]] static Result<Piece> read(ledger::Ledger& ledger, const Period& span) {
    auto coverage = ledger.coverage(seconds_of(span.start), seconds_of(span.end));
    if (!coverage) return tl::unexpected(coverage.error());
    auto reception = ledger.reception(seconds_of(span.start), seconds_of(span.end));
    if (!reception) return tl::unexpected(reception.error());
    Piece piece;
    piece.coverage_ = std::move(*coverage);
    for (const auto& row : *reception) {
      auto& at = piece.reception_[row.start][row.exporter];
      at.received += row.received;
      at.sent += row.received + row.lost;
    }
    return piece;
  }

  void add_to(WeekMeasure& measure, const Circumstances& of) const {
    for (const auto& row : coverage_) {
      const TrafficTime start = time_of(row.start);
      if (start < of.valid_from || start >= of.valid_until || of.is_masked(start)) continue;
      const Received sum = received_at(row.start, of.exporters);
      const Share share =
          billing::interval_completeness(std::chrono::seconds{row.seconds}, sum.received, sum.sent);
      if (share == billing::kNone) continue;
      ++measure.heard;
      measure.completeness += share.value();
    }
  }

 private:
  struct Received {
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
  };

  [[nodiscard]] Received received_at(std::int64_t start, const Exporters& exporters) const {
    Received sum;
    const auto at = reception_.find(start);
    if (at == reception_.end()) return sum;
    const auto add = [&sum](const Received& one) {
      sum.received += one.received;
      sum.sent += one.sent;
    };
    if (exporters.empty()) {
      for (const auto& [exporter, received] : at->second) add(received);
      return sum;
    }
    for (const auto& exporter : exporters)
      if (const auto found = at->second.find(exporter); found != at->second.end())
        add(found->second);
    return sum;
  }

  std::vector<ledger::IntervalCoverage> coverage_;
  std::unordered_map<std::int64_t, std::unordered_map<std::string, Received>> reception_;
};

/// Weeks of one time zone, and how well they were measured under each circumstances.
class MeasuredWeeks {
 public:
  [[nodiscard]] static Result<MeasuredWeeks> make(const std::string& timezone, TrafficTime now) {
    const auto calendar = billing::WeekCalendar::make(timezone);
    if (!calendar) return tl::unexpected(calendar.error());
    return MeasuredWeeks(calendar->weeks_before(now, billing::kWeeksLookedAt));
  }

  [[nodiscard]] const std::vector<Period>& weeks() const noexcept { return weeks_; }
  [[nodiscard]] TrafficTime start() const noexcept { return weeks_.front().start; }
  [[nodiscard]] TrafficTime end() const noexcept { return weeks_.back().end; }

  /// The number under which measure() tells of `of`, after read().
  [[nodiscard]] std::size_t add(const Circumstances& of) {
    return numbers_.emplace(of, numbers_.size()).first->second;
  }

  /// Reads day by day: a week of a thousand exporters would be large.
  [[nodiscard]] Result<void> read(ledger::Ledger& ledger) {
    measures_.assign(numbers_.size(), std::vector<WeekMeasure>(weeks_.size()));
    for (std::size_t week = 0; week < weeks_.size(); ++week) {
      for (const auto& [of, number] : numbers_) expect(measures_[number][week], weeks_[week], of);
      for (TrafficTime at = weeks_[week].start; at < weeks_[week].end; at += kPiece) {
        const auto piece = Piece::read(
            ledger, Period{.start = at, .end = std::min(at + kPiece, weeks_[week].end)});
        if (!piece) return tl::unexpected(piece.error());
        for (const auto& [of, number] : numbers_) piece->add_to(measures_[number][week], of);
      }
    }
    return {};
  }

  [[nodiscard]] const WeekMeasure& measure(std::size_t number, std::size_t week) const {
    return measures_[number][week];
  }

  /// The week that holds `time`; weeks().size() if none does.
  [[nodiscard]] std::size_t week_of(TrafficTime time) const noexcept {
    const auto after =
        std::upper_bound(weeks_.begin(), weeks_.end(), time,
                         [](TrafficTime at, const Period& week) { return at < week.end; });
    if (after == weeks_.end() || !after->contains(time)) return weeks_.size();
    return static_cast<std::size_t>(after - weeks_.begin());
  }

 private:
  static constexpr TrafficSpan kPiece = std::chrono::hours{24};

  explicit MeasuredWeeks(std::vector<Period> weeks) : weeks_(std::move(weeks)) {}

  static void expect(WeekMeasure& measure, const Period& week, const Circumstances& of) {
    measure.expected = week.intervals();
    if (of.masks.empty()) return;
    for (TrafficTime at = week.first_interval(); at < week.end; at += billing::kLedgerInterval)
      if (of.is_masked(at)) --measure.expected;
  }

  std::vector<Period> weeks_;
  std::map<Circumstances, std::size_t> numbers_;
  std::vector<std::vector<WeekMeasure>> measures_;  ///< by number and week
};

/// The values of one contract's running week, and the weeks that are done.
class WeekMeter {
 public:
  explicit WeekMeter(contracts::DirectionRule rule) : rule_(rule) {}

  /// Intervals come by rising start.
  void add(std::size_t week, const ByDirection<std::uint64_t>& bytes, const MeasuredWeeks& weeks,
           std::size_t measure) {
    if (week != week_) finish(weeks, measure);
    week_ = week;
    ++rows_;
    if (billing::joins_intervals(rule_)) {
      top_.from_customer.add(billing::joined(rule_, bytes));
      return;
    }
    top_.from_customer.add(bytes.from_customer);
    top_.to_customer.add(bytes.to_customer);
  }

  /// Ends the running week.
  void finish(const MeasuredWeeks& weeks, std::size_t measure) {
    if (rows_ == 0) return;
    // Bytes of an interval of which nothing was said to be measured are values all the same.
    const std::uint64_t count = std::max(weeks.measure(measure, week_).heard, rows_);
    const ByDirection<std::uint64_t> p95{.from_customer = top_.from_customer.p95(count),
                                         .to_customer = top_.to_customer.p95(count)};
    done_.resize(weeks.weeks().size());
    done_[week_] = billing::joins_intervals(rule_) ? p95.from_customer
                                                   : p95.of(billing::billed_direction(rule_, p95));
    top_.from_customer.clear();
    top_.to_customer.clear();
    rows_ = 0;
  }

  /// All weeks. One without a row is zero where it was measured.
  [[nodiscard]] std::vector<WeekFigure> figures(const MeasuredWeeks& weeks,
                                                std::size_t measure) const {
    std::vector<WeekFigure> figures;
    for (std::size_t week = 0; week < weeks.weeks().size(); ++week)
      figures.push_back({.number = static_cast<std::uint32_t>(week),
                         .completeness = weeks.measure(measure, week).share(),
                         .percentile = billing::rate_of(week < done_.size() ? done_[week] : 0)});
    return figures;
  }

 private:
  contracts::DirectionRule rule_;
  std::size_t week_ = 0;
  std::uint64_t rows_ = 0;
  ByDirection<billing::WeekTop> top_;
  std::vector<std::uint64_t> done_;  ///< bytes, by week; empty before the first
};

/// One contract in all its versions.
struct Planned {
  const contracts::Contract* now = nullptr;  ///< the version that holds
  Circumstances circumstances;
};

/// The exporters that a contract hangs on by name; empty if it may be met at any.
void add_exporters(const contracts::Contract& contract, Exporters& exporters, bool& is_anywhere) {
  for (const auto& attachment : contract.attach) {
    if (const auto* at = std::get_if<contracts::InterfaceAttachment>(&attachment.where))
      exporters.insert(at->exporter);
    else
      is_anywhere = true;
  }
}

std::vector<Planned> planned_contracts(const config::Config& config, TrafficTime now) {
  std::vector<Planned> planned;
  std::map<std::string, std::vector<const contracts::Contract*>> versions;
  for (const auto& contract : config.contracts) versions[contract.id].push_back(&contract);
  for (const auto& contract : config.contracts) {
    if (now < contract.valid_from || now >= contract.valid_until) continue;
    auto& all = versions[contract.id];
    if (all.empty()) continue;  // a version before it holds, too
    Planned one{.now = &contract};
    one.circumstances.valid_from = TrafficTime::max();
    one.circumstances.valid_until = TrafficTime::min();
    bool is_anywhere = false;
    for (const auto* version : all) {
      add_exporters(*version, one.circumstances.exporters, is_anywhere);
      one.circumstances.valid_from = std::min(one.circumstances.valid_from, version->valid_from);
      one.circumstances.valid_until = std::max(one.circumstances.valid_until, version->valid_until);
    }
    if (is_anywhere) one.circumstances.exporters.clear();
    all.clear();
    planned.push_back(std::move(one));
  }
  return planned;
}

Result<std::vector<std::pair<TrafficTime, TrafficTime>>> masks_of(ledger::Ledger& ledger,
                                                                  const std::string& contract,
                                                                  const MeasuredWeeks& weeks) {
  const auto masks = ledger.masks(contract, seconds_of(weeks.start()), seconds_of(weeks.end()));
  if (!masks) return tl::unexpected(masks.error());
  std::vector<std::pair<TrafficTime, TrafficTime>> spans;
  for (const auto& mask : *masks) spans.emplace_back(time_of(mask.from), time_of(mask.until));
  return spans;
}

/// Makes the parts of a view.
class ViewMaker {
 public:
  ViewMaker(const config::Config& config, ledger::Ledger& ledger, TrafficTime now)
      : config_(config), ledger_(ledger), now_(now) {
    view_.made_at = now;
    view_.model = config.capacity.growth == config::Growth::Exponential
                      ? billing::GrowthModel::Exponential
                      : billing::GrowthModel::Linear;
  }

  [[nodiscard]] Result<void> add_contracts() {
    planned_ = planned_contracts(config_, now_);
    std::map<std::string, std::vector<std::size_t>> by_zone;
    for (std::size_t i = 0; i < planned_.size(); ++i)
      by_zone[planned_[i].now->billing.timezone].push_back(i);
    view_.contracts.resize(planned_.size());
    for (const auto& [zone, members] : by_zone)
      if (auto done = add_zone(zone, members); !done) return done;
    return {};
  }

  [[nodiscard]] Result<void> add_diversity();
  [[nodiscard]] Result<void> add_links(const EachInterfaceInterval& each_interface);

  [[nodiscard]] billing::CapacityView take() { return std::move(view_); }

 private:
  [[nodiscard]] Result<void> add_zone(const std::string& zone,
                                      const std::vector<std::size_t>& members);

  const config::Config& config_;
  ledger::Ledger& ledger_;
  TrafficTime now_;
  std::vector<Planned> planned_;
  billing::CapacityView view_;
};

Result<void> ViewMaker::add_zone(const std::string& zone, const std::vector<std::size_t>& members) {
  auto weeks = MeasuredWeeks::make(zone, now_);
  if (!weeks) return tl::unexpected(weeks.error());
  std::vector<std::string> names;
  std::vector<std::size_t> measures;
  std::vector<WeekMeter> meters;
  for (const std::size_t member : members) {
    Planned& one = planned_[member];
    auto masks = masks_of(ledger_, one.now->id, *weeks);
    if (!masks) return tl::unexpected(masks.error());
    one.circumstances.masks = std::move(*masks);
    // What is true of all weeks alike need not be told apart.
    if (one.circumstances.valid_from <= weeks->start())
      one.circumstances.valid_from = TrafficTime::min();
    if (one.circumstances.valid_until >= weeks->end())
      one.circumstances.valid_until = TrafficTime::max();
    measures.push_back(weeks->add(one.circumstances));
    names.push_back(one.now->id);
    meters.emplace_back(one.now->billing.direction);
  }
  if (auto read = weeks->read(ledger_); !read) return read;
  const auto take = [&](std::size_t i, const ledger::ContractInterval& interval) {
    const TrafficTime start = time_of(interval.start);
    const std::size_t week = weeks->week_of(start);
    if (week == weeks->weeks().size() || planned_[members[i]].circumstances.is_masked(start))
      return;
    meters[i].add(
        week,
        {.from_customer = interval.from_customer_bytes, .to_customer = interval.to_customer_bytes},
        *weeks, measures[i]);
  };
  auto read =
      ledger_.each_interval(names, seconds_of(weeks->start()), seconds_of(weeks->end()), take);
  if (!read) return read;
  for (std::size_t i = 0; i < members.size(); ++i) {
    meters[i].finish(*weeks, measures[i]);
    const contracts::Contract& contract = *planned_[members[i]].now;
    std::vector<billing::AskedLimit> limits;
    const std::uint32_t threshold = config_.capacity.threshold_percent;
    if (contract.committed.value() != 0)
      limits.push_back({.limit = billing::CapacityLimit::Committed,
                        .reached_at = part_of(contract.committed, threshold)});
    if (contract.ceiling.value() != 0)
      limits.push_back({.limit = billing::CapacityLimit::Ceiling,
                        .reached_at = part_of(contract.ceiling, threshold)});
    view_.contracts[members[i]] = {
        .contract = contract.id,
        .customer = contract.customer,
        .service = contract.service,
        .pop = contract.pop,
        .committed = contract.committed,
        .ceiling = contract.ceiling,
        .trend = billing::trend_of(meters[i].figures(*weeks, measures[i]), weeks->weeks(), limits,
                                   view_.model)};
  }
  return {};
}

/// Sums of all contracts of one service or POP, by interval of a week, and their own peaks.
struct Together {
  std::vector<ByDirection<std::uint64_t>> sums =
      std::vector<ByDirection<std::uint64_t>>(kWeekIntervals);
  ByDirection<billing::Wide> peaks;

  void add_peaks(const ByDirection<std::uint64_t>& peak) noexcept {
    peaks.from_customer += peak.from_customer;
    peaks.to_customer += peak.to_customer;
  }
  [[nodiscard]] billing::DiversityFigure figure(const std::string& name) const {
    ByDirection<std::uint64_t> highest;
    for (const auto& sum : sums) {
      highest.from_customer = std::max(highest.from_customer, sum.from_customer);
      highest.to_customer = std::max(highest.to_customer, sum.to_customer);
    }
    return {.name = name,
            .from_customer = billing::diversity_factor(peaks.from_customer, highest.from_customer),
            .to_customer = billing::diversity_factor(peaks.to_customer, highest.to_customer)};
  }
};

Result<void> ViewMaker::add_diversity() {
  const auto calendar = billing::WeekCalendar::make("UTC");
  if (!calendar) return tl::unexpected(calendar.error());
  const Period week = calendar->weeks_before(now_, 1).front();
  using Names = std::map<std::string, Together>;
  Names services;
  Names pops;
  const auto find = [](Names& names, const std::string& name) -> Together* {
    if (const auto found = names.find(name); found != names.end()) return &found->second;
    return names.size() < kMostDiversityNames ? &names[name] : nullptr;
  };
  std::vector<std::string> ids;
  std::vector<std::array<Together*, 2>> together;
  for (const Planned& one : planned_) {
    ids.push_back(one.now->id);
    together.push_back({find(services, one.now->service), find(pops, one.now->pop)});
  }
  std::vector<ByDirection<std::uint64_t>> peaks(ids.size());
  const std::int64_t begin = seconds_of(week.start);
  const auto take = [&](std::size_t i, const ledger::ContractInterval& interval) {
    auto& peak = peaks[i];
    peak.from_customer = std::max(peak.from_customer, interval.from_customer_bytes);
    peak.to_customer = std::max(peak.to_customer, interval.to_customer_bytes);
    const auto at = static_cast<std::size_t>((interval.start - begin) / ledger::kIntervalSeconds);
    for (Together* const of : together[i]) {
      if (of == nullptr) continue;
      auto& sum = of->sums[at];
      sum.from_customer = saturating(sum.from_customer, interval.from_customer_bytes);
      sum.to_customer = saturating(sum.to_customer, interval.to_customer_bytes);
    }
  };
  if (auto read = ledger_.each_interval(ids, begin, seconds_of(week.end), take); !read) return read;
  for (std::size_t i = 0; i < ids.size(); ++i)
    for (Together* const of : together[i])
      if (of != nullptr) of->add_peaks(peaks[i]);
  for (const auto& [name, of] : services) view_.services.push_back(of.figure(name));
  for (const auto& [name, of] : pops) view_.pops.push_back(of.figure(name));
  return {};
}

/// A series of something that carries traffic both ways, in weeks of UTC.
struct LinkSeries {
  std::vector<WeekFigure> figures;
  billing::WeekTop ingress;
  billing::WeekTop egress;
  std::uint64_t rows = 0;

  void add(std::uint64_t ingress_bytes, std::uint64_t egress_bytes) {
    ingress.add(ingress_bytes);
    egress.add(egress_bytes);
  }
  void finish(std::size_t week, const WeekMeasure& measure) {
    const std::uint64_t bytes = std::max(ingress.p95(measure.heard), egress.p95(measure.heard));
    figures.push_back({.number = static_cast<std::uint32_t>(week),
                       .completeness = rows == 0 ? billing::kNone : measure.share(),
                       .percentile = billing::rate_of(bytes)});
    ingress.clear();
    egress.clear();
    rows = 0;
  }
};

/// One link that has figures: its own, and a part in those of its groups.
struct PlannedLink {
  WantedInterface wanted;
  BitsPerSecond speed;
  std::size_t measure = 0;
  std::vector<std::size_t> groups;
};

/// The links of a configuration, each once: those whose speed is known, and those of groups.
std::vector<PlannedLink> planned_links(const config::Config& config) {
  std::vector<PlannedLink> links;
  std::map<const contracts::InterfaceTerms*, std::size_t> places;
  const auto place_of = [&](const std::string& exporter, const contracts::InterfaceTerms& terms) {
    const auto [place, is_new] = places.emplace(&terms, links.size());
    if (is_new)
      links.push_back({.wanted = {.exporter = exporter, .index = terms.index, .name = terms.name},
                       .speed = terms.speed});
    return place->second;
  };
  for (const auto& router : config.exporters.routers)
    for (const auto& terms : router.interfaces)
      if (terms.speed.value() != 0) place_of(router.name, terms);
  for (std::size_t g = 0; g < config.groups.size(); ++g)
    for (const auto& link : config.groups[g].links)
      if (const auto* terms = config::find_interface(link, config.exporters.routers))
        links[place_of(link.exporter, *terms)].groups.push_back(g);
  return links;
}

Result<void> ViewMaker::add_links(const EachInterfaceInterval& each_interface) {
  auto weeks = MeasuredWeeks::make("UTC", now_);
  if (!weeks) return tl::unexpected(weeks.error());
  auto masks = masks_of(ledger_, {}, *weeks);
  if (!masks) return tl::unexpected(masks.error());

  auto links = planned_links(config_);
  std::vector<WantedInterface> wanted;
  std::vector<Exporters> group_exporters(config_.groups.size());
  std::vector<std::vector<BitsPerSecond>> group_speeds(config_.groups.size());
  const auto circumstances = [&](Exporters exporters) {
    return Circumstances{.exporters = std::move(exporters), .masks = *masks};
  };
  const Circumstances masked = circumstances({});
  for (PlannedLink& link : links) {
    wanted.push_back(link.wanted);
    link.measure = weeks->add(circumstances({link.wanted.exporter}));
    for (const std::size_t group : link.groups) {
      group_exporters[group].insert(link.wanted.exporter);
      group_speeds[group].push_back(link.speed);
    }
  }
  std::vector<std::size_t> group_measures;
  group_measures.reserve(group_exporters.size());
  for (const auto& exporters : group_exporters)
    group_measures.push_back(weeks->add(circumstances(exporters)));

  std::vector<LinkSeries> series(links.size());
  std::vector<LinkSeries> group_series(config_.groups.size());
  if (each_interface && !links.empty()) {
    if (auto read = weeks->read(ledger_); !read) return read;
    using Bytes = std::pair<std::uint64_t, std::uint64_t>;
    std::vector<std::vector<Bytes>> sums(config_.groups.size());
    for (std::size_t week = 0; week < weeks->weeks().size(); ++week) {
      for (auto& sum : sums) sum.assign(kWeekIntervals, {});
      const Period& span = weeks->weeks()[week];
      const std::int64_t begin = seconds_of(span.start);
      const auto take = [&](std::size_t i, const InterfaceInterval& interval) {
        const std::int64_t at = (interval.start - begin) / ledger::kIntervalSeconds;
        if (i >= links.size() || interval.start < begin ||
            at >= static_cast<std::int64_t>(kWeekIntervals) ||
            masked.is_masked(time_of(interval.start)))
          return;
        series[i].add(interval.ingress_bytes, interval.egress_bytes);
        ++series[i].rows;
        for (const std::size_t group : links[i].groups) {
          Bytes& sum = sums[group][static_cast<std::size_t>(at)];
          sum.first = saturating(sum.first, interval.ingress_bytes);
          sum.second = saturating(sum.second, interval.egress_bytes);
          ++group_series[group].rows;
        }
      };
      if (auto read = each_interface(wanted, begin, seconds_of(span.end), take); !read) return read;
      for (std::size_t i = 0; i < links.size(); ++i)
        series[i].finish(week, weeks->measure(links[i].measure, week));
      for (std::size_t g = 0; g < sums.size(); ++g) {
        for (const Bytes& sum : sums[g]) group_series[g].add(sum.first, sum.second);
        group_series[g].finish(week, weeks->measure(group_measures[g], week));
      }
    }
  }

  const std::uint32_t threshold = config_.capacity.threshold_percent;
  for (std::size_t i = 0; each_interface && i < links.size(); ++i) {
    const PlannedLink& link = links[i];
    if (link.speed.value() == 0) continue;
    const std::array limits{billing::AskedLimit{.limit = billing::CapacityLimit::Speed,
                                                .reached_at = part_of(link.speed, threshold)}};
    view_.interfaces.push_back(
        {.exporter = link.wanted.exporter,
         .interface = link.wanted.index != 0 ? std::to_string(link.wanted.index) : link.wanted.name,
         .speed = link.speed,
         .trend =
             billing::trend_of(std::move(series[i].figures), weeks->weeks(), limits, view_.model)});
  }
  for (std::size_t g = 0; g < config_.groups.size(); ++g) {
    const auto& speeds = group_speeds[g];
    billing::GroupCapacity group{.group = config_.groups[g].name, .links = speeds.size()};
    std::uint64_t fastest = 0;
    if (std::none_of(speeds.begin(), speeds.end(),
                     [](BitsPerSecond speed) { return speed.value() == 0; })) {
      std::uint64_t all = 0;
      for (const BitsPerSecond speed : speeds) {
        all = saturating(all, speed.value());
        fastest = std::max(fastest, speed.value());
      }
      group.speed = BitsPerSecond{all};
    }
    std::vector<billing::AskedLimit> limits;
    if (group.speed.value() != 0)
      limits.push_back(
          {.limit = billing::CapacityLimit::Speed, .reached_at = part_of(group.speed, threshold)});
    if (group.speed.value() > fastest)
      limits.push_back({.limit = billing::CapacityLimit::OneDown,
                        .reached_at = part_of(BitsPerSecond{group.speed.value() - fastest},
                                              config_.capacity.target_percent)});
    group.trend =
        billing::trend_of(std::move(group_series[g].figures), weeks->weeks(), limits, view_.model);
    if (group.speed.value() != 0 && group.trend.last)
      group.headroom =
          billing::headroom_of(speeds, *group.trend.last, config_.capacity.target_percent / 100.0);
    view_.groups.push_back(std::move(group));
  }
  return {};
}

}  // namespace

Result<billing::CapacityView> make_capacity_view(const config::Config& config,
                                                 ledger::Ledger& ledger, TrafficTime now,
                                                 const EachInterfaceInterval& each_interface) {
  ViewMaker maker(config, ledger, now);
  if (auto done = maker.add_contracts(); !done) return tl::unexpected(done.error());
  if (auto done = maker.add_diversity(); !done) return tl::unexpected(done.error());
  if (auto done = maker.add_links(each_interface); !done) return tl::unexpected(done.error());
  return maker.take();
}

}  // namespace weir::app
