#include "collector/app/capacity_view.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
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

  /// Adds to the measures of weeks, which `week_of` gives the number of an interval's.
  void add_to(std::vector<WeekMeasure>& measures, const Circumstances& of,
              const std::function<std::size_t(TrafficTime)>& week_of) const {
    for (const auto& row : coverage_) {
      const TrafficTime start = time_of(row.start);
      if (start < of.valid_from || start >= of.valid_until || of.is_masked(start)) continue;
      const std::size_t week = week_of(start);
      if (week >= measures.size()) continue;
      const Received sum = received_at(row.start, of.exporters);
      const Share share =
          billing::interval_completeness(std::chrono::seconds{row.seconds}, sum.received, sum.sent);
      if (share == billing::kNone) continue;
      ++measures[week].heard;
      measures[week].completeness += share.value();
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

  /// The number under which measure() tells of `of`. All are added before the first piece.
  [[nodiscard]] std::size_t add(const Circumstances& of) {
    return numbers_.emplace(of, numbers_.size()).first->second;
  }

  /// Expects all intervals of all weeks.
  void begin() {
    measures_.assign(numbers_.size(), std::vector<WeekMeasure>(weeks_.size()));
    for (const auto& [of, number] : numbers_)
      for (std::size_t week = 0; week < weeks_.size(); ++week)
        expect(measures_[number][week], weeks_[week], of);
  }
  /// What was measured in a piece of time, which comes once.
  void add(const Piece& piece) {
    for (const auto& [of, number] : numbers_)
      piece.add_to(measures_[number], of, [this](TrafficTime time) { return week_of(time); });
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

/// Days of UTC, one after another: what a step reads. A day is what the ledger has digests of, and
/// a week of a thousand exporters would be large.
class DayWalk {
 public:
  DayWalk(TrafficTime start, TrafficTime end) noexcept : at_(start), end_(end) {}

  [[nodiscard]] bool is_done() const noexcept { return at_ >= end_; }
  [[nodiscard]] Period day() const noexcept {
    const auto midnight = std::chrono::floor<std::chrono::days>(at_) + std::chrono::days{1};
    return {.start = at_, .end = std::min<TrafficTime>(midnight, end_)};
  }
  void next() noexcept { at_ = day().end; }

 private:
  TrafficTime at_;
  TrafficTime end_;
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

/// What the parts of a view share while it is made.
struct Making {
  const config::Config& config;
  TrafficTime now;
  std::vector<Planned> planned;
  billing::CapacityView view;
};

/// One part of a view.
class Part {
 public:
  Part() = default;
  virtual ~Part() = default;
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  /// One step on, which reads a day of the ledger at most. True: the part is done.
  [[nodiscard]] virtual Result<bool> step(Making& making, ledger::Ledger& ledger,
                                          const EachInterfaceInterval& each_interface) = 0;
};

/// Contracts, in the weeks of their own time zones.
class ContractsPart : public Part {
 public:
  [[nodiscard]] Result<bool> step(Making& making, ledger::Ledger& ledger,
                                  const EachInterfaceInterval& /*each_interface*/) override {
    if (planned_ < making.planned.size()) return plan_some(making, ledger);
    if (!days_) begin(making);
    if (!days_->is_done()) return read_day(making, ledger);
    return finish_some(making);
  }

 private:
  /// Contracts that are planned, or whose trend is worked out, in one step.
  static constexpr std::size_t kAtOnce = 500;

  struct Member {
    MeasuredWeeks* weeks = nullptr;
    std::size_t measure = 0;
    WeekMeter meter;
  };

  [[nodiscard]] Result<bool> plan_some(Making& making, ledger::Ledger& ledger) {
    const std::size_t end = std::min(planned_ + kAtOnce, making.planned.size());
    for (; planned_ < end; ++planned_) {
      Planned& one = making.planned[planned_];
      auto zone = zones_.find(one.now->billing.timezone);
      if (zone == zones_.end()) {
        auto weeks = MeasuredWeeks::make(one.now->billing.timezone, making.now);
        if (!weeks) return tl::unexpected(weeks.error());
        zone = zones_.emplace(one.now->billing.timezone, std::move(*weeks)).first;
      }
      MeasuredWeeks& weeks = zone->second;
      auto masks = masks_of(ledger, one.now->id, weeks);
      if (!masks) return tl::unexpected(masks.error());
      one.circumstances.masks = std::move(*masks);
      // What is true of all weeks alike need not be told apart.
      if (one.circumstances.valid_from <= weeks.start())
        one.circumstances.valid_from = TrafficTime::min();
      if (one.circumstances.valid_until >= weeks.end())
        one.circumstances.valid_until = TrafficTime::max();
      names_.push_back(one.now->id);
      members_.push_back({.weeks = &weeks,
                          .measure = weeks.add(one.circumstances),
                          .meter = WeekMeter(one.now->billing.direction)});
    }
    return false;
  }

  void begin(Making& making) {
    making.view.contracts.resize(members_.size());
    TrafficTime start = making.now;
    TrafficTime end = TrafficTime::min();
    for (auto& [zone, weeks] : zones_) {
      weeks.begin();
      start = std::min(start, weeks.start());
      end = std::max(end, weeks.end());
    }
    days_.emplace(start, end);
  }

  [[nodiscard]] Result<bool> read_day(Making& making, ledger::Ledger& ledger) {
    const Period day = days_->day();
    const auto piece = Piece::read(ledger, day);
    if (!piece) return tl::unexpected(piece.error());
    for (auto& [zone, weeks] : zones_) weeks.add(*piece);
    const auto take = [&](std::size_t i, const ledger::ContractInterval& interval) {
      const TrafficTime start = time_of(interval.start);
      Member& member = members_[i];
      const std::size_t week = member.weeks->week_of(start);
      if (week == member.weeks->weeks().size() || making.planned[i].circumstances.is_masked(start))
        return;
      member.meter.add(week,
                       {.from_customer = interval.from_customer_bytes,
                        .to_customer = interval.to_customer_bytes},
                       *member.weeks, member.measure);
    };
    if (auto read = ledger.each_interval(names_, seconds_of(day.start), seconds_of(day.end), take);
        !read)
      return tl::unexpected(read.error());
    days_->next();
    return false;
  }

  [[nodiscard]] Result<bool> finish_some(Making& making) {
    const std::size_t end = std::min(finished_ + kAtOnce, members_.size());
    for (; finished_ < end; ++finished_) {
      Member& member = members_[finished_];
      member.meter.finish(*member.weeks, member.measure);
      const contracts::Contract& contract = *making.planned[finished_].now;
      std::vector<billing::AskedLimit> limits;
      const std::uint32_t threshold = making.config.capacity.threshold_percent;
      if (contract.committed.value() != 0)
        limits.push_back({.limit = billing::CapacityLimit::Committed,
                          .reached_at = part_of(contract.committed, threshold)});
      if (contract.ceiling.value() != 0)
        limits.push_back({.limit = billing::CapacityLimit::Ceiling,
                          .reached_at = part_of(contract.ceiling, threshold)});
      making.view.contracts[finished_] = {
          .contract = contract.id,
          .customer = contract.customer,
          .service = contract.service,
          .pop = contract.pop,
          .committed = contract.committed,
          .ceiling = contract.ceiling,
          .trend = billing::trend_of(member.meter.figures(*member.weeks, member.measure),
                                     member.weeks->weeks(), limits, making.view.model)};
    }
    return finished_ == members_.size();
  }

  std::size_t planned_ = 0;
  std::map<std::string, MeasuredWeeks> zones_;
  std::vector<std::string> names_;
  std::vector<Member> members_;  ///< as Making::planned
  std::optional<DayWalk> days_;
  std::size_t finished_ = 0;
};

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

/// Diversity of services and POPs, in the last whole week.
class DiversityPart : public Part {
 public:
  [[nodiscard]] Result<bool> step(Making& making, ledger::Ledger& ledger,
                                  const EachInterfaceInterval& /*each_interface*/) override {
    if (!days_)
      if (auto begun = begin(making); !begun) return tl::unexpected(begun.error());
    if (days_->is_done()) {
      finish(making.view);
      return true;
    }
    const Period day = days_->day();
    const auto take = [this](std::size_t i, const ledger::ContractInterval& interval) {
      add(i, interval);
    };
    if (auto read = ledger.each_interval(ids_, seconds_of(day.start), seconds_of(day.end), take);
        !read)
      return tl::unexpected(read.error());
    days_->next();
    return false;
  }

 private:
  using Names = std::map<std::string, Together>;

  [[nodiscard]] Result<void> begin(const Making& making) {
    const auto calendar = billing::WeekCalendar::make("UTC");
    if (!calendar) return tl::unexpected(calendar.error());
    const Period week = calendar->weeks_before(making.now, 1).front();
    const auto find = [](Names& names, const std::string& name) -> Together* {
      if (const auto found = names.find(name); found != names.end()) return &found->second;
      return names.size() < kMostDiversityNames ? &names[name] : nullptr;
    };
    for (const Planned& one : making.planned) {
      ids_.push_back(one.now->id);
      together_.push_back({find(services_, one.now->service), find(pops_, one.now->pop)});
    }
    peaks_.resize(ids_.size());
    begin_ = seconds_of(week.start);
    days_.emplace(week.start, week.end);
    return {};
  }

  void add(std::size_t i, const ledger::ContractInterval& interval) {
    auto& peak = peaks_[i];
    peak.from_customer = std::max(peak.from_customer, interval.from_customer_bytes);
    peak.to_customer = std::max(peak.to_customer, interval.to_customer_bytes);
    const auto at = static_cast<std::size_t>((interval.start - begin_) / ledger::kIntervalSeconds);
    for (Together* const of : together_[i]) {
      if (of == nullptr) continue;
      auto& sum = of->sums[at];
      sum.from_customer = saturating(sum.from_customer, interval.from_customer_bytes);
      sum.to_customer = saturating(sum.to_customer, interval.to_customer_bytes);
    }
  }

  void finish(billing::CapacityView& view) {
    for (std::size_t i = 0; i < ids_.size(); ++i)
      for (Together* const of : together_[i])
        if (of != nullptr) of->add_peaks(peaks_[i]);
    for (const auto& [name, of] : services_) view.services.push_back(of.figure(name));
    for (const auto& [name, of] : pops_) view.pops.push_back(of.figure(name));
  }

  Names services_;
  Names pops_;
  std::vector<std::string> ids_;
  std::vector<std::array<Together*, 2>> together_;
  std::vector<ByDirection<std::uint64_t>> peaks_;
  std::int64_t begin_ = 0;
  std::optional<DayWalk> days_;
};

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

/// Interfaces whose speed is known, and groups of links, in weeks of UTC.
class LinksPart : public Part {
 public:
  [[nodiscard]] Result<bool> step(Making& making, ledger::Ledger& ledger,
                                  const EachInterfaceInterval& each_interface) override {
    if (!days_)
      if (auto begun = begin(making, ledger); !begun) return tl::unexpected(begun.error());
    if (!each_interface || links_.empty() || days_->is_done()) {
      if (each_interface) add_interfaces(making);
      add_groups(making);
      return true;
    }
    if (auto read = read_day(ledger, each_interface); !read) return tl::unexpected(read.error());
    return false;
  }

 private:
  using Bytes = std::pair<std::uint64_t, std::uint64_t>;

  [[nodiscard]] Result<void> begin(const Making& making, ledger::Ledger& ledger) {
    auto weeks = MeasuredWeeks::make("UTC", making.now);
    if (!weeks) return tl::unexpected(weeks.error());
    auto masks = masks_of(ledger, {}, *weeks);
    if (!masks) return tl::unexpected(masks.error());

    links_ = planned_links(making.config);
    std::vector<Exporters> group_exporters(making.config.groups.size());
    group_speeds_.resize(making.config.groups.size());
    const auto circumstances = [&](Exporters exporters) {
      return Circumstances{.exporters = std::move(exporters), .masks = *masks};
    };
    masked_ = circumstances({});
    for (PlannedLink& link : links_) {
      wanted_.push_back(link.wanted);
      link.measure = weeks->add(circumstances({link.wanted.exporter}));
      for (const std::size_t group : link.groups) {
        group_exporters[group].insert(link.wanted.exporter);
        group_speeds_[group].push_back(link.speed);
      }
    }
    for (const auto& exporters : group_exporters)
      group_measures_.push_back(weeks->add(circumstances(exporters)));
    series_.resize(links_.size());
    group_series_.resize(making.config.groups.size());
    sums_.assign(making.config.groups.size(), std::vector<Bytes>(kWeekIntervals));
    weeks->begin();
    days_.emplace(weeks->start(), weeks->end());
    weeks_.emplace(std::move(*weeks));
    return {};
  }

  [[nodiscard]] Result<void> read_day(ledger::Ledger& ledger,
                                      const EachInterfaceInterval& each_interface) {
    const Period day = days_->day();
    const auto piece = Piece::read(ledger, day);
    if (!piece) return tl::unexpected(piece.error());
    weeks_->add(*piece);
    const Period& week = weeks_->weeks()[week_];
    const std::int64_t begin = seconds_of(week.start);
    const auto take = [&](std::size_t i, const InterfaceInterval& interval) {
      if (i >= links_.size() || !day.contains(time_of(interval.start)) ||
          masked_.is_masked(time_of(interval.start)))
        return;
      const auto at = static_cast<std::size_t>((interval.start - begin) / ledger::kIntervalSeconds);
      series_[i].add(interval.ingress_bytes, interval.egress_bytes);
      ++series_[i].rows;
      for (const std::size_t group : links_[i].groups) {
        Bytes& sum = sums_[group][at];
        sum.first = saturating(sum.first, interval.ingress_bytes);
        sum.second = saturating(sum.second, interval.egress_bytes);
        ++group_series_[group].rows;
      }
    };
    if (auto read = each_interface(wanted_, seconds_of(day.start), seconds_of(day.end), take);
        !read)
      return read;
    days_->next();
    if (day.end == week.end) finish_week();
    return {};
  }

  void finish_week() {
    for (std::size_t i = 0; i < links_.size(); ++i)
      series_[i].finish(week_, weeks_->measure(links_[i].measure, week_));
    for (std::size_t g = 0; g < sums_.size(); ++g) {
      for (const Bytes& sum : sums_[g]) group_series_[g].add(sum.first, sum.second);
      group_series_[g].finish(week_, weeks_->measure(group_measures_[g], week_));
      sums_[g].assign(kWeekIntervals, {});
    }
    ++week_;
  }

  void add_interfaces(Making& making) {
    const std::uint32_t threshold = making.config.capacity.threshold_percent;
    for (std::size_t i = 0; i < links_.size(); ++i) {
      const PlannedLink& link = links_[i];
      if (link.speed.value() == 0) continue;
      const std::array limits{billing::AskedLimit{.limit = billing::CapacityLimit::Speed,
                                                  .reached_at = part_of(link.speed, threshold)}};
      making.view.interfaces.push_back(
          {.exporter = link.wanted.exporter,
           .interface =
               link.wanted.index != 0 ? std::to_string(link.wanted.index) : link.wanted.name,
           .speed = link.speed,
           .trend = billing::trend_of(std::move(series_[i].figures), weeks_->weeks(), limits,
                                      making.view.model)});
    }
  }

  void add_groups(Making& making) {
    const config::Config& config = making.config;
    const std::uint32_t threshold = config.capacity.threshold_percent;
    for (std::size_t g = 0; g < config.groups.size(); ++g) {
      const auto& speeds = group_speeds_[g];
      billing::GroupCapacity group{.group = config.groups[g].name, .links = speeds.size()};
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
        limits.push_back({.limit = billing::CapacityLimit::Speed,
                          .reached_at = part_of(group.speed, threshold)});
      if (group.speed.value() > fastest)
        limits.push_back({.limit = billing::CapacityLimit::OneDown,
                          .reached_at = part_of(BitsPerSecond{group.speed.value() - fastest},
                                                config.capacity.target_percent)});
      group.trend = billing::trend_of(std::move(group_series_[g].figures), weeks_->weeks(), limits,
                                      making.view.model);
      if (group.speed.value() != 0 && group.trend.last)
        group.headroom =
            billing::headroom_of(speeds, *group.trend.last, config.capacity.target_percent / 100.0);
      making.view.groups.push_back(std::move(group));
    }
  }

  std::optional<MeasuredWeeks> weeks_;
  Circumstances masked_;
  std::vector<PlannedLink> links_;
  std::vector<WantedInterface> wanted_;
  std::vector<std::vector<BitsPerSecond>> group_speeds_;
  std::vector<std::size_t> group_measures_;
  std::vector<LinkSeries> series_;
  std::vector<LinkSeries> group_series_;
  std::vector<std::vector<Bytes>> sums_;  ///< by group and interval of the running week
  std::optional<DayWalk> days_;
  std::size_t week_ = 0;
};

}  // namespace

struct CapacityViewMaker::State {
  std::shared_ptr<const config::Config> config;
  Making making;
  std::vector<std::unique_ptr<Part>> parts;  ///< the last comes next
};

CapacityViewMaker::CapacityViewMaker(std::shared_ptr<const config::Config> config, TrafficTime now)
    : state_(std::make_unique<State>(State{
          .config = config,
          .making = {.config = *config, .now = now, .planned = planned_contracts(*config, now)}})) {
  billing::CapacityView& view = state_->making.view;
  view.made_at = now;
  view.model = config->capacity.growth == config::Growth::Exponential
                   ? billing::GrowthModel::Exponential
                   : billing::GrowthModel::Linear;
  state_->parts.push_back(std::make_unique<LinksPart>());
  state_->parts.push_back(std::make_unique<DiversityPart>());
  state_->parts.push_back(std::make_unique<ContractsPart>());
}

CapacityViewMaker::~CapacityViewMaker() = default;

Result<bool> CapacityViewMaker::step(ledger::Ledger& ledger,
                                     const EachInterfaceInterval& each_interface) {
  auto& parts = state_->parts;
  if (parts.empty()) return true;
  const auto is_done = parts.back()->step(state_->making, ledger, each_interface);
  if (is_done && *is_done) parts.pop_back();
  return is_done.map([&](bool) { return parts.empty(); });
}

billing::CapacityView CapacityViewMaker::take() { return std::move(state_->making.view); }

Result<billing::CapacityView> make_capacity_view(const config::Config& config,
                                                 ledger::Ledger& ledger, TrafficTime now,
                                                 const EachInterfaceInterval& each_interface) {
  // The caller's configuration outlives the maker.
  CapacityViewMaker maker(std::shared_ptr<const config::Config>(std::shared_ptr<void>(), &config),
                          now);
  for (bool is_done = false; !is_done;) {
    const auto step = maker.step(ledger, each_interface);
    if (!step) return tl::unexpected(step.error());
    is_done = *step;
  }
  return maker.take();
}

}  // namespace weir::app
