#include "collector/wire/held_sets.h"

#include <iterator>
#include <utility>

namespace weir::wire {
namespace {

/// Roughly what list, index and allocator take for one set.
constexpr std::size_t kOverheadBytes = 128;

}  // namespace

std::vector<HeldSets::Held> HeldSets::hold(Held set, std::size_t most_bytes) {
  std::vector<Held> given_up;
  const std::size_t cost = cost_of(set);
  if (cost > most_bytes) {
    given_up.push_back(std::move(set));
    return given_up;
  }
  while (cost > most_bytes - cost_) given_up.push_back(give_up_oldest());
  cost_ += cost;
  const Place place{key_of(set), ++last_order_};
  sets_.push_back({.held = std::move(set), .order = place.second});
  waiting_.emplace(place, std::prev(sets_.end()));
  return given_up;
}

std::vector<HeldSets::Held> HeldSets::expire(TrafficTime oldest) {
  std::vector<Held> given_up;
  while (!sets_.empty() && sets_.front().held.context.arrival < oldest) {
    given_up.push_back(give_up_oldest());
  }
  return given_up;
}

std::vector<HeldSets::Held> HeldSets::take_all() {
  std::vector<Held> taken;
  taken.reserve(sets_.size());
  for (Entry& entry : sets_) taken.push_back(std::move(entry.held));
  sets_.clear();
  waiting_.clear();
  cost_ = 0;
  return taken;
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
    if (key.set_id != kForSampling) keys.push_back(key);
    next = waiting_.upper_bound({key, UINT64_MAX});
  }
  return keys;
}

std::size_t HeldSets::cost_of(const Held& set) noexcept {
  return sizeof(Held) + kOverheadBytes + set.body.size();
}

HeldSets::Key HeldSets::key_of(const Held& set) noexcept {
  return {.protocol = set.context.protocol,
          .domain = set.context.domain,
          .set_id = set.layout ? kForSampling : set.set_id};
}

HeldSets::Held HeldSets::give_up_oldest() {
  Entry& oldest = sets_.front();
  cost_ -= cost_of(oldest.held);
  waiting_.erase({key_of(oldest.held), oldest.order});
  Held given_up = std::move(oldest.held);
  sets_.pop_front();
  return given_up;
}

}  // namespace weir::wire
