#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "collector/model/flow_record.h"
#include "collector/wire/sampling_facts.h"

namespace weir::wire {

/// What one options record says: which packets are sampled how, or when the system booted.
struct Announcement {
  enum class Scope : std::uint8_t { Domain, Sampler, Interface };
  Scope scope = Scope::Domain;
  std::uint64_t subject = 0;         ///< sampler id or ifIndex; nothing for Domain
  std::uint32_t interval = 0;        ///< 0: says nothing about sampling
  std::uint64_t system_init_ms = 0;  ///< element 160; 0: says nothing about it
};

/// Reads an options record's values. Which scope it has: a sampler id (48, 302) before an
/// interface, else the whole observation domain.
[[nodiscard]] Announcement announcement_of(const SamplingFacts& facts) noexcept;

/// An interval and where it is from.
struct ResolvedSampling {
  std::uint32_t interval = 0;  ///< 0: unknown
  SamplingSource source = SamplingSource::Unknown;

  friend bool operator==(const ResolvedSampling&, const ResolvedSampling&) noexcept = default;
};

/// What options data have told about one observation domain.
///
/// A record without a sampler id gets the rate of its input interface, then the rate of
/// the domain, then the one rate on which all samplers of the domain agree. A record with an
/// id gets that sampler's rate, then the domain's. Otherwise the rate is unknown, which is a
/// state of its own.
///
/// Bounded: at most kMostEntries samplers and as many interfaces. Threads: immutable once
/// published (SharedDecoderState); apply() is called on a copy that nobody else sees.
class SamplerTable {
 public:
  static constexpr std::size_t kMostEntries = 4'096;

  /// True if apply() would change anything.
  [[nodiscard]] bool would_change(const Announcement& announcement) const noexcept;
  /// True if the table has no room for what `announcement` says; apply() ignores it.
  [[nodiscard]] bool refuses(const Announcement& announcement) const noexcept;
  void apply(const Announcement& announcement);

  [[nodiscard]] ResolvedSampling by_sampler(std::uint64_t id) const noexcept;
  [[nodiscard]] ResolvedSampling by_input(std::uint32_t ifindex) const noexcept;
  /// For a record without a sampler id, where no interface has a rate of its own.
  [[nodiscard]] ResolvedSampling without_id() const noexcept { return without_id_; }
  [[nodiscard]] bool has_interfaces() const noexcept { return !interfaces_.empty(); }
  [[nodiscard]] std::uint64_t system_init_ms() const noexcept { return system_init_ms_; }

 private:
  /// Sorted by subject.
  using Rates = std::vector<std::pair<std::uint64_t, std::uint32_t>>;

  [[nodiscard]] static std::uint32_t find(const Rates& rates, std::uint64_t subject) noexcept;
  static void put(Rates& rates, std::uint64_t subject, std::uint32_t interval);
  void resolve_without_id() noexcept;

  Rates samplers_;
  Rates interfaces_;
  std::uint32_t domain_interval_ = 0;
  std::uint64_t system_init_ms_ = 0;
  ResolvedSampling without_id_;
};

using SamplerTablePtr = std::shared_ptr<const SamplerTable>;

}  // namespace weir::wire
