// The core against a slow, obvious model: one std::map, 128-bit arithmetic, a loop over every
// bucket of every record.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <set>
#include <tuple>

#include "collector/core/totals.h"

namespace weir::core {
namespace {

constexpr std::uint32_t kSlots = 6;

struct Settings {
  std::int64_t width_ms = 10'000;
  std::uint32_t ring_buckets = 16;
  std::size_t workers = 2;
  std::uint64_t largest_bytes = 1'000'000;
};

struct Record {
  std::uint32_t from = kNoSlot;
  std::uint32_t to = kNoSlot;
  Family family = Family::Ipv4;
  Amount amount;
  TimeRange range;
};

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  std::int64_t quotient = a / b;
  while (quotient * b > a) --quotient;
  while ((quotient + 1) * b <= a) ++quotient;
  return quotient;
}

class Model {
 public:
  using Key = std::tuple<BucketNumber, std::uint32_t, std::size_t>;

  explicit Model(const Settings& settings) : settings_(settings), workers_(settings.workers) {}

  void advance(std::size_t worker, std::int64_t now, std::int64_t lateness) {
    auto& frontier = workers_[worker].frontier;
    const BucketNumber reached = floor_div(now - lateness, settings_.width_ms);
    if (!workers_[worker].has_begun || reached > frontier) frontier = reached;
    workers_[worker].has_begun = true;
  }

  WorkerCells::Refused add(std::size_t index, const Record& record) {
    Worker& worker = workers_[index];
    const std::int64_t start = since_epoch_ms(record.range.start);
    const std::int64_t end = since_epoch_ms(record.range.end);
    const BucketNumber first = floor_div(start, settings_.width_ms);
    const BucketNumber last = end > start ? floor_div(end - 1, settings_.width_ms) : first;
    WorkerCells::Refused refused;
    std::uint64_t records = 1;
    for (BucketNumber bucket = first; bucket <= last; ++bucket) {
      const Amount part{.bytes = part_of(record.amount.bytes, bucket, start, end),
                        .packets = part_of(record.amount.packets, bucket, start, end),
                        .variance = part_of(record.amount.variance, bucket, start, end)};
      if (bucket < worker.frontier) {
        refused.late_bytes += part.bytes;
      } else if (!worker.takes(bucket, settings_.ring_buckets)) {
        refused.overrun_bytes += part.bytes;
      } else {
        worker.held.insert(bucket);
        count(bucket, record.from, Direction::FromCustomer, record.family, part, records);
        count(bucket, record.to, Direction::ToCustomer, record.family, part, records);
        records = 0;
      }
    }
    return refused;
  }

  /// Everything below the smallest frontier, by bucket, slot and position.
  std::map<Key, CellTotal> close() {
    BucketNumber smallest = workers_[0].frontier;
    for (const Worker& worker : workers_) {
      if (!worker.has_begun) return {};
      smallest = std::min(smallest, worker.frontier);
    }
    std::map<Key, CellTotal> closed;
    for (auto it = open_.begin(); it != open_.end() && std::get<0>(it->first) < smallest;) {
      closed.insert(*it);
      it = open_.erase(it);
    }
    for (Worker& worker : workers_)
      std::erase_if(worker.held, [&](BucketNumber bucket) { return bucket < smallest; });
    return closed;
  }

  const SlotTotals& live(std::uint32_t slot) { return live_[slot]; }

 private:
  struct Worker {
    BucketNumber frontier = 0;
    bool has_begun = false;
    std::set<BucketNumber> held;

    bool takes(BucketNumber bucket, std::int64_t ring) const {
      if (bucket >= frontier + ring) return false;
      return std::none_of(held.begin(), held.end(), [&](BucketNumber other) {
        return other != bucket && (bucket - other) % ring == 0;
      });
    }
  };

  std::uint64_t share_before(std::uint64_t amount, std::int64_t time, std::int64_t start,
                             std::int64_t end) const {
    if (time <= start) return 0;
    if (time >= end) return amount;
    return static_cast<std::uint64_t>(Wide{amount} * static_cast<std::uint64_t>(time - start) /
                                      static_cast<std::uint64_t>(end - start));
  }

  std::uint64_t part_of(std::uint64_t amount, BucketNumber bucket, std::int64_t start,
                        std::int64_t end) const {
    if (end <= start) return amount;
    const std::int64_t bucket_start = bucket * settings_.width_ms;
    return share_before(amount, bucket_start + settings_.width_ms, start, end) -
           share_before(amount, bucket_start, start, end);
  }

  void count(BucketNumber bucket, std::uint32_t slot, Direction direction, Family family,
             const Amount& part, std::uint64_t records) {
    if (slot == kNoSlot) return;
    const std::size_t position = cell_position(direction, family);
    for (CellTotal* total : {&open_[{bucket, slot, position}], &live_[slot][position]}) {
      total->bytes += part.bytes;
      total->packets += part.packets;
      total->records += records;
      total->variance += part.variance;
    }
  }

  Settings settings_;
  std::vector<Worker> workers_;
  std::map<Key, CellTotal> open_;
  std::map<std::uint32_t, SlotTotals> live_;
};

/// Runs core and model side by side on the same random traffic.
class SideBySide {
 public:
  SideBySide(const Settings& settings, std::uint64_t seed)
      : settings_(settings), random_(seed), model_(settings) {
    const BucketGeometry geometry{TrafficSpan{settings.width_ms}};
    for (std::size_t i = 0; i < settings.workers; ++i)
      workers_.push_back(std::make_unique<WorkerCells>(geometry, settings.ring_buckets));
    std::vector<WorkerCells*> pointers;
    for (const auto& worker : workers_) pointers.push_back(worker.get());
    totals_ = std::make_unique<Totals>(geometry, pointers);
    totals_->set_slot_count(kSlots);
  }

