#include "collector/wire/sequence_tracker.h"

#include <algorithm>
#include <limits>

namespace weir::wire {
namespace {

/// Datagrams of one moment may be reordered; an uptime lower by more than this is a restart.
constexpr std::uint32_t kUptimeSlackMs = 60'000;
/// The 32-bit uptime wraps after 49.7 days; this near to both ends a fall is a wrap.
constexpr std::uint32_t kUptimeWrapMs = 3'600'000;
/// Units before the first datagram seen that may still arrive, reordered around the start.
constexpr std::uint32_t kSlackBeforeFirst = 64U * 30U;

}  // namespace

SequenceVerdict SequenceTracker::observe(const SequencePoint& point) noexcept {
  SequenceVerdict verdict;
  ++count_;
  const bool has_fallen = point.uptime_ms && has_uptime_ && uptime_fell(*point.uptime_ms);
  const std::uint32_t ahead = point.sequence - next_;  // modulo 2^32
  const bool is_behind = (ahead >> 31) != 0;

  if (is_synchronised_ && ahead == 0) {
    place_ = Place::Ahead;
  } else if ((is_behind || !is_synchronised_) && !has_fallen && is_repeat(point)) {
    verdict.duplicate = true;
    return verdict;
  } else if (!is_synchronised_) {
    synchronise(point.sequence);
  } else if (has_fallen) {
    verdict.restart = true;
    forget_repeats();
    synchronise(point.sequence);
  } else if (!is_behind && ahead <= kLargestGap) {
    verdict.lost = ahead;
    add_gap({.start = next_, .length = ahead, .shown_at = count_, .counted = true});
    next_ = point.sequence;
    place_ = Place::Ahead;
  } else if (gap_around(point.sequence) != nullptr) {
    verdict.out_of_order = true;
    place_ = Place::Late;
  } else {
    // The same number again with other bytes is an exporter that does not count.
    verdict.restart = point.sequence != observed_;
    synchronise(point.sequence);
  }

  observed_ = point.sequence;
  if (point.uptime_ms && place_ == Place::Ahead) {
    uptime_ms_ = *point.uptime_ms;
    has_uptime_ = true;
  }
  remember(point);
  return verdict;
}

std::uint32_t SequenceTracker::advance(std::uint32_t units) noexcept {
  if (place_ == Place::Ahead) {
    next_ = observed_ + units;
    return 0;
  }
  Gap* const gap = gap_around(observed_);
  if (gap == nullptr) return 0;
  const std::uint32_t before = observed_ - gap->start;
  const std::uint32_t taken = std::min(units, gap->length - before);
  const Gap after{.start = observed_ + taken,
                  .length = gap->length - before - taken,
                  .shown_at = gap->shown_at,
                  .counted = gap->counted};
  const bool was_counted = gap->counted;
  gap->length = before;
  if (after.length != 0) {
    if (before == 0) {
      *gap = after;
    } else {
      add_gap(after);
    }
  }
  return was_counted ? taken : 0;
}

void SequenceTracker::lose_position() noexcept {
  if (place_ == Place::Ahead) is_synchronised_ = false;
}

void SequenceTracker::forget_repeats() noexcept {
  seen_count_ = 0;
  seen_next_ = 0;
}

bool SequenceTracker::is_repeat(const SequencePoint& point) const noexcept {
  if (!point.fingerprint) return false;
  return std::any_of(seen_.begin(), seen_.begin() + seen_count_, [&](const Seen& seen) {
    return seen.sequence == point.sequence && seen.fingerprint == *point.fingerprint;
  });
}

bool SequenceTracker::uptime_fell(std::uint32_t uptime_ms) const noexcept {
  if (uptime_ms >= uptime_ms_ || uptime_ms_ - uptime_ms <= kUptimeSlackMs) return false;
  const bool has_wrapped = uptime_ms < kUptimeWrapMs && uptime_ms_ > 0U - kUptimeWrapMs;
  return !has_wrapped;
}

SequenceTracker::Gap* SequenceTracker::gap_around(std::uint32_t sequence) noexcept {
  const auto found = std::ranges::find_if(gaps_, [this, sequence](const Gap& gap) {
    return sequence - gap.start < gap.length && count_ - gap.shown_at <= kWindow;
  });
  return found == gaps_.end() ? nullptr : &*found;
}

void SequenceTracker::remember(const SequencePoint& point) noexcept {
  if (!point.fingerprint) return;
  seen_[seen_next_] = {.sequence = point.sequence, .fingerprint = *point.fingerprint};
  seen_next_ = static_cast<std::uint8_t>((seen_next_ + 1U) % kWindow);
  seen_count_ = static_cast<std::uint8_t>(std::min<std::size_t>(seen_count_ + 1U, kWindow));
}

void SequenceTracker::add_gap(const Gap& gap) noexcept {
  // A free one, else the oldest: a free one is older than all.
  const auto age = [this](const Gap& slot) {
    return slot.length == 0 ? std::numeric_limits<std::uint32_t>::max() : count_ - slot.shown_at;
  };
  *std::ranges::max_element(gaps_, {}, age) = gap;
}

void SequenceTracker::synchronise(std::uint32_t sequence) noexcept {
  is_synchronised_ = true;
  place_ = Place::Ahead;
  next_ = sequence;
  gaps_.fill({});
  gaps_.front() = {.start = sequence - kSlackBeforeFirst,
                   .length = kSlackBeforeFirst,
                   .shown_at = count_,
                   .counted = false};
}

}  // namespace weir::wire
