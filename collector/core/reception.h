#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "collector/model/time.h"

namespace weir::core {

/// The smallest and the largest sampling interval of records that were scaled; 0: there were none.
struct SamplingRange {
  std::uint32_t smallest = 0;
  std::uint32_t largest = 0;

  SamplingRange& operator+=(const SamplingRange& other) noexcept {
    if (other.smallest != 0 && (smallest == 0 || other.smallest < smallest))
      smallest = other.smallest;
    largest = std::max(largest, other.largest);
    return *this;
  }
  friend bool operator==(const SamplingRange&, const SamplingRange&) noexcept = default;
};

/// What of one exporter's export came over one protocol while one interval of arrival lasted.
/// Units are the protocol's own (wire/decode_outcome.h).
struct Reception {
  std::uint64_t datagrams = 0;
  std::uint64_t units = 0;  ///< received
  std::uint64_t lost = 0;
  std::uint64_t recovered = 0;  ///< of units counted lost, perhaps in the interval before
  /// Datagrams before which the loss cannot be known (first, restart, template unknown).
  std::uint64_t sequence_unknown = 0;
  SamplingRange sampling;  ///< of its records; add() leaves it out, note_sampling() brings it

  Reception& operator+=(const Reception& other) noexcept {
    datagrams += other.datagrams;
    units += other.units;
    lost += other.lost;
    recovered += other.recovered;
    sequence_unknown += other.sequence_unknown;
    sampling += other.sampling;
    return *this;
  }
  friend bool operator==(const Reception&, const Reception&) noexcept = default;
};

/// One worker's receptions from one exporter over one protocol, for the interval under way
/// and those just before it. Intervals are multiples of kInterval since the epoch, in UTC.
///
/// Threads: the owning worker adds; any thread reads. A reader never sees parts of two
/// intervals: the worker takes a place for a new interval by marking it empty first. Values are
/// stored with release and read with acquire, so who reads a value of the new interval
/// finds the mark changed when it looks again.
class ReceptionRing {
 public:
  static constexpr TrafficSpan kInterval = std::chrono::minutes{5};
  static constexpr std::size_t kIntervals = 8;

  /// The start of the interval that `time` falls in.
  [[nodiscard]] static constexpr TrafficTime start_of(TrafficTime time) noexcept {
    return TrafficTime{time.time_since_epoch() / kInterval * kInterval};
  }

  /// Owner only. An arrival from before what its place holds is left out: that interval is
  /// no longer kept.
  void add(TrafficTime arrival, const Reception& more) noexcept {
    if (!turn_to(arrival)) return;
    Place& place = *current_;
    raise(place.datagrams, more.datagrams);
    raise(place.units, more.units);
    if (more.lost != 0) raise(place.lost, more.lost);
    if (more.recovered != 0) raise(place.recovered, more.recovered);
    if (more.sequence_unknown != 0) raise(place.sequence_unknown, more.sequence_unknown);
  }

  /// Owner only. `seen` is known; records that came at `arrival` were scaled by it.
  void note_sampling(TrafficTime arrival, SamplingRange seen) noexcept {
    if (!turn_to(arrival)) return;
    Place& place = *current_;
    const std::uint32_t smallest = place.smallest_sampling.load(std::memory_order_relaxed);
    if (smallest == 0 || seen.smallest < smallest) [[unlikely]]
      place.smallest_sampling.store(seen.smallest, std::memory_order_release);
    if (seen.largest > place.largest_sampling.load(std::memory_order_relaxed)) [[unlikely]]
      place.largest_sampling.store(seen.largest, std::memory_order_release);
  }

  /// What came in the interval that starts at `start`; nullopt if nothing did or it is not
  /// kept any more. Any thread.
  [[nodiscard]] std::optional<Reception> read(TrafficTime start) const noexcept;

 private:
  static constexpr std::int64_t kEmpty = -1;
  using Value = std::atomic<std::uint64_t>;

  struct Place {
    std::atomic<std::int64_t> start_ms{kEmpty};
    Value datagrams{0};
    Value units{0};
    Value lost{0};
    Value recovered{0};
    Value sequence_unknown{0};
    std::atomic<std::uint32_t> smallest_sampling{0};
    std::atomic<std::uint32_t> largest_sampling{0};
  };

  /// Owner only; pairs with the acquire loads of read().
  static void raise(Value& value, std::uint64_t amount) noexcept {
    value.store(value.load(std::memory_order_relaxed) + amount, std::memory_order_release);
  }
  [[nodiscard]] static std::size_t place_of(TrafficTime start) noexcept {
    return static_cast<std::size_t>(start.time_since_epoch() / kInterval) % kIntervals;
  }
  /// Makes the place of `arrival` the current one; false if it holds a later interval.
  [[nodiscard]] bool turn_to(TrafficTime arrival) noexcept {
    const TrafficSpan into = arrival - start_;
    if (into < TrafficSpan{0} || into >= kInterval) [[unlikely]]
      return move_to(start_of(arrival));
    return true;
  }
  /// False if the place holds a later interval.
  [[nodiscard]] bool move_to(TrafficTime start) noexcept;

  std::array<Place, kIntervals> places_{};
  Place* current_ = places_.data();
  TrafficTime start_ = TrafficTime{-2 * kInterval};  ///< of current_; none yet
};

}  // namespace weir::core
