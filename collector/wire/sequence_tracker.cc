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
/// Fits are halved when one rule has so many, so that the past counts less and less.
constexpr std::uint8_t kMostFits = 32;
/// A step back weighs as much as this many datagrams without one; at kManyFalls the stream
/// follows no rule.
constexpr unsigned kFallWeight = 8;
constexpr std::uint8_t kManyFalls = 48;

}  // namespace

SequenceVerdict SequenceTracker::observe(const SequencePoint& point) noexcept {
  SequenceVerdict verdict;
  ++count_;
  if (!has_rule_) {
    rule_ = protocol_rule_ = point.rule;
    has_rule_ = true;
  }
  const bool has_fallen = point.uptime_ms && has_uptime_ && uptime_fell(*point.uptime_ms);
  const std::uint32_t ahead = point.sequence - next_;  // modulo 2^32
  const bool is_expected = is_synchronised_ && ahead == 0 && rule_ != SequenceRule::Unknown &&
                           rule_ != SequenceRule::RecordsIncluded;
  const bool may_be_repeat =
      !is_expected && (!is_synchronised_ || (ahead >> 31) != 0 ||
                       rule_ == SequenceRule::RecordsIncluded || rule_ == SequenceRule::Unknown);
  if (may_be_repeat && !has_fallen && is_repeat(point)) {
    verdict.duplicate = true;
    return verdict;
  }
  is_data_ = point.fingerprint.has_value();
  was_restart_ = false;
  if (has_fallen) {
    verdict.restart = true;
    verdict.unplaced = true;
    was_restart_ = true;
    forget_repeats();
    synchronise(point.sequence);
    if (rule_ == SequenceRule::RecordsIncluded) {
      is_synchronised_ = false;
      place_ = Place::Waiting;
    } else if (rule_ == SequenceRule::Unknown) {
      place_ = Place::Aside;
    }
  } else if (rule_ == SequenceRule::Unknown) {
    verdict.unplaced = true;
    place_ = Place::Aside;
  } else if (rule_ == SequenceRule::RecordsIncluded) {
    place_ = is_data_ ? Place::Waiting : Place::Aside;
  } else if (rule_ == SequenceRule::Records && !is_data_) {
    // Until data comes, its number is the best there is.
    if (!is_synchronised_ || is_tentative_) {
      verdict.unplaced = true;
      synchronise(point.sequence);
      is_tentative_ = true;
    }
    place_ = Place::Aside;
  } else {
    verdict = place(point.sequence);
  }

  observed_ = point.sequence;
  if (point.uptime_ms && place_ != Place::Late) {
    uptime_ms_ = *point.uptime_ms;
    has_uptime_ = true;
  }
  remember(point);
  return verdict;
}

SequenceVerdict SequenceTracker::place(std::uint32_t sequence) noexcept {
  SequenceVerdict verdict;
  const std::uint32_t ahead = sequence - next_;
  const bool is_behind = (ahead >> 31) != 0;
  const bool was_tentative = is_tentative_;
  is_tentative_ = false;
  if (is_synchronised_ && ahead == 0) {
    place_ = Place::Ahead;
  } else if (!is_synchronised_ || (was_tentative && (is_behind || ahead > kSlackBeforeFirst))) {
    // The first, or templates alone have come so far and were numbered otherwise.
    verdict.unplaced = true;
    synchronise(sequence);
  } else if (!is_behind && ahead <= kLargestGap) {
    verdict.lost = ahead;
    in_doubt_ += ahead;
    add_gap({.start = next_, .length = ahead, .shown_at = count_, .counted = true});
    next_ = sequence;
    place_ = Place::Ahead;
  } else if (gap_around(sequence) != nullptr) {
    verdict.out_of_order = true;
    place_ = Place::Late;
  } else {
    // A number inside what the last datagram held, or the same again: an exporter that
    // counts something else. One that begins anew begins elsewhere.
    const std::uint32_t held_from =
        rule_ == SequenceRule::RecordsIncluded ? data_sequence_ - data_records_ : data_sequence_;
    const bool is_inside = has_data_ && sequence - held_from < next_ - held_from;
    verdict.restart = !is_inside && sequence != observed_;
    was_restart_ = verdict.restart;
    verdict.unplaced = true;
    synchronise(sequence);
    falls_ = static_cast<std::uint8_t>(std::min<unsigned>(falls_ + kFallWeight, 255U));
  }
  return verdict;
}

