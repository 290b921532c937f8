#include "collector/core/worker_cells.h"

#include <sys/mman.h>

#include <algorithm>
#include <cassert>
#include <limits>
#include <new>

#include "collector/core/spread.h"

namespace weir::core {
namespace {

void* map_zeroes(std::size_t bytes) {
  // Without reserve: most slots of most buckets are never touched.
  void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return memory;
}

std::size_t mapped_bytes(std::uint32_t ring_buckets) noexcept {
  return std::size_t{ring_buckets} * kMaxSlots * kCellsPerSlot * sizeof(Cell);
}

}  // namespace

WorkerCells::WorkerCells(BucketGeometry geometry, std::uint32_t ring_buckets)
    : geometry_(geometry),
      ring_buckets_(ring_buckets),
      frontier_start_ms_(std::numeric_limits<std::int64_t>::max()),
      next_advance_ms_(std::numeric_limits<std::int64_t>::min()),
      width_ms_(static_cast<std::uint64_t>(geometry.width().count())),
      ring_ms_(width_ms_ * ring_buckets),
      // Too large by at most one, so ms times it over 2^64 is too large by less than 2^-32: it
      // cannot reach the next whole number, 1 / width away, while both have 32 bits.
      width_reciprocal_(std::numeric_limits<std::uint64_t>::max() / width_ms_ + 1),
      // Zeroed memory is an array of empty cells (cell.h); making them would touch it all.
      cells_(static_cast<Cell*>(map_zeroes(mapped_bytes(ring_buckets)))),
      cells_bytes_(mapped_bytes(ring_buckets)),
      places_(std::make_unique<RingPlace[]>(ring_buckets)) {
  assert(ring_buckets > 0 && width_ms_ > 1 && ring_ms_ <= kLongestRingMs);
}

WorkerCells::~WorkerCells() { ::munmap(cells_, cells_bytes_); }

std::uint32_t WorkerCells::place_of(BucketNumber bucket) const noexcept {
  const std::int64_t ring = ring_buckets_;
  const std::int64_t place = bucket % ring;
  return static_cast<std::uint32_t>(place < 0 ? place + ring : place);
}

void WorkerCells::move_to(BucketNumber frontier) noexcept {
  // The lateness may have grown, which asks for buckets that have been left already.
  if (frontier <= frontier_) return;
  frontier_ = frontier;
  frontier_place_ = place_of(frontier);
  frontier_start_ms_ = since_epoch_ms(geometry_.start_of(frontier));
  next_advance_ms_ = frontier_start_ms_ + static_cast<std::int64_t>(width_ms_);
  published_frontier_.publish(frontier);
}

bool WorkerCells::add_to_bucket(std::uint32_t ahead, std::uint32_t from_slot, std::uint32_t to_slot,
                                Family family, const Amount& part, std::uint64_t records) noexcept {
  const std::uint32_t place = place_ahead(ahead);
  if (!places_.get()[place].claim(frontier_ + ahead)) [[unlikely]]
    return false;
  assert(from_slot == kNoSlot || from_slot < kMaxSlots);
  assert(to_slot == kNoSlot || to_slot < kMaxSlots);
  if (from_slot != kNoSlot)
    cells_[first_cell(place, from_slot) + cell_position(Direction::FromCustomer, family)].add(
        part, records);
  if (to_slot != kNoSlot)
    cells_[first_cell(place, to_slot) + cell_position(Direction::ToCustomer, family)].add(part,
                                                                                          records);
  return true;
}

WorkerCells::Refused WorkerCells::add(std::uint32_t from_slot, std::uint32_t to_slot, Family family,
                                      const Amount& amount, const TimeRange& range) noexcept {
  const std::int64_t start = since_epoch_ms(range.start);
  // One comparison for both ends: a start before the frontier wraps to a large number.
  const std::uint64_t into_ring =
      static_cast<std::uint64_t>(start) - static_cast<std::uint64_t>(frontier_start_ms_);
  if (into_ring < ring_ms_) [[likely]] {
    const std::uint32_t ahead = buckets_ahead(into_ring);
    const std::uint64_t bucket_end = (std::uint64_t{ahead} + 1) * width_ms_;
    const std::int64_t end = since_epoch_ms(range.end);
    if (end - frontier_start_ms_ <= static_cast<std::int64_t>(bucket_end)) {
      if (add_to_bucket(ahead, from_slot, to_slot, family, amount, 1)) [[likely]]
        return {};
      return {.late_bytes = 0, .overrun_bytes = amount.bytes};
    }
  }
  return add_spread(from_slot, to_slot, family, amount, range);
}

WorkerCells::Refused WorkerCells::add_spread(std::uint32_t from_slot, std::uint32_t to_slot,
                                             Family family, const Amount& amount,
                                             const TimeRange& range) noexcept {
  const std::int64_t start = since_epoch_ms(range.start);
  const std::int64_t end = since_epoch_ms(range.end);
  if (start < frontier_start_ms_ && end <= frontier_start_ms_) {
    if (frontier_ != kNoBucket)
      late_.add(from_slot, to_slot, family, amount, range, traffic_time_ms(frontier_start_ms_));
    return {.late_bytes = amount.bytes, .overrun_bytes = 0};
  }
  const std::int64_t ring_end = frontier_start_ms_ + static_cast<std::int64_t>(ring_ms_);
  if (start >= ring_end) return {.late_bytes = 0, .overrun_bytes = amount.bytes};

  // From here on start < end, and at least one bucket of the ring has a part.
  const TimeRange open{.start = traffic_time_ms(std::max(start, frontier_start_ms_)),
                       .end = traffic_time_ms(std::min(end, ring_end))};
  const auto into_ring = [&](TrafficTime time) {
    return static_cast<std::uint64_t>(since_epoch_ms(time) - frontier_start_ms_);
  };
  const std::uint32_t first = buckets_ahead(into_ring(open.start));
  const std::uint32_t last = buckets_ahead(into_ring(open.end) - 1);

  Refused refused;
  Amount before;
  Amount open_end = amount;
  if (start < frontier_start_ms_ || end > ring_end) [[unlikely]] {
    before = share_until(amount, range, open.start);
    open_end = share_until(amount, range, open.end);
    refused.late_bytes = before.bytes;
    if (start < frontier_start_ms_)
      late_.add(from_slot, to_slot, family, amount, range, open.start);
  }

  std::uint64_t records = 1;
  const auto add_part = [&](std::uint32_t ahead, const Amount& until) {
    const Amount part{.bytes = until.bytes - before.bytes,
                      .packets = until.packets - before.packets,
                      .variance = until.variance - before.variance};
    before = until;
    if (add_to_bucket(ahead, from_slot, to_slot, family, part, records)) [[likely]]
      records = 0;
    else
      refused.overrun_bytes += part.bytes;
  };
  if (first != last) {
    const SpanDivider divider(static_cast<std::uint64_t>(end) - static_cast<std::uint64_t>(start));
    const auto first_border_ms = static_cast<std::uint64_t>(
        frontier_start_ms_ - start + static_cast<std::int64_t>((first + 1) * width_ms_));
    if (last - first == 1) {
      // The commonest of these: one border, and no step from it.
      add_part(first, {.bytes = divider.share(amount.bytes, first_border_ms).quotient,
                       .packets = divider.share(amount.packets, first_border_ms).quotient,
                       .variance = divider.share(amount.variance, first_border_ms).quotient});
    } else {
      ShareRamp bytes(divider, amount.bytes, first_border_ms, width_ms_);
      ShareRamp packets(divider, amount.packets, first_border_ms, width_ms_);
      ShareRamp variance(divider, amount.variance, first_border_ms, width_ms_);
      for (std::uint32_t ahead = first; ahead < last; ++ahead) {
        add_part(
            ahead,
            {.bytes = bytes.value(), .packets = packets.value(), .variance = variance.value()});
        bytes.step();
        packets.step();
        variance.step();
      }
    }
  }
  add_part(last, open_end);
  // What lies beyond the ring.
  refused.overrun_bytes += amount.bytes - open_end.bytes;
  return refused;
}

void WorkerCells::prefetch(std::uint32_t from_slot, std::uint32_t to_slot, Family family,
                           TrafficTime time) const noexcept {
  const std::uint64_t into_ring = static_cast<std::uint64_t>(since_epoch_ms(time)) -
                                  static_cast<std::uint64_t>(frontier_start_ms_);
  // A record that began before the frontier adds to the frontier's bucket first.
  const std::uint32_t place = place_ahead(into_ring < ring_ms_ ? buckets_ahead(into_ring) : 0);
  if (from_slot != kNoSlot)
    __builtin_prefetch(
        &cells_[first_cell(place, from_slot) + cell_position(Direction::FromCustomer, family)], 1);
  if (to_slot != kNoSlot)
    __builtin_prefetch(
        &cells_[first_cell(place, to_slot) + cell_position(Direction::ToCustomer, family)], 1);
}

void WorkerCells::clear(BucketNumber bucket, std::uint32_t slot_count) noexcept {
  const std::uint32_t place = place_of(bucket);
  assert(places_[place].number() == bucket && bucket < frontier());
  Cell* const cells = &cells_[first_cell(place, 0)];
  const std::size_t count = std::size_t{slot_count} * kCellsPerSlot;
  for (std::size_t i = 0; i < count; ++i) {
    // Writing zeroes would bring pages to life that nobody touched.
    if (cells[i].read() != CellTotal{}) cells[i].clear();
  }
  places_[place].release();
}

}  // namespace weir::core
