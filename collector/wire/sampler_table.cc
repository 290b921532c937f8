#include "collector/wire/sampler_table.h"

#include <algorithm>

namespace weir::wire {

Announcement announcement_of(const SamplingFacts& facts) noexcept {
  Announcement announcement{.interval = facts.interval(),
                            .system_init_ms = facts.get(Destination::SystemInit)};
  if (facts.has(Destination::SamplerId)) {
    announcement.scope = Announcement::Scope::Sampler;
    announcement.subject = facts.get(Destination::SamplerId);
  } else if (facts.get(Destination::ScopeInterface) != 0) {
    announcement.scope = Announcement::Scope::Interface;
    announcement.subject = facts.get(Destination::ScopeInterface);
  }
  return announcement;
}

bool SamplerTable::would_change(const Announcement& a) const noexcept {
  if (a.system_init_ms != 0 && a.system_init_ms != system_init_ms_) return true;
  if (a.interval == 0 || refuses(a)) return false;
  switch (a.scope) {
    case Announcement::Scope::Sampler:
      return find(samplers_, a.subject) != a.interval;
    case Announcement::Scope::Interface:
      return find(interfaces_, a.subject) != a.interval;
    case Announcement::Scope::Domain:
      return domain_interval_ != a.interval;
  }
  return false;
}

bool SamplerTable::refuses(const Announcement& a) const noexcept {
  if (a.interval == 0 || a.scope == Announcement::Scope::Domain) return false;
  const Rates& rates = a.scope == Announcement::Scope::Sampler ? samplers_ : interfaces_;
  return rates.size() >= kMostEntries && find(rates, a.subject) == 0;
}

void SamplerTable::apply(const Announcement& a) {
  if (a.system_init_ms != 0) system_init_ms_ = a.system_init_ms;
  if (a.interval == 0 || refuses(a)) return;
  switch (a.scope) {
    case Announcement::Scope::Sampler:
      put(samplers_, a.subject, a.interval);
      break;
    case Announcement::Scope::Interface:
      put(interfaces_, a.subject, a.interval);
      break;
    case Announcement::Scope::Domain:
      domain_interval_ = a.interval;
      break;
  }
  resolve_without_id();
}

ResolvedSampling SamplerTable::by_sampler(std::uint64_t id) const noexcept {
  if (const std::uint32_t interval = find(samplers_, id); interval != 0) {
    return {interval, SamplingSource::Sampler};
  }
  if (domain_interval_ != 0) return {domain_interval_, SamplingSource::Domain};
  return {};
}

ResolvedSampling SamplerTable::by_input(std::uint32_t ifindex) const noexcept {
  if (const std::uint32_t interval = find(interfaces_, ifindex); interval != 0) {
    return {interval, SamplingSource::Domain};
  }
  return without_id_;
}

std::uint32_t SamplerTable::find(const Rates& rates, std::uint64_t subject) noexcept {
  const auto at = std::ranges::lower_bound(rates, subject, {}, &Rates::value_type::first);
  return at != rates.end() && at->first == subject ? at->second : 0;
}

void SamplerTable::put(Rates& rates, std::uint64_t subject, std::uint32_t interval) {
  const auto at = std::ranges::lower_bound(rates, subject, {}, &Rates::value_type::first);
  if (at != rates.end() && at->first == subject) {
    at->second = interval;
  } else {
    rates.emplace(at, subject, interval);
  }
}

void SamplerTable::resolve_without_id() noexcept {
  without_id_ = {};
  if (domain_interval_ != 0) {
    without_id_ = {domain_interval_, SamplingSource::Domain};
    return;
  }
  if (samplers_.empty()) return;
  const std::uint32_t first = samplers_.front().second;
  const bool agree = std::ranges::all_of(
      samplers_, [first](const auto& sampler) { return sampler.second == first; });
  if (agree) without_id_ = {first, SamplingSource::Sampler};
}

}  // namespace weir::wire
