#include "collector/wire/held_sets.h"

#include <utility>

namespace weir::wire {
namespace {

/// Roughly what list, index and allocator take for one set.
constexpr std::size_t kOverheadBytes = 160;

}  // namespace

std::uint32_t HeldSets::hold(Held set, std::size_t most_bytes) {
  std::uint32_t given_up = 0;
  const std::size_t cost = cost_of(set);
  if (cost > most_bytes) return static_cast<std::uint32_t>(set.body.size());
  while (cost > most_bytes - cost_) given_up += give_up_oldest();
  cost_ += cost;
  const Place place{key_of(set), ++last_order_};
  sets_.push_back({.held = std::move(set), .order = place.second});
  waiting_.emplace(place, std::prev(sets_.end()));
  return given_up;
}

std::uint32_t HeldSets::expire(TrafficTime oldest) {
  std::uint32_t given_up = 0;
  while (!sets_.empty() && sets_.front().held.context.arrival < oldest)
    given_up += give_up_oldest();
  return given_up;
}

std::vector<HeldSets::Held> HeldSets::take(const Key& key) {
  std::vector<Held> taken;
  const auto first = waiting_.lower_bound({key, 0});
  auto next = first;
  for (; next != waiting_.end() && next->first.first == key; ++next) {
    Held& held = next->second->held;
    cost_ -= cost_of(held);
    taken.push_back(std::move(held));
    sets_.erase(next->second);
  }
  waiting_.erase(first, next);
  return taken;
}

std::vector<HeldSets::Key> HeldSets::awaited(Protocol protocol, std::uint32_t domain,
                                             std::size_t most) const {
  std::vector<Key> keys;
  auto next = waiting_.lower_bound({{.protocol = protocol, .domain = domain}, 0});
  while (next != waiting_.end() && keys.size() < most) {
    const Key& key = next->first.first;
    if (key.protocol != protocol || key.domain != domain) break;
    keys.push_back(key);
    next = waiting_.upper_bound({key, UINT64_MAX});
  }
  return keys;
}

std::size_t HeldSets::cost_of(const Held& set) noexcept {
  return sizeof(Entry) + kOverheadBytes + set.body.size();
}

HeldSets::Key HeldSets::key_of(const Held& set) noexcept {
  return {.protocol = set.context.protocol, .domain = set.context.domain, .set_id = set.set_id};
}

std::uint32_t HeldSets::give_up_oldest() {
  const Entry& oldest = sets_.front();
  const auto bytes = static_cast<std::uint32_t>(oldest.held.body.size());
  cost_ -= cost_of(oldest.held);
  waiting_.erase({key_of(oldest.held), oldest.order});
  sets_.pop_front();
  return bytes;
}

}  // namespace weir::wire
