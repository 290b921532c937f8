#include "tests/stress/handshake_model.h"

#include <algorithm>
#include <array>
#include <ostream>
#include <streambuf>

#include "collector/core/cell.h"
#include "collector/core/handshake.h"
// Last: it makes macros of words such as `delete` and `memory_order_relaxed`.
#include <relacy/relacy.hpp>

namespace weir::core {
namespace {

constexpr rl::memory_order relacy_order(std::memory_order order) {
  switch (order) {
    case std::memory_order::acquire:
      return rl::mo_acquire;
    case std::memory_order::release:
      return rl::mo_release;
    case std::memory_order::relaxed:
      return rl::mo_relaxed;
    default:
      return rl::mo_seq_cst;
  }
}

/// Stands for std::atomic in the core's own templates.
template <class T>
class ModelAtomic {
 public:
  explicit ModelAtomic(T initial) { value_.store(initial, rl::mo_relaxed, RL_INFO); }
  T load(std::memory_order order) const { return value_.load(relacy_order(order), RL_INFO); }
  void store(T value, std::memory_order order) {
    value_.store(value, relacy_order(order), RL_INFO);
  }

 private:
  rl::atomic<T> value_;
};

/// The same with every order weakened to relaxed.
template <class T>
class RelaxedAtomic : ModelAtomic<T> {
 public:
  using ModelAtomic<T>::ModelAtomic;
  T load(std::memory_order) const { return ModelAtomic<T>::load(std::memory_order::relaxed); }
  void store(T value, std::memory_order) {
    ModelAtomic<T>::store(value, std::memory_order::relaxed);
  }
};

constexpr unsigned kWorkers = 2;
constexpr std::size_t kRing = 2;
/// The frontier passes all but the last, so that buckets close and places are used again.
constexpr std::size_t kBuckets = 5;
constexpr int kRoundsOfCloser = 4;

template <template <class> class FrontierAtomic, template <class> class PlaceAtomic>
struct Handshake : rl::test_suite<Handshake<FrontierAtomic, PlaceAtomic>, kWorkers + 1> {
  struct Worker {
    BasicFrontier<FrontierAtomic> frontier;
    std::array<BasicRingPlace<PlaceAtomic>, kRing> places;
    std::array<BasicCell<ModelAtomic>, kRing> cells;
    std::array<std::uint64_t, kBuckets> added{};
    std::array<std::uint64_t, kBuckets> closed{};
    std::array<int, kBuckets> times_closed{};
  };
  std::array<Worker, kWorkers> workers;

  static void add(Worker& worker, std::size_t bucket) {
    if (!worker.places[bucket % kRing].claim(static_cast<BucketNumber>(bucket))) return;
    // A different amount for each bucket: bytes in the wrong one do not go unseen.
    const std::uint64_t bytes = std::uint64_t{1} << (8 * bucket);
    worker.cells[bucket % kRing].add({.bytes = bytes, .packets = 0, .variance = 0}, 1);
    worker.added[bucket] += bytes;
  }

  static void work(Worker& worker) {
    for (std::size_t frontier = 0; frontier + 1 < kBuckets; ++frontier) {
      worker.frontier.publish(static_cast<BucketNumber>(frontier));
      add(worker, frontier);
      add(worker, frontier + 1);
    }
  }

  void close() {
    const BucketNumber smallest = std::min(workers[0].frontier.read(), workers[1].frontier.read());
    for (Worker& worker : workers) {
      for (std::size_t place = 0; place < kRing; ++place) {
        const BucketNumber number = worker.places[place].number();
        if (number == kNoBucket || number >= smallest) continue;
        const auto bucket = static_cast<std::size_t>(number);
        worker.closed[bucket] += worker.cells[place].read().bytes;
        ++worker.times_closed[bucket];
        worker.cells[place].clear();
        worker.places[place].release();
      }
    }
  }

  void thread(unsigned index) {
    if (index < kWorkers) {
      work(workers[index]);
      return;
    }
    for (int round = 0; round < kRoundsOfCloser; ++round) close();
  }

  void after() {
    for (Worker& worker : workers) {
      std::array<std::uint64_t, kBuckets> found = worker.closed;
      for (std::size_t place = 0; place < kRing; ++place) {
        const BucketNumber number = worker.places[place].number();
        const std::uint64_t bytes = worker.cells[place].read().bytes;
        if (number == kNoBucket) {
          RL_ASSERT(bytes == 0);
        } else {
          found[static_cast<std::size_t>(number)] += bytes;
        }
      }
      RL_ASSERT(found == worker.added);
      for (const int times : worker.times_closed) RL_ASSERT(times <= 1);
    }
  }
};

/// Takes the checker's report and keeps nothing: the checker replaces operator new, so its
/// report must not grow a string of the standard library.
class Silence : public std::streambuf {
 protected:
  int_type overflow(int_type character) override { return traits_type::not_eof(character); }
  std::streamsize xsputn(const char*, std::streamsize count) override { return count; }
};

template <template <class> class FrontierAtomic, template <class> class PlaceAtomic>
Verdict judge() {
  Silence silent;
  std::ostream silence(&silent);
  rl::test_params params;
  params.iteration_count = 60'000;
  params.output_stream = &silence;
  params.progress_stream = &silence;
  static_cast<void>(rl::simulate<Handshake<FrontierAtomic, PlaceAtomic>>(params));
  switch (params.test_result) {
    case rl::test_result_success:
      return Verdict::Holds;
    case rl::test_result_user_assert_failed:
      return Verdict::LosesBytes;
    default:
      return Verdict::Unfit;
  }
}

}  // namespace

Verdict judge_handshake(Orders orders) {
  switch (orders) {
    case Orders::AsWritten:
      return judge<ModelAtomic, ModelAtomic>();
    case Orders::FrontierRelaxed:
      return judge<RelaxedAtomic, ModelAtomic>();
    case Orders::PlacesRelaxed:
      return judge<ModelAtomic, RelaxedAtomic>();
  }
  return Verdict::Unfit;
}

}  // namespace weir::core
