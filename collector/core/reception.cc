#include "collector/core/reception.h"

namespace weir::core {

bool ReceptionRing::move_to(TrafficTime start) noexcept {
  Place& place = places_[place_of(start)];
  const std::int64_t start_ms = since_epoch_ms(start);
  const std::int64_t held_ms = place.start_ms.load(std::memory_order_relaxed);
  if (held_ms > start_ms) return false;
  current_ = &place;
  start_ = start;
  if (held_ms == start_ms) return true;
  place.start_ms.store(kEmpty, std::memory_order_relaxed);
  for (Value* const value :
       {&place.datagrams, &place.units, &place.lost, &place.recovered, &place.sequence_unknown})
    // Behind the mark: pairs with the acquire loads of read().
    value->store(0, std::memory_order_release);
  place.smallest_sampling.store(0, std::memory_order_release);
  place.largest_sampling.store(0, std::memory_order_release);
  // Pairs with the first load of read(): who sees the start sees the zeroes.
  place.start_ms.store(start_ms, std::memory_order_release);
  return true;
}

std::optional<Reception> ReceptionRing::read(TrafficTime start) const noexcept {
  const Place& place = places_[place_of(start)];
  const std::int64_t start_ms = since_epoch_ms(start);
  // Pairs with the last store of move_to().
  if (place.start_ms.load(std::memory_order_acquire) != start_ms) return std::nullopt;
  const auto value = [](const auto& from) { return from.load(std::memory_order_acquire); };
  const Reception reception{.datagrams = value(place.datagrams),
                            .units = value(place.units),
                            .lost = value(place.lost),
                            .recovered = value(place.recovered),
                            .sequence_unknown = value(place.sequence_unknown),
                            .sampling = {.smallest = value(place.smallest_sampling),
                                         .largest = value(place.largest_sampling)}};
  if (place.start_ms.load(std::memory_order_relaxed) != start_ms) return std::nullopt;
  return reception;
}

}  // namespace weir::core
