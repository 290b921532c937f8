#include "collector/billing/company.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "collector/billing/billing_calendar.h"
#include "collector/billing/rate.h"

namespace weir::billing {
namespace {

constexpr BitsPerSecond kOneGigabit{1'000'000'000};

bool holds(const std::vector<std::string>& list, std::string_view service) {
  return list.empty() || std::find(list.begin(), list.end(), service) != list.end();
}

BitsPerSecond sum(BitsPerSecond a, BitsPerSecond b) noexcept {
  return BitsPerSecond{saturated(Wide{a.value()} + b.value())};
}

/// A difference within what a signed number of 64 bits holds.
std::int64_t difference_of(std::uint64_t now, std::uint64_t before) noexcept {
  constexpr std::uint64_t most = INT64_MAX;
  return now >= before ? static_cast<std::int64_t>(std::min(now - before, most))
                       : -static_cast<std::int64_t>(std::min(before - now, most));
}

}  // namespace

CompanySnapshot company_snapshot(std::span<const contracts::Contract> contracts, TrafficTime at,
                                 const CompanyServices& services) {
  CompanySnapshot snapshot{.at = at};
  std::map<std::string_view, ServiceFigures> by_service;
  for (const auto& contract : contracts) {
    if (at < contract.valid_from || at >= contract.valid_until) continue;
    ServiceFigures& figures = by_service[contract.service];
    const contracts::Tier tier = contracts::tier_of(contract.committed);
    const bool is_at_least_1g = contract.committed >= kOneGigabit;
    ++figures.contracts;
    ++figures.by_tier[static_cast<std::size_t>(tier)];
    if (is_at_least_1g) ++figures.at_least_1g;
    figures.contracted = sum(figures.contracted, contract.committed);
  }
  for (auto& [service, figures] : by_service) {
    figures.service = service;
    if (holds(services.counted, service)) {
      snapshot.over_1g += figures.by_tier[static_cast<std::size_t>(contracts::Tier::Over1G)];
      snapshot.at_least_1g += figures.at_least_1g;
    }
    if (holds(services.summed, service))
      snapshot.contracted = sum(snapshot.contracted, figures.contracted);
    snapshot.services.push_back(std::move(figures));
  }
  return snapshot;
}

Result<TrafficTime> end_of_quarter(FiscalQuarter quarter, FiscalCalendar fiscal,
                                   const std::string& timezone) {
  const auto calendar = BillingCalendar::make(timezone, 1);
  if (!calendar) return tl::unexpected(calendar.error());
  return calendar->period_of(quarter, fiscal).end - TrafficSpan{1};
}

Growth growth(std::uint64_t now, std::uint64_t before) noexcept {
  Growth moved{.difference = difference_of(now, before), .permille = std::nullopt};
  if (before == 0) return moved;
  const Wide distance = now >= before ? now - before : before - now;
  const Wide tenths = (distance * 1'000 + before / 2) / before;
  const auto shown = static_cast<std::int64_t>(std::min<Wide>(tenths, INT64_MAX));
  moved.permille = now >= before ? shown : -shown;
  return moved;
}

std::string to_string(const Growth& growth) {
  if (!growth.permille) return "n/a";
  const std::int64_t permille = *growth.permille;
  const std::string_view sign = permille > 0 ? "+" : permille < 0 ? "-" : "";
  const std::int64_t size = permille < 0 ? -permille : permille;
  return fmt::format("{}{}.{} %", sign, size / 10, size % 10);
}

}  // namespace weir::billing
