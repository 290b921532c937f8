#include "collector/core/totals.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace weir::core {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;

/// The smallest multiple of `width` that is a minute or more.
TrafficSpan minute_span_for(TrafficSpan width) noexcept {
  return width * ((kMinuteMs + width.count() - 1) / width.count());
}

bool is_empty(const SlotTotals& totals) noexcept {
  return std::all_of(totals.begin(), totals.end(),
                     [](const CellTotal& total) { return total == CellTotal{}; });
}

void add(SlotTotals& sum, const SlotTotals& part) noexcept {
  for (std::size_t position = 0; position < kCellsPerSlot; ++position) {
    sum[position].bytes += part[position].bytes;
    sum[position].packets += part[position].packets;
    sum[position].records += part[position].records;
    sum[position].variance += part[position].variance;
  }
}

/// Adds one place of a worker's ring to the sums by slot.
void add_place(const WorkerCells& worker, std::uint32_t place,
               std::vector<SlotTotals>& sums) noexcept {
  const auto slots = static_cast<std::uint32_t>(sums.size());
  for (std::uint32_t slot = 0; slot < slots; ++slot) {
    const Cell* const cells = worker.cells_in(place, slot);
    for (std::size_t position = 0; position < kCellsPerSlot; ++position)
      cells[position].add_to(sums[slot][position]);
  }
}

}  // namespace

Totals::Totals(BucketGeometry geometry, std::vector<WorkerCells*> workers)
    : geometry_(geometry),
      minute_span_(minute_span_for(geometry.width())),
      workers_(std::move(workers)) {}

void Totals::set_slot_count(std::uint32_t count) {
  const std::lock_guard lock(mutex_);
  count = std::min(count, kMaxSlots);
  if (count <= closed_.size()) return;
  closed_.resize(count);
  sums_.resize(count);
}

void Totals::set_measured_since(TrafficTime since) {
  const std::lock_guard lock(mutex_);
  measured_since_ = since;
}

BucketNumber Totals::smallest_frontier() const noexcept {
  BucketNumber smallest = std::numeric_limits<BucketNumber>::max();
  // kNoBucket is the smallest number of all: a worker that has not begun holds the rest back.
  for (const WorkerCells* worker : workers_) smallest = std::min(smallest, worker->frontier());
  return workers_.empty() ? kNoBucket : smallest;
}

