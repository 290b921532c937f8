#pragma once

#include <vector>

#include "collector/core/amounts.h"
#include "collector/core/bucket_ring.h"
#include "collector/model/time.h"
#include "collector/model/units.h"

namespace weir::core {

/// Totals of one closed bucket, summed over the workers. Immutable once published; only
/// slots that counted something stand in it, by rising slot.
struct ClosedBucket {
  struct SlotEntry {
    Slot slot;
    SlotTotals totals;
  };

  BucketNumber number = 0;
  TrafficTime start;
  TrafficSpan width{};
  std::vector<SlotEntry> slots;
};

}  // namespace weir::core
