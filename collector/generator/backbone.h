#pragma once

#include <cstdint>
#include <vector>

#include "collector/generator/router.h"
#include "collector/generator/scenario.h"
#include "collector/generator/traffic_plan.h"
#include "collector/generator/truth.h"

namespace weir::generator {

/// A scenario in motion: all its routers, tick by tick, at the scenario's own time. Equal
/// scenarios and starts give equal bytes.
///
/// Threads: one. Refers to scenario, plan and truth (null: none is kept), which outlive it.
class Backbone {
 public:
  /// `start` is a whole second.
  Backbone(const Scenario& scenario, const TrafficPlan& plan, TrafficTime start, Truth* truth);

  /// Plays kTick and returns the datagrams of its end, in the order they leave.
  [[nodiscard]] std::vector<Emission> advance();

  /// Exports what the routers still hold. now() is a whole second.
  [[nodiscard]] std::vector<Emission> finish();

  [[nodiscard]] TrafficTime now() const noexcept { return now_; }
  [[nodiscard]] bool is_at_whole_second() const noexcept {
    return since_epoch_ms(now_) % 1'000 == 0;
  }

 private:
  std::vector<Router> routers_;
  TrafficTime now_;
};

}  // namespace weir::generator