std::vector<BucketNumber> Totals::touched_below(BucketNumber frontier) const {
  std::vector<BucketNumber> numbers;
  for (const WorkerCells* worker : workers_) {
    for (std::uint32_t place = 0; place < worker->ring_buckets(); ++place) {
      const BucketNumber number = worker->bucket_in(place);
      if (number != kNoBucket && number < frontier) numbers.push_back(number);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

TrafficTime Totals::newest_minute(TrafficTime closed_until) const noexcept {
  const BucketGeometry minutes{minute_span_};
  return minutes.start_of(minutes.number_of(closed_until) - 1);
}

ClosedBucket Totals::bucket_of(BucketNumber number, const std::vector<SlotTotals>& sums) const {
  ClosedBucket bucket{.number = number,
                      .start = geometry_.start_of(number),
                      .width = geometry_.width(),
                      .slots = {}};
  bucket.slots.reserve(static_cast<std::size_t>(std::count_if(
      sums.begin(), sums.end(), [](const SlotTotals& totals) { return !is_empty(totals); })));
  for (std::uint32_t slot = 0; slot < sums.size(); ++slot)
    if (!is_empty(sums[slot])) bucket.slots.push_back({.slot = Slot{slot}, .totals = sums[slot]});
  return bucket;
}

std::shared_ptr<const ClosedBucket> Totals::close(BucketNumber number) {
  std::fill(sums_.begin(), sums_.end(), SlotTotals{});
  const auto slots = static_cast<std::uint32_t>(sums_.size());
  for (WorkerCells* worker : workers_) {
    for (std::uint32_t place = 0; place < worker->ring_buckets(); ++place) {
      if (worker->bucket_in(place) != number) continue;
      add_place(*worker, place, sums_);
      worker->clear(number, slots);
      break;
    }
  }
  auto bucket = std::make_shared<ClosedBucket>(bucket_of(number, sums_));
  for (const auto& entry : bucket->slots) add(closed_[entry.slot.value()], entry.totals);
  ++closed_buckets_;
  return bucket;
}

void Totals::add_to_minute(const ClosedBucket& bucket) {
  const BucketGeometry geometry{minute_span_};
  auto& minute = minutes_[geometry.start_of(geometry.number_of(bucket.start))];
  minute.resize(closed_.size());
  for (const auto& entry : bucket.slots) {
    ClosedMinute& sums = minute[entry.slot.value()];
    for (const Direction direction : {Direction::FromCustomer, Direction::ToCustomer}) {
      const auto index = static_cast<std::size_t>(direction);
      for (const Family family : {Family::Ipv4, Family::Ipv6}) {
        const CellTotal& total = entry.totals[cell_position(direction, family)];
        sums.bytes[index] += total.bytes;
        sums.variance[index] += total.variance;
      }
    }
  }
}

std::vector<std::shared_ptr<const ClosedBucket>> Totals::close_due() {
  std::vector<std::shared_ptr<const ClosedBucket>> closed;
  const std::lock_guard lock(mutex_);
  const BucketNumber frontier = smallest_frontier();
  if (frontier == kNoBucket || frontier == frontier_) return closed;
  if (first_frontier_ == kNoBucket) first_frontier_ = frontier;
  frontier_ = frontier;
  const TrafficTime newest = newest_minute(geometry_.start_of(frontier));
  minutes_.erase(minutes_.begin(), minutes_.lower_bound(newest));
  for (const BucketNumber number : touched_below(frontier)) {
    closed.push_back(close(number));
    if (closed.back()->start >= newest) add_to_minute(*closed.back());
  }
  return closed;
}

std::vector<ClosedBucket> Totals::open_buckets() const {
  std::vector<ClosedBucket> open;
  const std::lock_guard lock(mutex_);
  std::vector<SlotTotals> sums(closed_.size());
  for (const BucketNumber number : touched_below(std::numeric_limits<BucketNumber>::max())) {
    std::fill(sums.begin(), sums.end(), SlotTotals{});
    for (const WorkerCells* worker : workers_) {
      for (std::uint32_t place = 0; place < worker->ring_buckets(); ++place)
        if (worker->bucket_in(place) == number) add_place(*worker, place, sums);
    }
    open.push_back(bucket_of(number, sums));
  }
  return open;
}

std::optional<TrafficTime> Totals::closed_until() const {
  const std::lock_guard lock(mutex_);
  if (frontier_ == kNoBucket) return std::nullopt;
  return geometry_.start_of(frontier_);
}

TotalsSnapshot Totals::snapshot() const {
  TotalsSnapshot snapshot;
  snapshot.minute_span = minute_span_;
  const std::lock_guard lock(mutex_);
  snapshot.live = closed_;
  for (const WorkerCells* worker : workers_) {
    for (std::uint32_t place = 0; place < worker->ring_buckets(); ++place)
      if (worker->bucket_in(place) != kNoBucket) add_place(*worker, place, snapshot.live);
  }
  snapshot.closed_buckets = closed_buckets_;
  snapshot.minute.resize(closed_.size());
  if (frontier_ == kNoBucket) return snapshot;
  snapshot.closed_until = geometry_.start_of(frontier_);
  snapshot.minute_start = newest_minute(snapshot.closed_until);
  // A minute that was under way when the watch began is not whole.
  snapshot.has_minute =
      snapshot.minute_start >= std::max(geometry_.start_of(first_frontier_), measured_since_);
  const auto minute = minutes_.find(snapshot.minute_start);
  if (snapshot.has_minute && minute != minutes_.end())
    std::copy(minute->second.begin(), minute->second.end(), snapshot.minute.begin());
  return snapshot;
}

}  // namespace weir::core
