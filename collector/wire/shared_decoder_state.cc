#include "collector/wire/shared_decoder_state.h"

#include <algorithm>
#include <random>
#include <utility>

namespace weir::wire {
namespace {

[[nodiscard]] std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

/// Keys that are remembered to count each once, as a multiple of the templates that are kept.
constexpr std::size_t kSeenPerTemplate = 4;

}  // namespace

SharedDecoderState::SharedDecoderState(std::shared_ptr<EventLog> events)
    : events_(events ? std::move(events) : std::make_shared<EventLog>()),
      seed_(random_seed()),
      domains_(0, KeyHash{seed_}),
      exporters_(0, KeyHash{seed_}) {}

std::shared_ptr<SharedDecoderState> make_shared_decoder_state(std::shared_ptr<EventLog> events) {
  return std::make_shared<SharedDecoderState>(std::move(events));
}

SharedDecoderState::Learned SharedDecoderState::learn(const SessionKey& session, std::uint16_t id,
                                                      TemplatePtr layout,
                                                      const DecoderLimits& limits) {
  Learned learned;
  const std::lock_guard lock{mutex_};
  Domain& domain = domain_for(session.domain, limits, learned.evicted_domains);
  domain.taught = ++lessons_;

  if (!domain.sessions.contains(session.port) &&
      domain.sessions.size() >= limits.domains_per_exporter) {
    const auto oldest = std::ranges::min_element(
        domain.sessions, {}, [](const auto& entry) { return entry.second.taught; });
    domain.sessions.erase(oldest);
    ++learned.evicted_domains;
  }
  Session& own = domain.sessions[session.port];
  own.taught = lessons_;

  const auto known = own.templates.find(id);
  if (known == own.templates.end() && own.templates.size() >= limits.templates_per_domain) {
    learned.refused = DecodeError::TooManyTemplates;
    return learned;
  }
  const std::uint32_t seen_key = id | (layout->is_options() ? 0x1'0000U : 0U);
  if (domain.seen.size() < kSeenPerTemplate * limits.templates_per_domain) {
    learned.is_new_key = domain.seen.insert(seen_key).second;
  }
  learned.is_kept = true;
  if (known != own.templates.end() && known->second->definition() == layout->definition()) {
    return learned;
  }
  own.templates.insert_or_assign(id, std::move(layout));
  moved();
  return learned;
}

SharedDecoderState::Found SharedDecoderState::find(const SessionKey& session,
                                                   std::uint16_t id) const {
  const std::lock_guard lock{mutex_};
  const auto domain = domains_.find(session.domain);
  if (domain == domains_.end()) return {};
  const auto& sessions = domain->second.sessions;
  if (const auto own = sessions.find(session.port); own != sessions.end()) {
    const auto known = own->second.templates.find(id);
    if (known != own->second.templates.end()) return {.layout = known->second, .is_own = true};
  }
  TemplatePtr agreed;
  for (const auto& [port, other] : sessions) {
    const auto known = other.templates.find(id);
    if (known == other.templates.end()) continue;
    if (!agreed) {
      agreed = known->second;
    } else if (!(agreed->definition() == known->second->definition())) {
      return {};
    }
  }
  return {.layout = std::move(agreed), .is_own = false};
}

bool SharedDecoderState::withdraw(const SessionKey& session, std::uint16_t id) {
  const std::lock_guard lock{mutex_};
  const auto domain = domains_.find(session.domain);
  if (domain == domains_.end()) return false;
  const auto own = domain->second.sessions.find(session.port);
  if (own == domain->second.sessions.end() || own->second.templates.erase(id) == 0) return false;
  moved();
  return true;
}

void SharedDecoderState::withdraw_all(const SessionKey& session, Kind kind) {
  const std::lock_guard lock{mutex_};
  const auto domain = domains_.find(session.domain);
  if (domain == domains_.end()) return;
  const auto own = domain->second.sessions.find(session.port);
  if (own == domain->second.sessions.end()) return;
  const auto erased = boost::unordered::erase_if(own->second.templates, [kind](const auto& entry) {
    return entry.second->is_options() == (kind == Kind::Options);
  });
  if (erased != 0) moved();
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
    const auto oldest = std::ranges::min_element(
        exporter.domains, {}, [&](const DomainKey& other) { return domains_.at(other).taught; });
    domains_.erase(*oldest);
    *oldest = key;
    ++evicted;
  } else {
    exporter.domains.push_back(key);
  }
  return domains_[key];
}

void SharedDecoderState::moved() noexcept {
  // Pairs with the acquire in generation().
  generation_.fetch_add(1, std::memory_order_release);
}

}  // namespace weir::wire
