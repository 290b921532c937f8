#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <random>
#include <thread>

#include "collector/core/totals.h"

namespace weir::core {
namespace {

constexpr std::uint32_t kSlots = 40;
constexpr std::size_t kWorkers = 3;
constexpr int kRecordsPerWorker = 200'000;
constexpr std::int64_t kWidthMs = 1'000;
constexpr std::uint32_t kRing = 12;

using Sums = std::vector<SlotTotals>;

/// What one worker handed over, by its own count.
struct Handed {
  Sums sums{kSlots};
  std::uint64_t offered_bytes = 0;
  std::uint64_t refused_bytes = 0;
};

/// One worker's life: random records around a clock that all workers push on.
Handed work(WorkerCells& cells, std::atomic<std::int64_t>& clock, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  Handed handed;
  for (int i = 0; i < kRecordsPerWorker; ++i) {
    const std::int64_t now = clock.fetch_add(static_cast<std::int64_t>(random() % 8));
    cells.advance(traffic_time_ms(now), TrafficSpan{2 * kWidthMs});
    const auto start = now - static_cast<std::int64_t>(random() % 3'000);
    const auto duration = random() % 2 == 0 ? 0 : static_cast<std::int64_t>(random() % 3'000);
    const auto slot = static_cast<std::uint32_t>(random() % kSlots);
    const auto family = random() % 2 == 0 ? Family::Ipv4 : Family::Ipv6;
    const Amount amount{.bytes = random() % 100'000, .packets = 0, .variance = 0};
    const auto refused = cells.add(slot, kNoSlot, family, amount,
                                   {traffic_time_ms(start), traffic_time_ms(start + duration)});
    const std::uint64_t refused_bytes = refused.late_bytes + refused.overrun_bytes;
    handed.sums[slot][cell_position(Direction::FromCustomer, family)].bytes +=
        amount.bytes - refused_bytes;
    handed.offered_bytes += amount.bytes;
    handed.refused_bytes += refused_bytes;
  }
  return handed;
}

void add_bytes(Sums& sums, const ClosedBucket& bucket) {
  for (const auto& entry : bucket.slots)
    for (std::size_t position = 0; position < kCellsPerSlot; ++position)
      sums[entry.slot.value()][position].bytes += entry.totals[position].bytes;
}

std::uint64_t bytes_of(const Sums& sums) {
  std::uint64_t bytes = 0;
  for (const auto& totals : sums)
    for (const auto& total : totals) bytes += total.bytes;
  return bytes;
}

/// No cell of `later` is below its place in `earlier`.
bool has_grown(const Sums& earlier, const Sums& later) {
  for (std::size_t slot = 0; slot < earlier.size(); ++slot)
    for (std::size_t position = 0; position < kCellsPerSlot; ++position)
      if (later[slot][position].bytes < earlier[slot][position].bytes) return false;
  return true;
}

TEST(CoreStress, WorkersCloserAndReadersLoseNothing) {
  const BucketGeometry geometry{TrafficSpan{kWidthMs}};
  std::vector<std::unique_ptr<WorkerCells>> cells;
  std::vector<WorkerCells*> pointers;
  for (std::size_t i = 0; i < kWorkers; ++i) {
    cells.push_back(std::make_unique<WorkerCells>(geometry, kRing));
    pointers.push_back(cells.back().get());
  }
  Totals totals{geometry, pointers};
  totals.set_slot_count(kSlots);

  std::atomic<std::int64_t> clock{1'000'000'000};
  Sums closed(kSlots);
  std::vector<Handed> handed(kWorkers);
  {
    std::jthread closer([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        for (const auto& bucket : totals.close_due()) add_bytes(closed, *bucket);
        std::this_thread::yield();
      }
    });
    std::jthread reader([&](const std::stop_token& stop) {
      Sums before = totals.snapshot().live;
      while (!stop.stop_requested()) {
        Sums now = totals.snapshot().live;
        EXPECT_TRUE(has_grown(before, now));
        before = std::move(now);
        std::this_thread::yield();
      }
    });
    std::vector<std::jthread> workers;
    for (std::size_t i = 0; i < kWorkers; ++i)
      workers.emplace_back([&, i] { handed[i] = work(*cells[i], clock, 1'000 + i); });
    for (auto& worker : workers) worker.join();
  }

  // What the workers counted themselves is what stands in the totals, open or closed, ...
  Sums expected(kSlots);
  std::uint64_t offered = 0;
  std::uint64_t refused = 0;
  for (const Handed& one : handed) {
    offered += one.offered_bytes;
    refused += one.refused_bytes;
    for (std::size_t slot = 0; slot < kSlots; ++slot)
      for (std::size_t position = 0; position < kCellsPerSlot; ++position)
        expected[slot][position].bytes += one.sums[slot][position].bytes;
  }
  EXPECT_EQ(bytes_of(expected) + refused, offered);
  EXPECT_EQ(bytes_of(totals.snapshot().live), offered - refused);
  // ... and what leaves in closed buckets, once all are.
  for (auto& worker : cells) worker->advance(traffic_time_ms(clock + 100'000), TrafficSpan{0});
  for (const auto& bucket : totals.close_due()) add_bytes(closed, *bucket);
  EXPECT_EQ(bytes_of(closed), offered - refused);
  for (std::size_t slot = 0; slot < kSlots; ++slot)
    for (std::size_t position = 0; position < kCellsPerSlot; ++position)
      EXPECT_EQ(closed[slot][position].bytes, expected[slot][position].bytes);
  EXPECT_LT(refused, offered);
}

}  // namespace
}  // namespace weir::core
