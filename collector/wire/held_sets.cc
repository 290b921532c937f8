#include "collector/wire/held_sets.h"

#include <utility>

namespace weir::wire {
namespace {

/// Roughly what list, index and allocator take for one set.
constexpr std::size_t kOverheadBytes = 128;

}  // namespace

std::uint32_t HeldSets::hold(Held set, std::size_t most_bytes) {
  std::uint32_t given_up = 0;
  const std::size_t cost = cost_of(set);
  if (cost > most_bytes) return static_cast<std::uint32_t>(set.body.size());
  while (cost > most_bytes - cost_) given_up += give_up_oldest();
  cost_ += cost;
  const Key key = key_of(set);
  sets_.push_back(std::move(set));
  waiting_[key].push_back(std::prev(sets_.end()));
  return given_up;
}

std::uint32_t HeldSets::expire(TrafficTime oldest) {
  std::uint32_t given_up = 0;
  while (!sets_.empty() && sets_.front().context.arrival < oldest) given_up += give_up_oldest();
  return given_up;
}

std::vector<HeldSets::Held> HeldSets::take(const Key& key) {
  std::vector<Held> taken;
  const auto found = waiting_.find(key);
  if (found == waiting_.end()) return taken;
  taken.reserve(found->second.size());
  for (const Sets::iterator set : found->second) {
    cost_ -= cost_of(*set);
    taken.push_back(std::move(*set));
    sets_.erase(set);
  }
  waiting_.erase(found);
  return taken;
}

std::vector<HeldSets::Key> HeldSets::awaited(Protocol protocol, std::uint32_t domain,
                                             std::size_t most) const {
  std::vector<Key> keys;
  for (const auto& [key, sets] : waiting_) {
    if (keys.size() == most) break;
    if (key.protocol == protocol && key.domain == domain) keys.push_back(key);
  }
  return keys;
}

std::size_t HeldSets::cost_of(const Held& set) noexcept {
  return sizeof(Held) + kOverheadBytes + set.body.size();
}

HeldSets::Key HeldSets::key_of(const Held& set) noexcept {
  return {.protocol = set.context.protocol, .set_id = set.set_id, .domain = set.context.domain};
}

std::uint32_t HeldSets::give_up_oldest() {
  const Held& oldest = sets_.front();
  const auto bytes = static_cast<std::uint32_t>(oldest.body.size());
  cost_ -= cost_of(oldest);
  const auto found = waiting_.find(key_of(oldest));
  // Sets of one key wait in order of arrival, so the oldest of all is the first of its key.
  found->second.pop_front();
  if (found->second.empty()) waiting_.erase(found);
  sets_.pop_front();
  return bytes;
}

}  // namespace weir::wire