SequenceVerdict SequenceTracker::advance(std::uint32_t records) noexcept {
  SequenceVerdict verdict;
  if (place_ == Place::Waiting) {
    verdict = place(observed_ - records);
    verdict.recovered = settle(observed_ - records, records);
  } else if (place_ != Place::Aside) {
    verdict.recovered = settle(observed_, rule_ == SequenceRule::Messages ? 1 : records);
  }
  in_doubt_ -= std::min<std::uint64_t>(in_doubt_, verdict.recovered);
  if (place_ == Place::Late) return verdict;
  learn(records);
  verdict.recovered += choose_rule();
  return verdict;
}

/// The datagram that stands at `sequence` held `units` of the rule in force.
std::uint32_t SequenceTracker::settle(std::uint32_t sequence, std::uint32_t units) noexcept {
  if (place_ == Place::Ahead) {
    next_ = sequence + units;
    return 0;
  }
  Gap* const gap = gap_around(sequence);
  if (gap == nullptr) return 0;
  const std::uint32_t before = sequence - gap->start;
  const std::uint32_t taken = std::min(units, gap->length - before);
  const Gap after{.start = sequence + taken,
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

/// Holds the datagram last observed against each rule.
void SequenceTracker::learn(std::uint32_t records) noexcept {
  using enum SequenceRule;
  if (is_data_ && !was_restart_ && has_data_) {
    if (observed_ == data_sequence_ + data_records_) ++fits(Records);
    if (observed_ == data_sequence_ + records) ++fits(RecordsIncluded);
  }
  if (is_data_ && !was_restart_ && has_last_ && observed_ == last_sequence_ + 1) ++fits(Messages);
  if (std::ranges::any_of(fits_, [](std::uint8_t n) { return n >= kMostFits; }))
    for (std::uint8_t& n : fits_) n /= 2;
  if (falls_ != 0) --falls_;
  if (is_data_) {
    data_sequence_ = observed_;
    data_records_ = records;
    has_data_ = true;
  }
  last_sequence_ = observed_;
  has_last_ = true;
}

std::uint32_t SequenceTracker::choose_rule() noexcept {
  using enum SequenceRule;
  auto best = Records;
  for (const SequenceRule rule : {RecordsIncluded, Messages})
    if (fits(rule) > fits(best)) best = rule;
  const bool is_alone = std::ranges::count(fits_, fits(best)) == 1;
  const std::uint8_t in_force = rule_ == Unknown ? std::uint8_t{0} : fits(rule_);
  if (rule_ != Unknown && best != rule_ && is_alone && fits(best) >= in_force + kProof)
    return adopt(best);
  if (rule_ == Unknown) {
    // Where several foretell the same, the protocol's own is meant.
    if (fits(protocol_rule_) == fits(best)) best = protocol_rule_;
    return fits(best) >= 2 * kProof ? adopt(best) : 0;
  }
  if (falls_ >= kManyFalls) return adopt(Unknown);
  // A rule that is proven has lost what it says.
  if (best == rule_ && is_alone) in_doubt_ = 0;
  return 0;
}

std::uint32_t SequenceTracker::adopt(SequenceRule rule) noexcept {
  rule_ = rule;
  fits_.fill(0);
  falls_ = 0;
  synchronise(observed_);
  next_ = rule == SequenceRule::Messages ? observed_ + 1 : observed_;
  if (rule == SequenceRule::Records) next_ = observed_ + data_records_;
  const std::uint64_t given_back = std::min<std::uint64_t>(in_doubt_, UINT32_MAX);
  in_doubt_ = 0;
  return static_cast<std::uint32_t>(given_back);
}

SequenceVerdict SequenceTracker::lose_position() noexcept {
  SequenceVerdict verdict;
  has_data_ = false;
  if (rule_ == SequenceRule::Messages) {
    verdict.recovered = settle(observed_, 1);
    in_doubt_ -= std::min<std::uint64_t>(in_doubt_, verdict.recovered);
  }
  if (place_ == Place::Late) return verdict;
  last_sequence_ = observed_;
  has_last_ = true;
  if (!is_data_) return verdict;
  if (rule_ == SequenceRule::Records) is_synchronised_ = false;
  if (rule_ == SequenceRule::RecordsIncluded) next_ = observed_;
  return verdict;
}

void SequenceTracker::forget_repeats() noexcept {
  seen_count_ = 0;
  seen_next_ = 0;
}

bool SequenceTracker::is_repeat(const SequencePoint& point) const noexcept {
  if (!point.fingerprint || point.comes_once) return false;
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
  if (!point.fingerprint || point.comes_once) return;
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
  is_tentative_ = false;
  place_ = Place::Ahead;
  next_ = sequence;
  gaps_.fill({});
  gaps_.front() = {.start = sequence - kSlackBeforeFirst,
                   .length = kSlackBeforeFirst,
                   .shown_at = count_,
                   .counted = false};
}

}  // namespace weir::wire
