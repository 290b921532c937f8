#include "collector/ingest/fragment_table.h"

#include <algorithm>
#include <utility>

namespace weir::ingest {
namespace {

/// The longest payload that the length field of an IP packet can say.
constexpr std::size_t kLongestPayload = 65'535;
/// Offsets count in these, so that only the last fragment may have another length
/// (RFC 791, 3.1; RFC 8200, 4.5).
constexpr std::size_t kFragmentUnit = 8;

bool is_sound(const Fragment& fragment) noexcept {
  const std::size_t size = fragment.bytes.size();
  if (size == 0 || size > kLongestPayload || fragment.offset > kLongestPayload - size) return false;
  return fragment.is_last || size % kFragmentUnit == 0;
}

}  // namespace

FragmentTable::Fit FragmentTable::fit_of(const Pending& pending,
                                         const Fragment& fragment) noexcept {
  const std::size_t start = fragment.offset;
  const std::size_t end = start + fragment.bytes.size();
  for (const Range& range : pending.ranges) {
    if (range.start == start && range.end == end) return Fit::Repeated;
    if (start < range.end && range.start < end) return Fit::Conflicting;
    if (fragment.is_last && range.end > end) return Fit::Conflicting;
  }
  if (pending.end && (fragment.is_last || end > *pending.end)) return Fit::Conflicting;
  return Fit::New;
}

std::optional<FragmentTable::Whole> FragmentTable::add(const Fragment& fragment) {
  expire(fragment.arrival);
  if (!is_sound(fragment)) {
    ++dropped_;
    return std::nullopt;
  }
  if (find(fragment.key) == pending_.size()) {
    while (!pending_.empty() && pending_.size() >= limits_.datagrams) drop(0);
    pending_.push_back({.key = fragment.key,
                        .first_arrival = fragment.arrival,
                        .end = std::nullopt,
                        .received_bytes = 0,
                        .ranges = {},
                        .bytes = {}});
  }

  const std::size_t end = fragment.offset + fragment.bytes.size();
  std::size_t index = find(fragment.key);
  const Fit fit = fit_of(pending_[index], fragment);
  const std::size_t held = pending_[index].bytes.size();
  const bool has_room = pending_[index].ranges.size() < limits_.fragments_per_datagram &&
                        make_room(end > held ? end - held : 0, fragment.key);
  index = find(fragment.key);
  if (fit == Fit::Repeated) {
    ++dropped_;
    return std::nullopt;
  }
  if (fit == Fit::Conflicting || !has_room) {
    drop(index);
    ++dropped_;
    return std::nullopt;
  }

  Pending& pending = pending_[index];
  if (end > held) {
    pending.bytes.resize(end);
    held_bytes_ += end - held;
  }
  std::ranges::copy(fragment.bytes,
                    pending.bytes.begin() + static_cast<std::ptrdiff_t>(fragment.offset));
  pending.ranges.push_back({.start = fragment.offset, .end = end});
  pending.received_bytes += fragment.bytes.size();
  if (fragment.is_last) pending.end = end;
  if (pending.received_bytes != pending.end) return std::nullopt;

  const std::size_t fragments = pending.ranges.size();
  held_bytes_ -= pending.bytes.size();
  whole_ = std::move(pending.bytes);
  pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(index));
  return Whole{.bytes = whole_, .fragments = fragments};
}

void FragmentTable::drop_all() noexcept {
  while (!pending_.empty()) drop(pending_.size() - 1);
}

void FragmentTable::expire(TrafficTime now) noexcept {
  for (std::size_t i = 0; i < pending_.size();) {
    // Merged captures step back in time; what is far ahead will not be completed either.
    const TrafficSpan age = now - pending_[i].first_arrival;
    if (age > limits_.age || age < -limits_.age)
      drop(i);
    else
      ++i;
  }
}

void FragmentTable::drop(std::size_t index) noexcept {
  dropped_ += pending_[index].ranges.size();
  held_bytes_ -= pending_[index].bytes.size();
  pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(index));
}

bool FragmentTable::make_room(std::size_t bytes, const FragmentKey& keep) noexcept {
  while (held_bytes_ + bytes > limits_.bytes) {
    const std::size_t victim = pending_.front().key == keep ? 1 : 0;
    if (victim >= pending_.size()) return false;
    drop(victim);
  }
  return true;
}

std::size_t FragmentTable::find(const FragmentKey& key) const noexcept {
  const auto found = std::ranges::find(pending_, key, &Pending::key);
  return static_cast<std::size_t>(found - pending_.begin());
}

}  // namespace weir::ingest
