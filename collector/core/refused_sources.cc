#include "collector/core/refused_sources.h"

#include <algorithm>

namespace weir::core {

void RefusedSources::note(const IpAddress& source, TrafficTime arrival) noexcept {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock()) return;
  const auto end = kept_.begin() + static_cast<std::ptrdiff_t>(count_);
  auto entry = std::find_if(kept_.begin(), end,
                            [&](const RefusedSource& kept) { return kept.address == source; });
  if (entry == end) {
    entry = count_ < kKept ? kept_.begin() + static_cast<std::ptrdiff_t>(count_++)
                           : std::ranges::min_element(kept_, {}, &RefusedSource::last);
    *entry = {.address = source};
  }
  ++entry->datagrams;
  entry->last = arrival;
}

std::vector<RefusedSource> RefusedSources::entries() const {
  const std::lock_guard lock(mutex_);
  return {kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(count_)};
}

}  // namespace weir::core
