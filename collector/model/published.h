#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace weir {
inline namespace model {

/// Publishes an immutable value that many threads read all the time and that seldom changes.
///
/// A reader keeps its own `Reader`: it looks at a generation number (one relaxed-cost load) and
/// takes the lock only when the number has moved. The old value lives as long as someone holds it.
///
/// Threads: any may publish and make readers; one Reader belongs to one thread.
template <class T>
class Published {
 public:
  explicit Published(std::shared_ptr<const T> value) : value_(std::move(value)) {}

  void publish(std::shared_ptr<const T> value) {
    const std::lock_guard lock(mutex_);
    value_ = std::move(value);
    // Pairs with the acquire in Reader::refresh(); the value itself is read under the lock.
    generation_.fetch_add(1, std::memory_order_release);
  }

  [[nodiscard]] std::shared_ptr<const T> current() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }

  class Reader {
   public:
    explicit Reader(const Published& source)
        : source_(source),
          generation_(source.generation_.load(std::memory_order_acquire)),
          value_(source.current()) {}

    /// True if the value changed since the last call.
    [[nodiscard]] bool refresh() {
      const std::uint64_t now = source_.generation_.load(std::memory_order_acquire);
      if (now == generation_) [[likely]]
        return false;
      generation_ = now;
      value_ = source_.current();
      return true;
    }

    [[nodiscard]] const T& operator*() const noexcept { return *value_; }
    [[nodiscard]] const T* operator->() const noexcept { return value_.get(); }

   private:
    const Published& source_;
    std::uint64_t generation_;
    std::shared_ptr<const T> value_;
  };

 private:
  mutable std::mutex mutex_;  ///< guards value_
  std::shared_ptr<const T> value_;
  std::atomic<std::uint64_t> generation_{0};
};

}  // namespace model
}  // namespace weir
