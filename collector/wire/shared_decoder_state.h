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
#include "collector/wire/decoder_knowledge.h"
#include "collector/wire/interface_table.h"
#include "collector/wire/sampler_table.h"
#include "collector/wire/session.h"

namespace weir::wire {

/// Templates, sampler tables and interfaces of all exporters, for all workers of the process.
///
/// Readers keep their own pointers and compare generation(), one acquire load, with the one
/// they last saw; only a moved generation or an unknown template takes the mutex. The
/// generation moves when something really changed: a repeated template or rate moves nothing.
///
/// A template ends when it was neither sent again nor used for the longer of kTemplateLife and
/// four times the longest pause between two of its sendings. What counts is the time for which
/// its domain is heard: an exporter that was silent for days, or a collector that was down, ends
/// nothing. Workers report use once a minute, so that none of this is on the path of a record.
///
/// Bounded by DecoderLimits: a domain beyond an exporter's limit evicts one of the same exporter,
/// one whose templates no data ever matched before others, and of those the one that was taught
/// or used longest ago. The same goes for an exporter whose templates have too many fields.
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
                              const DecoderLimits& limits, TrafficTime now);

  /// The session sent a template again that it taught before. False: it is not known any more.
  [[nodiscard]] bool repeat(const SessionKey& session, std::uint16_t id, TrafficTime now);
  /// Data matched a template that the session found.
  void use(const SessionKey& session, std::uint16_t id, TrafficTime now);
  /// The exporter of this session began again: its templates hold until it sends others, but
  /// no other session relies on them where there are better ones.
  void suspect(const SessionKey& session);
  /// The session's domain is heard. Ends templates, at most once a minute; gives how many.
  [[nodiscard]] std::uint32_t tend(const DomainKey& domain, TrafficTime now);

  /// The session's own template, or the one on which all sessions of its domain that know
  /// `id` agree; null if there is none.
  struct Found {
    TemplatePtr layout;
    bool is_own = false;
    TrafficTime seen = TrafficTime::min();  ///< as far as repeat() and use() were told
    TrafficTime used = TrafficTime::min();
  };
  [[nodiscard]] Found find(const SessionKey& session, std::uint16_t id) const;

  /// Forgets one template of the session. True if it was known.
  bool withdraw(const SessionKey& session, std::uint16_t id);

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

  /// Names and speeds of interfaces.
  [[nodiscard]] InterfaceTable& interfaces() noexcept { return interfaces_; }
  [[nodiscard]] const InterfaceTable& interfaces() const noexcept { return interfaces_; }

  /// All that is known, at this moment.
  [[nodiscard]] DecoderKnowledge snapshot() const;
  /// Takes up what another one knew. What does not compile or is beyond the limits is left
  /// out. Before any worker begins.
  void restore(const DecoderKnowledge& knowledge, const DecoderLimits& limits);

  /// Moves with all that was learned, repeated or used, as far as this was told.
  [[nodiscard]] std::uint64_t lessons() const;

  /// The compiled template of `definition`: one object for all who have the same definition,
  /// so that the routers of one make, which send alike, are read alike too. Errors as
  /// compile_template().
  [[nodiscard]] Decoded<TemplatePtr> compile(const TemplateDefinition& definition);

  /// A number for a template that no other one has.
  [[nodiscard]] std::uint64_t next_stamp() noexcept {
    return next_stamp_.fetch_add(1, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }

 private:
  template <class Key, class Value>
  using Map = boost::unordered_flat_map<Key, Value, KeyHash>;
  /// Times are those of Domain::own_time().
  struct Entry {
    TemplatePtr layout;
    TrafficTime seen;
    TrafficTime used = TrafficTime::min();
    TrafficSpan longest_gap{0};
    bool is_suspect = false;
  };
  using Templates = boost::unordered_flat_map<std::uint16_t, Entry>;

  struct Session {
    Templates templates;
    std::uint64_t taught = 0;
  };
  struct Domain {
    boost::unordered_flat_map<std::uint16_t, Session> sessions;  // by port
    boost::unordered_flat_set<std::uint32_t> seen;               // id, and bit 16 for options
    /// Sessions that know an id: one look says that nobody does, whatever is asked for.
    boost::unordered_flat_map<std::uint16_t, std::uint32_t> known_by;
    SamplerTablePtr samplers;
    std::uint64_t taught = 0;  ///< or used
    bool is_used = false;      ///< data matched some template
    TrafficTime heard = TrafficTime::min();
    TrafficTime tended = TrafficTime::min();
    TrafficSpan silence{0};  ///< all long pauses up to `heard`

    /// `now` on a clock that stands while the domain is silent. Marks it as heard.
    [[nodiscard]] TrafficTime own_time(TrafficTime now) noexcept;
  };
  struct Exporter {
    std::vector<DomainKey> domains;
    std::uint64_t fields = 0;  ///< cost of all its templates
  };

  /// All below with mutex_ held.
  [[nodiscard]] Domain& domain_for(const DomainKey& key, const DecoderLimits& limits,
                                   std::uint32_t& evicted);
  [[nodiscard]] Domain* find_domain(const DomainKey& key);
  [[nodiscard]] Exporter& exporter_of(const DomainKey& key) { return exporters_[key.address]; }
  void drop_domain(const DomainKey& key);
  void drop_session(const DomainKey& key, Domain& domain, std::uint16_t port);
  /// Erases the templates of a session for which `is_gone` holds; gives how many.
  template <class IsGone>
  std::uint32_t erase_templates(const DomainKey& key, Session& session, IsGone is_gone);
  /// Makes room for `cost` more in the budget of the exporter. False: there is none.
  [[nodiscard]] bool make_room(const SessionKey& session, std::uint64_t cost,
                               const DecoderLimits& limits, std::uint32_t& evicted);
  /// The domain to evict; `but` is the last choice.
  [[nodiscard]] const DomainKey& stalest_domain(const Exporter& exporter,
                                                const DomainKey& but) const;
  [[nodiscard]] static Found found(const Entry& entry, const Domain& domain, bool is_own);
  void moved() noexcept;

  InterfaceTable interfaces_;
  mutable std::mutex mutex_;          ///< guards domains_, exporters_, lessons_
  std::shared_ptr<EventLog> events_;  ///< never null
  std::uint64_t seed_;
  std::mutex layouts_mutex_;  ///< guards the two below
  /// By hash of the definition; empty when nobody uses it any more.
  boost::unordered_flat_map<std::uint64_t, std::weak_ptr<const CompiledTemplate>> layouts_;
  std::size_t sweep_layouts_at_ = 64;
  Map<DomainKey, Domain> domains_;
  Map<IpAddress, Exporter> exporters_;
  std::uint64_t lessons_ = 0;
  std::atomic<std::uint64_t> generation_{1};
  std::atomic<std::uint64_t> next_stamp_{16};  ///< lower ones are the fixed layouts
};

}  // namespace weir::wire
