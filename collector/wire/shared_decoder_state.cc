#include "collector/wire/shared_decoder_state.h"

#include <algorithm>
#include <random>
#include <tuple>
#include <utility>

namespace weir::wire {
namespace {

[[nodiscard]] std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

[[nodiscard]] std::uint64_t hash_of(const TemplateDefinition& definition,
                                    std::uint64_t seed) noexcept {
  std::uint64_t hash = seed;
  const auto mix = [&hash](std::uint64_t value) {
    hash = (hash ^ value) * 0x9e37'79b9'7f4a'7c15ULL;
    hash ^= hash >> 32;
  };
  mix((std::uint64_t{definition.scope_fields} << 16) | (definition.is_options ? 0x100U : 0U) |
      static_cast<std::uint64_t>(definition.protocol));
  for (const TemplateField& field : definition.fields)
    mix((std::uint64_t{field.enterprise} << 32) | (std::uint64_t{field.id} << 16) | field.length);
  return hash;
}

/// One session fewer knows `id`.
void forget_one(boost::unordered_flat_map<std::uint16_t, std::uint32_t>& known_by,
                std::uint16_t id) {
  const auto at = known_by.find(id);
  if (--at->second == 0) known_by.erase(at);
}

/// Keys that are remembered to count each once, as a multiple of the templates that are kept.
constexpr std::size_t kSeenPerTemplate = 4;

/// A domain that is not heard for longer is silent: its templates do not age.
constexpr TrafficSpan kSilence = std::chrono::minutes{5};
constexpr TrafficSpan kTendEvery = std::chrono::minutes{1};
/// Cisco routers resend every 30 minutes unless told otherwise.
constexpr TrafficSpan kTemplateLife = std::chrono::minutes{30};
constexpr int kLifeInGaps = 4;

/// What a template counts in the exporter's budget of fields.
[[nodiscard]] std::uint64_t cost_of(const CompiledTemplate& layout) noexcept {
  return layout.definition().fields.size() + 16;
}

}  // namespace

SharedDecoderState::SharedDecoderState(std::shared_ptr<EventLog> events)
    : events_(events ? std::move(events) : std::make_shared<EventLog>()),
      seed_(random_seed()),
      domains_(0, KeyHash{seed_}),
      exporters_(0, KeyHash{seed_}) {}

std::shared_ptr<SharedDecoderState> make_shared_decoder_state(std::shared_ptr<EventLog> events) {
  return std::make_shared<SharedDecoderState>(std::move(events));
}

TrafficTime SharedDecoderState::Domain::own_time(TrafficTime now) noexcept {
  if (heard == TrafficTime::min()) heard = now;
  const TrafficSpan gap = now - heard;
  if (gap > kSilence || gap < -kSilence) {
    silence += gap;
    heard = now;
  } else {
    heard = std::max(heard, now);
  }
  return now - silence;
}

Decoded<TemplatePtr> SharedDecoderState::compile(const TemplateDefinition& definition) {
  const std::uint64_t hash = hash_of(definition, seed_);
  {
    const std::lock_guard lock{layouts_mutex_};
    if (const auto at = layouts_.find(hash); at != layouts_.end()) {
      if (TemplatePtr known = at->second.lock(); known && known->definition() == definition)
        return known;
    }
  }
  auto compiled = compile_template(definition, next_stamp());
  if (!compiled) return compiled;
  const std::lock_guard lock{layouts_mutex_};
  if (layouts_.size() >= sweep_layouts_at_) {
    boost::unordered::erase_if(layouts_, [](const auto& entry) { return entry.second.expired(); });
    sweep_layouts_at_ = std::max(sweep_layouts_at_, 2 * layouts_.size());
  }
  layouts_.insert_or_assign(hash, *compiled);
  return compiled;
}

SharedDecoderState::Learned SharedDecoderState::learn(const SessionKey& session, std::uint16_t id,
                                                      TemplatePtr layout,
                                                      const DecoderLimits& limits,
                                                      TrafficTime now) {
  Learned learned;
  const std::lock_guard lock{mutex_};
  Domain& domain = domain_for(session.domain, limits, learned.evicted_domains);
  domain.taught = ++lessons_;
  const TrafficTime own_now = domain.own_time(now);

  if (!domain.sessions.contains(session.port) &&
      domain.sessions.size() >= limits.domains_per_exporter) {
    const auto oldest = std::ranges::min_element(
        domain.sessions, {}, [](const auto& entry) { return entry.second.taught; });
    drop_session(session.domain, domain, oldest->first);
    ++learned.evicted_domains;
  }
  domain.sessions[session.port].taught = lessons_;

  const auto layout_before = [&]() -> const CompiledTemplate* {
    const Templates& templates = domain.sessions[session.port].templates;
    const auto known = templates.find(id);
    return known == templates.end() ? nullptr : known->second.layout.get();
  };
  const CompiledTemplate* const before = layout_before();
  const std::uint64_t cost_before = before == nullptr ? 0 : cost_of(*before);
  const std::uint64_t cost = cost_of(*layout);
  const bool is_too_many = before == nullptr && domain.sessions[session.port].templates.size() >=
                                                    limits.templates_per_domain;
  if (is_too_many || (cost > cost_before &&
                      !make_room(session, cost - cost_before, limits, learned.evicted_domains))) {
    learned.refused = DecodeError::TooManyTemplates;
    return learned;
  }
  const std::uint32_t seen_key = id | (layout->is_options() ? 0x1'0000U : 0U);
  if (domain.seen.size() < kSeenPerTemplate * limits.templates_per_domain) {
    learned.is_new_key = domain.seen.insert(seen_key).second;
  }
  learned.is_kept = true;
  // Found anew: make_room() may have dropped other sessions.
  const auto [known, is_new] = domain.sessions[session.port].templates.try_emplace(id);
  if (is_new) ++domain.known_by[id];
  Entry& entry = known->second;
  entry.is_suspect = false;
  if (!is_new && entry.layout->definition() == layout->definition()) {
    entry.longest_gap = std::max(entry.longest_gap, own_now - entry.seen);
    entry.seen = own_now;
    return learned;
  }
  Exporter& exporter = exporter_of(session.domain);
  exporter.fields = exporter.fields - cost_before + cost;
  entry = Entry{.layout = std::move(layout), .seen = own_now};
  moved();
  return learned;
}

bool SharedDecoderState::repeat(const SessionKey& session, std::uint16_t id, TrafficTime now) {
  const std::lock_guard lock{mutex_};
  Domain* const domain = find_domain(session.domain);
  if (domain == nullptr) return false;
  const auto own = domain->sessions.find(session.port);
  if (own == domain->sessions.end()) return false;
  const auto known = own->second.templates.find(id);
  if (known == own->second.templates.end()) return false;
  domain->taught = ++lessons_;
  own->second.taught = lessons_;
  Entry& entry = known->second;
  const TrafficTime own_now = domain->own_time(now);
  entry.longest_gap = std::max(entry.longest_gap, own_now - entry.seen);
  entry.seen = std::max(entry.seen, own_now);
  entry.is_suspect = false;
  return true;
}

void SharedDecoderState::use(const SessionKey& session, std::uint16_t id, TrafficTime now) {
  const std::lock_guard lock{mutex_};
  Domain* const domain = find_domain(session.domain);
  if (domain == nullptr) return;
  domain->taught = ++lessons_;
  domain->is_used = true;
  const TrafficTime own_now = domain->own_time(now);
  const auto mark = [&](Session& by) {
    const auto known = by.templates.find(id);
    if (known == by.templates.end()) return false;
    by.taught = lessons_;
    known->second.used = std::max(known->second.used, own_now);
    return true;
  };
  const auto own = domain->sessions.find(session.port);
  if (own != domain->sessions.end() && mark(own->second)) return;
  // It relies on the template on which all others agree.
  for (auto& [port, other] : domain->sessions) (void)mark(other);
}

void SharedDecoderState::suspect(const SessionKey& session) {
  const std::lock_guard lock{mutex_};
  Domain* const domain = find_domain(session.domain);
  if (domain == nullptr) return;
  const auto own = domain->sessions.find(session.port);
  if (own == domain->sessions.end()) return;
  bool has_changed = false;
  for (auto& [id, entry] : own->second.templates) {
    has_changed = has_changed || !entry.is_suspect;
    entry.is_suspect = true;
  }
  if (has_changed) moved();
}

std::uint32_t SharedDecoderState::tend(const DomainKey& key, TrafficTime now) {
  const std::lock_guard lock{mutex_};
  Domain* const domain = find_domain(key);
  if (domain == nullptr) return 0;
  const TrafficTime own_now = domain->own_time(now);
  // Compared as a distance: a clock that was set back must not stop it for long.
  if (domain->tended != TrafficTime::min() && own_now - domain->tended < kTendEvery &&
      domain->tended - own_now < kTendEvery) {
    return 0;
  }
  domain->tended = own_now;
  std::uint32_t ended = 0;
  std::vector<std::uint16_t> empty;
  for (auto& [port, session] : domain->sessions) {
    ended += erase_templates(key, session, [own_now](const Entry& entry) {
      const TrafficSpan life = std::max(kTemplateLife, kLifeInGaps * entry.longest_gap);
      return own_now - std::max(entry.seen, entry.used) > life;
    });
    if (session.templates.empty()) empty.push_back(port);
  }
  for (const std::uint16_t port : empty) domain->sessions.erase(port);
  if (ended != 0) moved();
  return ended;
}

SharedDecoderState::Found SharedDecoderState::find(const SessionKey& session,
                                                   std::uint16_t id) const {
  const std::lock_guard lock{mutex_};
  const auto at = domains_.find(session.domain);
  if (at == domains_.end()) return {};
  const Domain& domain = at->second;
  if (const auto own = domain.sessions.find(session.port); own != domain.sessions.end()) {
    const auto known = own->second.templates.find(id);
    if (known != own->second.templates.end()) return found(known->second, domain, true);
  }
  if (!domain.known_by.contains(id)) return {};
  // Those of an exporter that began again count only where nobody knows better.
  const Entry* agreed = nullptr;
  bool is_disputed = false;
  for (const auto& [port, other] : domain.sessions) {
    const auto known = other.templates.find(id);
    if (known == other.templates.end()) continue;
    const Entry& entry = known->second;
    if (agreed == nullptr || (agreed->is_suspect && !entry.is_suspect)) {
      agreed = &entry;
      is_disputed = false;
    } else if (agreed->is_suspect == entry.is_suspect &&
               !(agreed->layout->definition() == entry.layout->definition())) {
      is_disputed = true;
    }
  }
  if (agreed == nullptr || is_disputed) return {};
  return found(*agreed, domain, false);
}

SharedDecoderState::Found SharedDecoderState::found(const Entry& entry, const Domain& domain,
                                                    bool is_own) {
  const TrafficTime never = TrafficTime::min();
  return {.layout = entry.layout,
          .is_own = is_own,
          .seen = entry.seen + domain.silence,
          .used = entry.used == never ? never : entry.used + domain.silence};
}

bool SharedDecoderState::withdraw(const SessionKey& session, std::uint16_t id) {
  const std::lock_guard lock{mutex_};
  Domain* const domain = find_domain(session.domain);
  if (domain == nullptr) return false;
  const auto own = domain->sessions.find(session.port);
  if (own == domain->sessions.end()) return false;
  const auto known = own->second.templates.find(id);
  if (known == own->second.templates.end()) return false;
  exporter_of(session.domain).fields -= cost_of(*known->second.layout);
  own->second.templates.erase(known);
  forget_one(domain->known_by, id);
  moved();
  return true;
}

template <class IsGone>
std::uint32_t SharedDecoderState::erase_templates(const DomainKey& key, Session& session,
                                                  IsGone is_gone) {
  Exporter& exporter = exporter_of(key);
  auto& known_by = domains_.at(key).known_by;
  const auto erased = boost::unordered::erase_if(session.templates, [&](const auto& known) {
    if (!is_gone(known.second)) return false;
    exporter.fields -= cost_of(*known.second.layout);
    forget_one(known_by, known.first);
    return true;
  });
  return static_cast<std::uint32_t>(erased);
}

void SharedDecoderState::drop_session(const DomainKey& key, Domain& domain, std::uint16_t port) {
  (void)erase_templates(key, domain.sessions[port], [](const Entry&) { return true; });
  domain.sessions.erase(port);
  moved();
}

void SharedDecoderState::drop_domain(const DomainKey& key) {
  Domain& domain = domains_.at(key);
  while (!domain.sessions.empty()) drop_session(key, domain, domain.sessions.begin()->first);
  domains_.erase(key);
  std::erase(exporter_of(key).domains, key);
  moved();
}

bool SharedDecoderState::make_room(const SessionKey& session, std::uint64_t cost,
                                   const DecoderLimits& limits, std::uint32_t& evicted) {
  Exporter& exporter = exporter_of(session.domain);
  const auto is_full = [&] { return exporter.fields + cost > limits.fields_per_exporter; };
  while (is_full() && exporter.domains.size() > 1) {
    drop_domain(stalest_domain(exporter, session.domain));
    ++evicted;
  }
  Domain& domain = domains_.at(session.domain);
  while (is_full() && domain.sessions.size() > 1) {
    const auto* oldest = &*domain.sessions.begin();
    for (const auto& entry : domain.sessions) {
      const bool is_older =
          oldest->first == session.port || entry.second.taught < oldest->second.taught;
      if (entry.first != session.port && is_older) oldest = &entry;
    }
    drop_session(session.domain, domain, oldest->first);
    ++evicted;
  }
  return !is_full();
}

const DomainKey& SharedDecoderState::stalest_domain(const Exporter& exporter,
                                                    const DomainKey& but) const {
  return *std::ranges::min_element(exporter.domains, {}, [&](const DomainKey& key) {
    const Domain& domain = domains_.at(key);
    return std::tuple{key == but, domain.is_used, domain.taught};
  });
}

SharedDecoderState::Domain* SharedDecoderState::find_domain(const DomainKey& key) {
  const auto known = domains_.find(key);
  return known == domains_.end() ? nullptr : &known->second;
}

DecoderKnowledge SharedDecoderState::snapshot() const {
  struct Kept {
    std::uint16_t id;
    Found found;
    TrafficSpan longest_gap;
  };
  struct KeptSession {
    std::uint16_t port;
    std::vector<Kept> templates;
  };
  struct KeptDomain {
    DomainKey key;
    TrafficTime heard;
    std::vector<KeptSession> sessions;
    SamplerTablePtr samplers;
  };
  // Workers wait while the lock is held: only pointers are copied under it.
  std::vector<KeptDomain> kept;
  {
    const std::lock_guard lock{mutex_};
    kept.reserve(domains_.size());
    for (const auto& [key, domain] : domains_) {
      KeptDomain& of = kept.emplace_back(KeptDomain{key, domain.heard, {}, domain.samplers});
      for (const auto& [port, session] : domain.sessions) {
        KeptSession& by = of.sessions.emplace_back(KeptSession{port, {}});
        for (const auto& [id, entry] : session.templates) {
          by.templates.push_back({id, found(entry, domain, true), entry.longest_gap});
        }
      }
    }
  }
  std::ranges::sort(kept, {}, [](const KeptDomain& d) {
    return std::tuple{d.key.address, d.key.protocol, d.key.domain};
  });
  DecoderKnowledge knowledge;
  for (KeptDomain& of : kept) {
    std::ranges::sort(of.sessions, {}, &KeptSession::port);
    auto& domain = knowledge.domains.emplace_back();
    domain.key = of.key;
    domain.heard = of.heard;
    if (of.samplers) domain.samplers = of.samplers->announcements();
    for (KeptSession& by : of.sessions) {
      if (by.templates.empty()) continue;
      std::ranges::sort(by.templates, {}, &Kept::id);
      auto& session = domain.sessions.emplace_back();
      session.port = by.port;
      for (const Kept& one : by.templates) {
        session.templates.push_back({.id = one.id,
                                     .definition = one.found.layout->definition(),
                                     .seen = one.found.seen,
                                     .used = std::max(one.found.used, traffic_time_ms(0)),
                                     .longest_gap = one.longest_gap});
      }
    }
  }
  std::erase_if(knowledge.domains, [](const DecoderKnowledge::Domain& domain) {
    return domain.sessions.empty() && domain.samplers.empty();
  });
  knowledge.interfaces = interfaces_.all();
  return knowledge;
}

void SharedDecoderState::restore(const DecoderKnowledge& knowledge, const DecoderLimits& limits) {
  for (const DecoderKnowledge::Domain& from : knowledge.domains) {
    for (const DecoderKnowledge::Session& by : from.sessions) {
      const SessionKey key{.domain = from.key, .port = by.port};
      for (const DecoderKnowledge::Template& one : by.templates) {
        if (one.definition.fields.size() > limits.fields_per_template) continue;
        auto layout = compile(one.definition);
        if (!layout || !learn(key, one.id, std::move(*layout), limits, from.heard).is_kept)
          continue;
        const std::lock_guard lock{mutex_};
        Domain& domain = domains_.at(from.key);
        Entry& entry = domain.sessions.at(by.port).templates.at(one.id);
        entry.seen = std::min(one.seen, from.heard);
        entry.used = std::min(one.used, from.heard);
        entry.longest_gap = one.longest_gap;
        domain.is_used = domain.is_used || one.used > traffic_time_ms(0);
      }
    }
    if (!from.samplers.empty()) (void)announce(from.key, from.samplers, limits);
  }
  for (const InterfaceTable::OfExporter& of : knowledge.interfaces) {
    for (const LearnedInterface& told : of.interfaces) {
      const InterfaceAnnouncement said{.ifindex = told.ifindex,
                                       .name = WireText{told.name},
                                       .description = WireText{told.description}};
      (void)interfaces_.learn(of.exporter, said);
      if (told.bits_per_second != 0) {
        (void)interfaces_.learn_speed(of.exporter, told.ifindex, told.bits_per_second);
      }
    }
  }
}

SamplerTablePtr SharedDecoderState::samplers(const DomainKey& key) const {
  const std::lock_guard lock{mutex_};
  const auto domain = domains_.find(key);
  return domain == domains_.end() ? nullptr : domain->second.samplers;
}

SharedDecoderState::Announced SharedDecoderState::announce(const DomainKey& key,
                                                           std::span<const Announcement> news,
                                                           const DecoderLimits& limits) {
  Announced announced;
  const std::lock_guard lock{mutex_};
  Domain& domain = domain_for(key, limits, announced.evicted_domains);
  domain.taught = ++lessons_;
  auto table = domain.samplers ? std::make_shared<SamplerTable>(*domain.samplers)
                               : std::make_shared<SamplerTable>();
  bool has_changed = false;
  for (const Announcement& a : news) {
    has_changed = table->would_change(a) || has_changed;
    if (const std::uint32_t before = table->apply(a); before != 0) {
      announced.changed.emplace_back(a, before);
    }
  }
  if (has_changed) {
    domain.samplers = std::move(table);
    moved();
  }
  return announced;
}

SharedDecoderState::Domain& SharedDecoderState::domain_for(const DomainKey& key,
                                                           const DecoderLimits& limits,
                                                           std::uint32_t& evicted) {
  if (const auto known = domains_.find(key); known != domains_.end()) return known->second;
  Exporter& exporter = exporters_[key.address];
  if (exporter.domains.size() >= limits.domains_per_exporter) {
    drop_domain(DomainKey{stalest_domain(exporter, key)});
    ++evicted;
  }
  exporter.domains.push_back(key);
  return domains_[key];
}

std::uint64_t SharedDecoderState::lessons() const {
  const std::lock_guard lock{mutex_};
  return lessons_;
}

void SharedDecoderState::moved() noexcept {
  // Pairs with the acquire in generation().
  generation_.fetch_add(1, std::memory_order_release);
}

}  // namespace weir::wire
