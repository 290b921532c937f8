#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "collector/core/amounts.h"
#include "collector/core/bucket_ring.h"
#include "collector/core/cell.h"
#include "collector/core/handshake.h"
#include "collector/core/late_parts.h"
#include "collector/model/fate.h"
#include "collector/model/observation.h"
#include "collector/model/units.h"

namespace weir::core {

/// One worker's cells for every slot and open bucket, and how far the worker has come.
///
/// Memory: an anonymous mapping for kMaxSlots slots and `ring_buckets` buckets, of which
/// only touched pages exist.
///
/// Protocol. Bucket n lives in place n modulo ring_buckets. The worker claims a free place for
/// a bucket that is not below its *frontier*, adds to its cells, and publishes its frontier
/// (release): it will never again write a bucket with a smaller number. The closer reads all
/// frontiers (acquire), sums and zeroes the buckets below the smallest, then frees
/// their places (release), which the worker sees when it next claims them (acquire). A place
/// that holds another bucket is not written, so nothing is ever overwritten, however far
/// time jumps. What is behind the frontier is late; what finds its place taken, or lies
/// beyond the ring, is an overrun; both are returned, never lost. What is late also goes to
/// late(), for the ledger.
///
/// Threads: add(), prefetch() and advance() belong to the worker; cell() and bucket_in() to
/// anyone; frontier(), is_touched() and clear() to the closer.
class WorkerCells {
 public:
  /// Most milliseconds that a ring may cover: the worker tells buckets apart by 32 bits.
  static constexpr std::uint64_t kLongestRingMs = 0xffff'ffff;

  /// Parts of late records that may wait to be taken: what a worker brings in a second of nothing
  /// else, 6 MB.
  static constexpr std::size_t kLateParts = std::size_t{1} << 16;

  /// `ring_buckets` > 0, and so many buckets cover at most kLongestRingMs. Throws
  /// std::bad_alloc if there is no address space left.
  WorkerCells(BucketGeometry geometry, std::uint32_t ring_buckets);
  ~WorkerCells();
  WorkerCells(const WorkerCells&) = delete;
  WorkerCells& operator=(const WorkerCells&) = delete;

  /// Bytes of one record that found no open bucket.
  struct Refused {
    std::uint64_t late_bytes = 0;
    std::uint64_t overrun_bytes = 0;

    friend bool operator==(const Refused&, const Refused&) = default;
  };

  /// Leaves buckets behind as `now` demands; never goes back. Call with the arrival of a
  /// datagram before its records, and when idle. Before the first call everything is late.
  void advance(TrafficTime now, TrafficSpan lateness) noexcept {
    if (since_epoch_ms(now - lateness) < next_advance_ms_) [[likely]]
      return;
    move_to(geometry_.frontier(now, lateness));
  }

  /// Adds one record, spread over the buckets of `range`, to up to two slots (kNoSlot: none).
  /// Parts sum to `amount` exactly; the record itself is counted in the first bucket that
  /// takes a part of it.
  Refused add(std::uint32_t from_slot, std::uint32_t to_slot, Family family, const Amount& amount,
              const TimeRange& range) noexcept;

  /// Asks for the cell lines of the bucket of `time`.
  void prefetch(std::uint32_t from_slot, std::uint32_t to_slot, Family family,
                TrafficTime time) const noexcept;

  /// Any thread: the cell of a bucket that its place holds.
  [[nodiscard]] const Cell& cell(BucketNumber bucket, Slot slot,
                                 std::size_t position) const noexcept {
    return cells_[first_cell(place_of(bucket), slot.value()) + position];
  }

  /// Any thread: the bucket that a place of the ring holds now, or kNoBucket. What is below
  /// the frontier stays until clear().
  [[nodiscard]] BucketNumber bucket_in(std::uint32_t place) const noexcept {
    return places_[place].number();
  }
  /// Any thread: the cells of one slot in one place of the ring.
  [[nodiscard]] const Cell* cells_in(std::uint32_t place, std::uint32_t slot) const noexcept {
    return &cells_[first_cell(place, slot)];
  }

  // Closer only.
  /// kNoBucket before the worker's first advance().
  [[nodiscard]] BucketNumber frontier() const noexcept { return published_frontier_.read(); }
  /// True if the worker wrote to the bucket since it was last cleared.
  [[nodiscard]] bool is_touched(BucketNumber bucket) const noexcept {
    return places_[place_of(bucket)].number() == bucket;
  }
  /// Zeroes the cells of a touched bucket below the frontier, and frees its place.
  void clear(BucketNumber bucket, std::uint32_t slot_count) noexcept;

  /// What was late, by ledger interval. LateParts says which thread may do what.
  [[nodiscard]] LateParts& late() noexcept { return late_; }
  [[nodiscard]] const LateParts& late() const noexcept { return late_; }

  [[nodiscard]] std::uint32_t ring_buckets() const noexcept { return ring_buckets_; }
  [[nodiscard]] const BucketGeometry& geometry() const noexcept { return geometry_; }

 private:
  [[nodiscard]] static std::size_t first_cell(std::uint32_t place, std::uint32_t slot) noexcept {
    return (std::size_t{place} * kMaxSlots + slot) * kCellsPerSlot;
  }
  [[nodiscard]] std::uint32_t place_of(BucketNumber bucket) const noexcept;
  /// Buckets from the frontier on, for a time less than the ring's length after its start.
  [[nodiscard]] std::uint32_t buckets_ahead(std::uint64_t ms) const noexcept {
    __extension__ using Product = unsigned __int128;
    return static_cast<std::uint32_t>(Product{ms} * width_reciprocal_ >> 64);
  }
  [[nodiscard]] std::uint32_t place_ahead(std::uint32_t ahead) const noexcept {
    const std::uint32_t place = frontier_place_ + ahead;
    return place >= ring_buckets_ ? place - ring_buckets_ : place;
  }
  void move_to(BucketNumber frontier) noexcept;
  [[nodiscard]] bool add_to_bucket(std::uint32_t ahead, std::uint32_t from_slot,
                                   std::uint32_t to_slot, Family family, const Amount& part,
                                   std::uint64_t records) noexcept;
  [[nodiscard]] Refused add_spread(std::uint32_t from_slot, std::uint32_t to_slot, Family family,
                                   const Amount& amount, const TimeRange& range) noexcept;

  BucketGeometry geometry_;
  std::uint32_t ring_buckets_;
  // The worker's own; `frontier_place_` and the times follow from `frontier_`.
  std::uint32_t frontier_place_ = 0;
  BucketNumber frontier_ = kNoBucket;
  std::int64_t frontier_start_ms_;
  std::int64_t next_advance_ms_;  ///< now - lateness at which the frontier moves
  std::uint64_t width_ms_;
  std::uint64_t ring_ms_;
  std::uint64_t width_reciprocal_;  ///< 2^64 / width, rounded up
  Cell* cells_;                     ///< owned mapping of cells_bytes_
  std::size_t cells_bytes_;
  std::unique_ptr<RingPlace[]> places_;
  LateParts late_{kLateParts};
  /// On a line of its own: the closer reads it while the worker reads what stands above.
  alignas(64) Frontier published_frontier_;
};

}  // namespace weir::core
