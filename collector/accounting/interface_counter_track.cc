#include "collector/accounting/interface_counter_track.h"

#include <algorithm>

namespace weir::accounting {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t kLow32 = 0xffff'ffff;
/// At and above, 32 bits of octets wrap within 34.4 s.
constexpr std::uint64_t kNarrowForbiddenFrom = 1'000'000'000;
/// Of an interface whose speed nobody tells: no port is faster.
constexpr std::uint64_t kFastestPort = 3'200'000'000'000;
/// Readings are dated by their arrival, so two may seem nearer than they were taken.
constexpr TrafficSpan kArrivalSlack = std::chrono::seconds{2};

/// Most octets that pass in `span`.
std::uint64_t most_octets(TrafficSpan span, BitsPerSecond speed) noexcept {
  const std::uint64_t rate = speed.value() == 0 ? kFastestPort : speed.value();
  const auto ms = static_cast<std::uint64_t>((span + kArrivalSlack).count());
  return static_cast<std::uint64_t>(Wide{rate} * ms / 8'000);
}

std::uint64_t share(std::uint64_t amount, std::int64_t part_ms, std::int64_t span_ms) noexcept {
  return static_cast<std::uint64_t>(Wide{amount} * static_cast<std::uint64_t>(part_ms) /
                                    static_cast<std::uint64_t>(span_ms));
}

CounterDelta share(const CounterDelta& delta, std::int64_t part_ms, std::int64_t span_ms) noexcept {
  return {.octets = share(delta.octets, part_ms, span_ms),
          .discards = share(delta.discards, part_ms, span_ms)};
}

/// Adds what lies between two shares of one delta.
void add(CounterDelta& sum, const CounterDelta& until, const CounterDelta& from) noexcept {
  sum.octets += until.octets - from.octets;
  sum.discards += until.discards - from.discards;
}

/// Discards have 32 bits, which far fewer packets than they hold set apart from the next reading.
CounterDelta delta_of(std::uint64_t octets, const DirectionReading& before,
                      const DirectionReading& after) noexcept {
  return {.octets = octets, .discards = after.discards - before.discards};
}

}  // namespace

std::optional<std::uint64_t> InterfaceCounterTrack::octets_between(std::uint64_t before,
                                                                   std::uint64_t after,
                                                                   TrafficSpan span,
                                                                   BitsPerSecond speed) noexcept {
  const std::uint64_t most = most_octets(span, speed);
  if (after < before && !is_wide_) {
    if (speed.value() == 0 || speed.value() >= kNarrowForbiddenFrom) {
      is_narrow_ = true;
      return std::nullopt;
    }
    const std::uint64_t narrow = (after - before) & kLow32;
    // A second round inside `span` would not be seen.
    return most <= kLow32 && narrow <= most ? std::optional(narrow) : std::nullopt;
  }
  // Modulo 2^64: a wrap is a small step, a reset is not.
  const std::uint64_t octets = after - before;
  return octets <= most ? std::optional(octets) : std::nullopt;
}

InterfaceCounterTrack::Verdict InterfaceCounterTrack::take(const CounterReading& reading) noexcept {
  if (has_last_ && reading.time <= last_.time) return Verdict::Ignored;
  if (reading.ingress.octets > kLow32 || reading.egress.octets > kLow32) {
    is_wide_ = true;
    is_narrow_ = false;
  }
  const CounterReading before = last_;
  const bool is_first = !has_last_;
  last_ = reading;
  has_last_ = true;
  if (is_first) {
    first_time_ = reading.time;
    return Verdict::First;
  }
  const TrafficSpan span = reading.time - before.time;
  if (span > kLongestGap) return Verdict::Gap;
  if (is_narrow_) return Verdict::Narrow;
  const auto ingress =
      octets_between(before.ingress.octets, reading.ingress.octets, span, reading.speed);
  const auto egress =
      octets_between(before.egress.octets, reading.egress.octets, span, reading.speed);
  if (!ingress || !egress) return is_narrow_ ? Verdict::Narrow : Verdict::Reset;
  spread({.ingress = delta_of(*ingress, before.ingress, reading.ingress),
          .egress = delta_of(*egress, before.egress, reading.egress)},
         before.time, reading.time);
  return Verdict::Counted;
}

void InterfaceCounterTrack::spread(const CounterInterval& delta, TrafficTime from,
                                   TrafficTime until) noexcept {
  const std::int64_t from_ms = since_epoch_ms(from);
  const std::int64_t until_ms = since_epoch_ms(until);
  const std::int64_t span_ms = until_ms - from_ms;
  CounterInterval before;
  for (std::int64_t at = from_ms; at < until_ms;) {
    const std::int64_t number = at / kInterval.count();
    const std::int64_t end = std::min((number + 1) * kInterval.count(), until_ms);
    const CounterInterval so_far{.ingress = share(delta.ingress, end - from_ms, span_ms),
                                 .egress = share(delta.egress, end - from_ms, span_ms)};
    Kept& place = kept(number);
    place.covered_ms += end - at;
    add(place.sums.ingress, so_far.ingress, before.ingress);
    add(place.sums.egress, so_far.egress, before.egress);
    before = so_far;
    at = end;
  }
  add(total_.ingress, delta.ingress, {});
  add(total_.egress, delta.egress, {});
}

InterfaceCounterTrack::Kept& InterfaceCounterTrack::kept(std::int64_t number) noexcept {
  Kept& place = kept_[static_cast<std::size_t>(number) % kKept];
  if (place.number != number) place = {.number = number, .covered_ms = 0, .sums = {}};
  return place;
}

std::optional<CounterInterval> InterfaceCounterTrack::interval(TrafficTime start) const noexcept {
  const std::int64_t number = since_epoch_ms(start) / kInterval.count();
  const Kept& place = kept_[static_cast<std::size_t>(number) % kKept];
  if (place.number != number || place.covered_ms != kInterval.count()) return std::nullopt;
  return place.sums;
}

}  // namespace weir::accounting