  void run(int steps) {
    for (int step = 0; step < steps && !::testing::Test::HasFatalFailure(); ++step) {
      const std::uint64_t chance = below(100);
      if (chance < 70) {
        add();
      } else if (chance < 90) {
        advance(below(settings_.workers), now_);
      } else if (chance < 95) {
        close();
      } else {
        now_ += static_cast<std::int64_t>(
            below(100) == 0 ? 86'400'000
                            : below(static_cast<std::uint64_t>(settings_.width_ms) * 3));
      }
    }
    expect_live();
    now_ += 86'400'000;
    for (std::size_t worker = 0; worker < settings_.workers; ++worker) advance(worker, now_);
    close();
    // Conservation: each byte is in a closed bucket of each of its slots, or refused.
    EXPECT_EQ(closed_bytes_ + refused_bytes_, offered_bytes_);
    expect_live();
  }

 private:
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  std::uint32_t any_slot() {
    const std::uint64_t slot = below(kSlots + 1);
    return slot == kSlots ? kNoSlot : static_cast<std::uint32_t>(slot);
  }

  void advance(std::size_t worker, std::int64_t now) {
    const auto lateness = static_cast<std::int64_t>(
        below(static_cast<std::uint64_t>(settings_.width_ms) * settings_.ring_buckets / 2));
    workers_[worker]->advance(traffic_time_ms(now), TrafficSpan{lateness});
    model_.advance(worker, now, lateness);
    begun_.insert(worker);
  }

  Record any_record() {
    const auto width = static_cast<std::uint64_t>(settings_.width_ms);
    const std::uint64_t longest = below(4) == 0 ? width * settings_.ring_buckets * 2 : width * 3;
    const auto duration = static_cast<std::int64_t>(below(3) == 0 ? 0 : below(longest + 1));
    std::int64_t end = now_ - static_cast<std::int64_t>(below(width * 4)) +
                       static_cast<std::int64_t>(below(width * 4));
    if (below(8) == 0) end -= end % settings_.width_ms;
    return {.from = any_slot(),
            .to = any_slot(),
            .family = below(2) == 0 ? Family::Ipv4 : Family::Ipv6,
            .amount = {.bytes = below(settings_.largest_bytes),
                       .packets = below(1'000),
                       .variance = random_() >> (24 + below(40))},
            .range = {traffic_time_ms(end - duration), traffic_time_ms(end)}};
  }

  void add() {
    const std::size_t worker = below(settings_.workers);
    if (!begun_.contains(worker)) advance(worker, now_);
    const Record record = any_record();
    const auto refused =
        workers_[worker]->add(record.from, record.to, record.family, record.amount, record.range);
    ASSERT_EQ(refused, model_.add(worker, record));
    const std::uint64_t slots =
        (record.from != kNoSlot ? 1U : 0U) + (record.to != kNoSlot ? 1U : 0U);
    offered_bytes_ += slots * record.amount.bytes;
    refused_bytes_ += slots * (refused.late_bytes + refused.overrun_bytes);
  }

  void close() {
    std::map<Model::Key, CellTotal> closed;
    BucketNumber before = kNoBucket;
    for (const auto& bucket : totals_->close_due()) {
      EXPECT_GT(bucket->number, before);
      before = bucket->number;
      for (const auto& entry : bucket->slots) {
        for (std::size_t position = 0; position < kCellsPerSlot; ++position) {
          const CellTotal& total = entry.totals[position];
          if (total == CellTotal{}) continue;
          closed[{bucket->number, entry.slot.value(), position}] = total;
          closed_bytes_ += total.bytes;
        }
      }
    }
    auto expected = model_.close();
    std::erase_if(expected, [](const auto& cell) { return cell.second == CellTotal{}; });
    ASSERT_TRUE(closed == expected);
  }

  void expect_live() {
    const auto snapshot = totals_->snapshot();
    ASSERT_EQ(snapshot.live.size(), kSlots);
    for (std::uint32_t slot = 0; slot < kSlots; ++slot)
      EXPECT_TRUE(snapshot.live[slot] == model_.live(slot)) << "slot " << slot;
  }

  Settings settings_;
  std::mt19937_64 random_;
  Model model_;
  std::vector<std::unique_ptr<WorkerCells>> workers_;
  std::unique_ptr<Totals> totals_;
  std::set<std::size_t> begun_;
  std::int64_t now_ = 1'349'006'400'123;
  std::uint64_t offered_bytes_ = 0;
  std::uint64_t refused_bytes_ = 0;
  std::uint64_t closed_bytes_ = 0;
};

void compare(const Settings& settings) {
  std::vector<std::uint64_t> seeds{std::random_device{}()};
  for (std::uint64_t seed = 1; seed <= 20; ++seed) seeds.push_back(seed);
  for (const std::uint64_t seed : seeds) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    SideBySide{settings, seed}.run(3'000);
    if (::testing::Test::HasFailure()) return;
  }
}

// Domain requirement 24.
TEST(CoreAgainstModel, AgreesOnTwoWorkers) { compare({}); }

TEST(CoreAgainstModel, AgreesOnOneWorkerWithASmallRing) {
  compare({.width_ms = 1'000, .ring_buckets = 3, .workers = 1});
}

TEST(CoreAgainstModel, AgreesOnManyWorkersAndAmountsOfEverySize) {
  compare({.width_ms = 300'000, .ring_buckets = 7, .workers = 5, .largest_bytes = 1ULL << 50});
}

TEST(CoreAgainstModel, AgreesOnWidthsThatDivideNothing) {
  compare({.width_ms = 7'919, .ring_buckets = 11, .workers = 3});
}

}  // namespace
}  // namespace weir::core
