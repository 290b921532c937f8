#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "collector/core/spread.h"
#include "collector/model/interface_side.h"
#include "collector/model/observation.h"
#include "collector/model/single_writer_counter.h"
#include "collector/model/time.h"
#include "collector/pipeline/interface_registry.h"

namespace weir::pipeline {

/// One worker's bytes by tracked interface (its lasting number), scaled and at the
/// configured layer: what entered the router there and what left it, since the start and in
/// each of the latest ledger intervals of traffic time.
///
/// A record that spans two intervals is split by time, exact in integers. What belongs to an
/// interval that has left the ring (kIntervals) is in the running totals alone.
///
/// Threads: the worker adds; anyone reads. A reader never sees parts of two intervals: the
/// worker marks a place empty before it takes it for a new one (as core::ReceptionRing does).
class InterfaceCounters {
 public:
  static constexpr TrafficSpan kInterval = std::chrono::minutes{5};
  static constexpr std::size_t kIntervals = 4;

  InterfaceCounters() : totals_(std::make_unique<Pair[]>(kMaxTrackedInterfaces)) {}

  /// Makes room for the intervals of an interface, once. Owner only, not on the path of a
  /// record; before anything is added there.
  void reserve(std::uint32_t number) {
    auto& chunk = chunks_[number / kChunk];
    if (chunk.load(std::memory_order_relaxed) != nullptr) return;
    owned_[number / kChunk] = std::make_unique<Chunk>();
    // Pairs with the acquire in sum(): who sees the chunk finds it made.
    chunk.store(owned_[number / kChunk].get(), std::memory_order_release);
  }

  /// Number of the interval that holds all of `range`, or kSeveral.
  [[nodiscard]] static std::int64_t interval_of(const TimeRange& range) noexcept {
    const std::int64_t first = number_of(range.start);
    const bool is_within = range.end <= traffic_time_ms((first + 1) * kInterval.count());
    return is_within ? first : kSeveral;
  }
  static constexpr std::int64_t kSeveral = -1;
  [[nodiscard]] static std::int64_t number_of(TrafficTime time) noexcept {
    return since_epoch_ms(time) / kInterval.count();
  }

  /// Adds to the running total alone.
  void add_total(std::uint32_t number, InterfaceSide side, std::uint64_t bytes) noexcept {
    Pair& pair = totals_.get()[number];
    (side == InterfaceSide::Ingress ? pair.ingress : pair.egress).add(bytes);
  }

  /// Adds what passed in `range` to its intervals, beside add_total(). `interval` is interval_of()
  /// of a range that holds it.
  void add(std::uint32_t number, InterfaceSide side, const Amount& amount, const TimeRange& range,
           std::int64_t interval) noexcept {
    Ring& ring = ring_of(number, side);
    if (interval != kSeveral) [[likely]] {
      add(ring, interval, amount);
      return;
    }
    Amount before;
    for (std::int64_t at = number_of(range.start);; ++at) {
      const TrafficTime end = traffic_time_ms((at + 1) * kInterval.count());
      const Amount until = core::share_until(amount, range, end);
      add(ring, at,
          {.bytes = until.bytes - before.bytes,
           .packets = until.packets - before.packets,
           .variance = until.variance - before.variance});
      if (end >= range.end) return;
      before = until;
    }
  }

  [[nodiscard]] std::uint64_t ingress(std::uint32_t number) const noexcept {
    return totals_[number].ingress.read();
  }
  [[nodiscard]] std::uint64_t egress(std::uint32_t number) const noexcept {
    return totals_[number].egress.read();
  }

  /// What passed in one interval; nullopt if it has left the ring. Any thread.
  [[nodiscard]] std::optional<Amount> sum(std::uint32_t number, InterfaceSide side,
                                          std::int64_t interval) const noexcept {
    const Chunk* const chunk = chunks_[number / kChunk].load(std::memory_order_acquire);
    if (chunk == nullptr) return Amount{};
    const Place& place =
        (*chunk)[number % kChunk][static_cast<std::size_t>(side)][place_of(interval)];
    const std::int64_t held = place.interval.load(std::memory_order_acquire);
    const Amount sum{.bytes = place.bytes.load(std::memory_order_acquire),
                     .packets = place.packets.load(std::memory_order_acquire),
                     .variance = place.variance.load(std::memory_order_acquire)};
    if (place.interval.load(std::memory_order_relaxed) != held || held > interval)
      return std::nullopt;
    return held == interval ? sum : Amount{};
  }

 private:
  static constexpr std::uint32_t kChunk = 64;
  static constexpr std::int64_t kEmpty = -1;

  struct Pair {
    SingleWriterCounter ingress;
    SingleWriterCounter egress;
  };
  struct alignas(32) Place {
    std::atomic<std::int64_t> interval{kEmpty};
    std::atomic<std::uint64_t> bytes{0};
    std::atomic<std::uint64_t> packets{0};
    std::atomic<std::uint64_t> variance{0};  ///< saturates
  };
  using Ring = std::array<Place, kIntervals>;
  using Chunk = std::array<std::array<Ring, kInterfaceSides>, kChunk>;

  [[nodiscard]] static std::size_t place_of(std::int64_t interval) noexcept {
    return static_cast<std::uint64_t>(interval) % kIntervals;
  }
  [[nodiscard]] Ring& ring_of(std::uint32_t number, InterfaceSide side) noexcept {
    Chunk& chunk = *chunks_[number / kChunk].load(std::memory_order_relaxed);
    return chunk[number % kChunk][static_cast<std::size_t>(side)];
  }
  static void raise(std::atomic<std::uint64_t>& value, std::uint64_t amount) noexcept {
    const std::uint64_t before = value.load(std::memory_order_relaxed);
    const std::uint64_t after = before + amount;
    // Stored with release, so that who reads a value of a new interval finds the mark changed.
    value.store(after < before ? ~std::uint64_t{0} : after, std::memory_order_release);
  }
  static void add(Ring& ring, std::int64_t interval, const Amount& amount) noexcept {
    Place& place = ring[place_of(interval)];
    const std::int64_t held = place.interval.load(std::memory_order_relaxed);
    if (held != interval) [[unlikely]] {
      if (held > interval) return;
      place.interval.store(kEmpty, std::memory_order_relaxed);
      for (auto* value : {&place.bytes, &place.packets, &place.variance})
        value->store(0, std::memory_order_release);
      place.interval.store(interval, std::memory_order_release);
    }
    raise(place.bytes, amount.bytes);
    raise(place.packets, amount.packets);
    raise(place.variance, amount.variance);
  }

  std::unique_ptr<Pair[]> totals_;
  std::array<std::atomic<Chunk*>, kMaxTrackedInterfaces / kChunk> chunks_{};
  std::array<std::unique_ptr<Chunk>, kMaxTrackedInterfaces / kChunk> owned_;
};

}  // namespace weir::pipeline
