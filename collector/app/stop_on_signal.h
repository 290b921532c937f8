#pragma once

#include <atomic>
#include <memory>

namespace weir::app {

/// Turns SIGINT and SIGTERM into a flag that a long loop looks at, as long as it lives.
///
/// Threads: one of its own waits for the signals.
class StopOnSignal {
 public:
  StopOnSignal();
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  [[nodiscard]] const std::atomic<bool>& requested() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir::app
