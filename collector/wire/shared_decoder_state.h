#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "collector/wire/compiled_template.h"
#include "collector/wire/decoder.h"
#include "collector/wire/sampler_table.h"
#include "collector/wire/session.h"

namespace weir::wire {

/// Templates and sampler tables of all exporters, for all workers of the process.
///
/// Readers keep their own pointers and compare generation(), one acquire load, with the one
/// they last saw; only a moved generation or an unknown template takes the mutex. The
/// generation moves when something really changed: a repeated template or rate moves nothing.
///
/// Bounded by DecoderLimits: a domain beyond an exporter's limit evicts the one of the same
/// exporter that was taught longest ago.
///
/// Threads: all functions, any thread. What the pointers lead to never changes.
class SharedDecoderState {
 public:
  explicit SharedDecoderState(std::shared_ptr<EventLog> events);

  [[nodiscard]] EventLog& events() const noexcept { return *events_; }

  [[nodiscard]] std::uint64_t generation() const noexcept {
    // Pairs with the release in moved(): who sees the number sees what it announces.
    return generation_.load(std::memory_order_acquire);
  }

  /// What learn() did. `refused` says why the template was not kept, if `is_kept` is false.
  struct Learned {
    bool is_kept = false;
    bool is_new_key = false;  ///< address, protocol, domain and id were never seen together
    std::uint32_t evicted_domains = 0;
    DecodeError refused = DecodeError::TooManyTemplates;
  };
  [[nodiscard]] Learned learn(const SessionKey& session, std::uint16_t id, TemplatePtr layout,
                              const DecoderLimits& limits);

  /// The session's own template, or the one on which all sessions of its domain that know
  /// `id` agree; null if there is none.
  struct Found {
    TemplatePtr layout;
    bool is_own = false;
  };
  [[nodiscard]] Found find(const SessionKey& session, std::uint16_t id) const;

  /// Forgets one template of the session. True if it was known.
  bool withdraw(const SessionKey& session, std::uint16_t id);
  /// Forgets all data templates, or all options templates, of the session.
  enum class Kind : std::uint8_t { Data, Options };
  void withdraw_all(const SessionKey& session, Kind kind);

  /// Null until options data were seen.
  [[nodiscard]] SamplerTablePtr samplers(const DomainKey& domain) const;

  /// What announce() did.
  struct Announced {
    std::uint32_t evicted_domains = 0;
    /// Intervals that were known and are others now: what said so, and the one before.
    std::vector<std::pair<Announcement, std::uint32_t>> changed;
  };
  /// Applies what changes anything.
  [[nodiscard]] Announced announce(const DomainKey& domain, std::span<const Announcement> news,
                                   const DecoderLimits& limits);

  /// A number for a template that no other one has.
  [[nodiscard]] std::uint64_t next_stamp() noexcept {
    return next_stamp_.fetch_add(1, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }

 private:
  template <class Key, class Value>
  using Map = boost::unordered_flat_map<Key, Value, KeyHash>;
  using Templates = boost::unordered_flat_map<std::uint16_t, TemplatePtr>;

  struct Session {
    Templates templates;
    std::uint64_t taught = 0;
  };
  struct Domain {
    boost::unordered_flat_map<std::uint16_t, Session> sessions;  // by port
    boost::unordered_flat_set<std::uint32_t> seen;               // id, and bit 16 for options
    SamplerTablePtr samplers;
    std::uint64_t taught = 0;
  };
  struct Exporter {
    std::vector<DomainKey> domains;
  };

  /// All below with mutex_ held.
  [[nodiscard]] Domain& domain_for(const DomainKey& key, const DecoderLimits& limits,
                                   std::uint32_t& evicted);
  void moved() noexcept;

  mutable std::mutex mutex_;          ///< guards domains_, exporters_, lessons_
  std::shared_ptr<EventLog> events_;  ///< never null
  std::uint64_t seed_;
  Map<DomainKey, Domain> domains_;
  Map<IpAddress, Exporter> exporters_;
  std::uint64_t lessons_ = 0;
  std::atomic<std::uint64_t> generation_{1};
  std::atomic<std::uint64_t> next_stamp_{16};  ///< lower ones are the fixed layouts
};

}  // namespace weir::wire
