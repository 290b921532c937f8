#include "collector/wire/sampler_table.h"

#include <algorithm>
#include <limits>

namespace weir::wire {
namespace {

using Scope = Announcement::Scope;

/// The value of `subject`, 0 if there is none.
template <class Entries>
[[nodiscard]] auto find(const Entries& entries, std::uint64_t subject) noexcept {
  const auto at = std::ranges::lower_bound(entries, subject, {}, &Entries::value_type::first);
  using Value = typename Entries::value_type::second_type;
  return at != entries.end() && at->first == subject ? at->second : Value{0};
}

template <class Entries, class Value>
void put(Entries& entries, std::uint64_t subject, Value value) {
  const auto at = std::ranges::lower_bound(entries, subject, {}, &Entries::value_type::first);
  if (at != entries.end() && at->first == subject) {
    at->second = value;
  } else {
    entries.emplace(at, subject, value);
  }
}

template <class Entries>
[[nodiscard]] bool contains(const Entries& entries, std::uint64_t subject) noexcept {
  return std::ranges::binary_search(entries, subject, {}, &Entries::value_type::first);
}

template <class Entries>
[[nodiscard]] bool is_full_for(const Entries& entries, std::uint64_t subject) noexcept {
  return entries.size() >= SamplerTable::kMostEntries && !contains(entries, subject);
}

/// A binding to sampler 0 is told from none.
template <class Bindings>
[[nodiscard]] bool binds_otherwise(const Bindings& bindings, std::uint32_t ifindex,
                                   std::uint64_t sampler) noexcept {
  if (ifindex == 0) return false;
  return !contains(bindings, ifindex) || find(bindings, ifindex) != sampler;
}

/// The interface that an options record is about, as scope or as option.
[[nodiscard]] std::uint32_t interface_in(const SamplingFacts& facts, Destination scope,
                                         Destination option) noexcept {
  const std::uint64_t ifindex = facts.get(scope) != 0 ? facts.get(scope) : facts.get(option);
  const bool is_possible = ifindex <= std::numeric_limits<std::uint32_t>::max();
  return is_possible ? static_cast<std::uint32_t>(ifindex) : 0;
}

}  // namespace

Announcement announcement_of(const SamplingFacts& facts) noexcept {
  using enum Destination;
  Announcement announcement{.interval = facts.interval(), .system_init_ms = facts.get(SystemInit)};
  const std::uint32_t input = interface_in(facts, ScopeInterface, Input);
  const std::uint32_t output = interface_in(facts, ScopeEgress, Output);
  if (facts.has(SamplerId)) {
    announcement.scope = Scope::Sampler;
    announcement.subject = facts.get(SamplerId);
    announcement.samples_input = input;
    announcement.samples_output = output;
  } else if (input != 0) {
    announcement.scope = Scope::Interface;
    announcement.subject = input;
  } else if (output != 0) {
    announcement.scope = Scope::EgressInterface;
    announcement.subject = output;
  } else if (facts.get(ScopeTemplate) != 0) {
    announcement.scope = Scope::Template;
    announcement.subject = facts.get(ScopeTemplate);
  } else if (facts.has(ScopeLineCard)) {
    announcement.scope = Scope::LineCard;
    announcement.subject = facts.get(ScopeLineCard);
  }
  return announcement;
}

bool SamplerTable::would_change(const Announcement& a) const noexcept {
  if (a.system_init_ms != 0 && a.system_init_ms != system_init_ms_) return true;
  if (refuses(a)) return false;
  if (a.interval != 0 && find(of_scope(a.scope), a.subject) != a.interval) return true;
  return binds_otherwise(input_samplers_, a.samples_input, a.subject) ||
         binds_otherwise(output_samplers_, a.samples_output, a.subject);
}

bool SamplerTable::refuses(const Announcement& a) const noexcept {
  return (a.interval != 0 && is_full_for(of_scope(a.scope), a.subject)) ||
         (a.samples_input != 0 && is_full_for(input_samplers_, a.samples_input)) ||
         (a.samples_output != 0 && is_full_for(output_samplers_, a.samples_output));
}

std::uint32_t SamplerTable::apply(const Announcement& a) {
  if (a.system_init_ms != 0) system_init_ms_ = a.system_init_ms;
  if (refuses(a)) return 0;
  std::uint32_t before = 0;
  if (a.interval != 0) {
    before = find(of_scope(a.scope), a.subject);
    put(of_scope(a.scope), a.subject, a.interval);
  }
  if (a.samples_input != 0) put(input_samplers_, a.samples_input, a.subject);
  if (a.samples_output != 0) put(output_samplers_, a.samples_output, a.subject);
  derive();
  return before == a.interval ? 0 : before;
}

std::vector<Announcement> SamplerTable::announcements() const {
  std::vector<Announcement> all;
  if (system_init_ms_ != 0) all.push_back({.system_init_ms = system_init_ms_});
  for (std::size_t scope = 0; scope < rates_.size(); ++scope) {
    for (const auto& [subject, interval] : rates_[scope]) {
      all.push_back({.scope = static_cast<Scope>(scope), .subject = subject, .interval = interval});
    }
  }
  for (const auto& [ifindex, sampler] : input_samplers_) {
    all.push_back({.scope = Scope::Sampler,
                   .subject = sampler,
                   .samples_input = static_cast<std::uint32_t>(ifindex)});
  }
  for (const auto& [ifindex, sampler] : output_samplers_) {
    all.push_back({.scope = Scope::Sampler,
                   .subject = sampler,
                   .samples_output = static_cast<std::uint32_t>(ifindex)});
  }
  return all;
}

ResolvedSampling SamplerTable::of(const FlowRecord& record,
                                  std::uint16_t template_id) const noexcept {
  const bool names_sampler = record.has(Has::SamplerId);
  if (names_sampler) {
    const std::uint32_t interval = find(of_scope(Scope::Sampler), record.sampler_id);
    if (interval != 0) return {interval, SamplingSource::Sampler};
  }
  if (const auto told = of_template_or(template_id, {}); told.interval != 0) return told;
  if (has_interfaces_) {
    const std::uint32_t interval = by_interface(record);
    if (interval != 0) return {interval, SamplingSource::Domain};
  }
  if (!names_sampler) return without_id_;
  const std::uint32_t interval = domain_interval();
  return interval == 0 ? ResolvedSampling{} : ResolvedSampling{interval, SamplingSource::Domain};
}

bool SamplerTable::has_intervals() const noexcept {
  return std::ranges::any_of(rates_, [](const Rates& rates) { return !rates.empty(); });
}

ResolvedSampling SamplerTable::of_template_or(std::uint16_t template_id,
                                              ResolvedSampling otherwise) const noexcept {
  const std::uint32_t interval = find(of_scope(Scope::Template), template_id);
  return interval == 0 ? otherwise : ResolvedSampling{interval, SamplingSource::Domain};
}

std::uint32_t SamplerTable::by_interface(const FlowRecord& record) const noexcept {
  const bool is_from_egress = record.metered == MeteredDirection::Egress;
  if (!is_from_egress && record.has(Has::Input)) {
    if (const std::uint32_t interval = of_input(record.input); interval != 0) return interval;
  }
  // What was metered on its way in was not picked by the sampler of another interface.
  if (record.metered == MeteredDirection::Ingress || !record.has(Has::Output)) return 0;
  if (const std::uint32_t interval = of_output(record.output); interval != 0) return interval;
  return is_from_egress ? of_input(record.output) : 0;
}

std::uint32_t SamplerTable::of_input(std::uint32_t ifindex) const noexcept {
  if (const std::uint32_t interval = find(of_scope(Scope::Interface), ifindex); interval != 0) {
    return interval;
  }
  if (!contains(input_samplers_, ifindex)) return 0;
  return find(of_scope(Scope::Sampler), find(input_samplers_, ifindex));
}

std::uint32_t SamplerTable::of_output(std::uint32_t ifindex) const noexcept {
  const std::uint32_t interval = find(of_scope(Scope::EgressInterface), ifindex);
  if (interval != 0) return interval;
  if (!contains(output_samplers_, ifindex)) return 0;
  return find(of_scope(Scope::Sampler), find(output_samplers_, ifindex));
}

void SamplerTable::derive() noexcept {
  has_interfaces_ = !of_scope(Scope::Interface).empty() ||
                    !of_scope(Scope::EgressInterface).empty() || !input_samplers_.empty() ||
                    !output_samplers_.empty();
  without_id_ = {};
  if (domain_interval() != 0) {
    without_id_ = {domain_interval(), SamplingSource::Domain};
    return;
  }
  const Rates& samplers = of_scope(Scope::Sampler);
  const Rates& cards = of_scope(Scope::LineCard);
  if (samplers.empty() && cards.empty()) return;
  const std::uint32_t first = samplers.empty() ? cards.front().second : samplers.front().second;
  const auto agrees = [first](const auto& entry) { return entry.second == first; };
  if (std::ranges::all_of(samplers, agrees) && std::ranges::all_of(cards, agrees)) {
    without_id_ = {first, samplers.empty() ? SamplingSource::Domain : SamplingSource::Sampler};
  }
}

}  // namespace weir::wire
