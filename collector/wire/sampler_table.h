#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "collector/model/flow_record.h"
#include "collector/wire/sampling_facts.h"

namespace weir::wire {

/// What one options record says: which packets are sampled how, or when the system booted.
struct Announcement {
  enum class Scope : std::uint8_t {
    Domain,
    Sampler,
    Interface,        ///< of ingress, or of either way (NetFlow v9 scope 2)
    EgressInterface,  ///< element 14
    Template,         ///< the records of one template
    LineCard,
  };
  Scope scope = Scope::Domain;
  std::uint64_t subject = 0;         ///< sampler id, ifIndex, ...; nothing for Domain
  std::uint32_t interval = 0;        ///< 0: says nothing about sampling
  std::uint64_t system_init_ms = 0;  ///< element 160; 0: says nothing about it
  /// Of a sampler: ifIndex of the interfaces that it samples; 0: says nothing about it.
  std::uint32_t samples_input = 0;
  std::uint32_t samples_output = 0;

  friend bool operator==(const Announcement&, const Announcement&) noexcept = default;
};

/// Reads an options record's values. Which scope it has: a sampler id (48, 302) before an
/// interface, a template, a line card; else the whole observation domain. An interface counts
/// as scope wherever the record has it: some exporters send it as an option.
[[nodiscard]] Announcement announcement_of(const SamplingFacts& facts) noexcept;

/// An interval and where it is from.
struct ResolvedSampling {
  std::uint32_t interval = 0;  ///< 0: unknown
  SamplingSource source = SamplingSource::Unknown;

  friend bool operator==(const ResolvedSampling&, const ResolvedSampling&) noexcept = default;
};

/// What options data have told about one observation domain.
///
/// A record that does not say its interval itself gets that of, in this order,
///
/// 1. the sampler that it names (48, 302),
/// 2. its template,
/// 3. its interface: the one that metered it, if it says (61), else ingress before egress. An
///    interface has an interval of its own, or that of the sampler bound to it,
/// 4. the domain,
/// 5. if it names no sampler, the samplers and line cards, if all agree.
///
/// Otherwise the interval is unknown, which is a state of its own. Sampler 0 is a sampler like
/// others: some exporters mean "not sampled" by it, others leave the field unused, so that it is
/// never taken for either.
///
/// Bounded: at most kMostEntries of each scope. Threads: immutable once published
/// (SharedDecoderState); apply() is called on a copy that nobody else sees.
class SamplerTable {
 public:
  static constexpr std::size_t kMostEntries = 4'096;

  /// True if apply() would change anything.
  [[nodiscard]] bool would_change(const Announcement& announcement) const noexcept;
  /// True if the table has no room for what `announcement` says; apply() ignores it.
  [[nodiscard]] bool refuses(const Announcement& announcement) const noexcept;
  /// Gives the interval that was known before and is another now, else 0.
  std::uint32_t apply(const Announcement& announcement);
  /// All that apply() was told and that still holds: applied to an empty table, they make this
  /// one.
  [[nodiscard]] std::vector<Announcement> announcements() const;

  /// For a record of template `template_id` whose own fields do not say.
  [[nodiscard]] ResolvedSampling of(const FlowRecord& record,
                                    std::uint16_t template_id) const noexcept;
  /// For all records of a template that has neither a sampler id nor, where interfaces have
  /// intervals, an interface.
  [[nodiscard]] ResolvedSampling of_template(std::uint16_t template_id) const noexcept {
    if (of_scope(Announcement::Scope::Template).empty()) [[likely]]
      return without_id_;
    return of_template_or(template_id, without_id_);
  }
  [[nodiscard]] bool has_interfaces() const noexcept { return has_interfaces_; }
  /// Some sampler, interface or the domain has an interval.
  [[nodiscard]] bool has_intervals() const noexcept;
  [[nodiscard]] std::uint64_t system_init_ms() const noexcept { return system_init_ms_; }

 private:
  /// Sorted by subject. The second is an interval, or the sampler of an interface.
  template <class Value>
  using Entries = std::vector<std::pair<std::uint64_t, Value>>;
  using Rates = Entries<std::uint32_t>;
  using Bindings = Entries<std::uint64_t>;
  static constexpr std::size_t kScopes = 6;

  [[nodiscard]] Rates& of_scope(Announcement::Scope scope) noexcept {
    return rates_[static_cast<std::size_t>(scope)];
  }
  [[nodiscard]] const Rates& of_scope(Announcement::Scope scope) const noexcept {
    return rates_[static_cast<std::size_t>(scope)];
  }
  [[nodiscard]] std::uint32_t domain_interval() const noexcept {
    const Rates& domain = of_scope(Announcement::Scope::Domain);
    return domain.empty() ? 0 : domain.front().second;
  }
  [[nodiscard]] ResolvedSampling of_template_or(std::uint16_t template_id,
                                                ResolvedSampling otherwise) const noexcept;
  [[nodiscard]] std::uint32_t by_interface(const FlowRecord& record) const noexcept;
  [[nodiscard]] std::uint32_t of_input(std::uint32_t ifindex) const noexcept;
  [[nodiscard]] std::uint32_t of_output(std::uint32_t ifindex) const noexcept;
  void derive() noexcept;

  std::array<Rates, kScopes> rates_;  ///< by scope; the domain's is one entry of subject 0
  Bindings input_samplers_;
  Bindings output_samplers_;
  std::uint64_t system_init_ms_ = 0;
  bool has_interfaces_ = false;
  ResolvedSampling without_id_;
};

using SamplerTablePtr = std::shared_ptr<const SamplerTable>;

}  // namespace weir::wire
