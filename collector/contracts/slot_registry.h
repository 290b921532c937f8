#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/model/units.h"

namespace weir::contracts {

/// Gives every contract id its place in the arrays of counters, once for the life of the
/// process: a contract that a reload removes and a later one brings back goes on counting
/// where it stopped, and no other contract ever inherits its counts.
///
/// Threads: any; a mutex guards it. Asked when a table is built, never per record.
class SlotRegistry {
 public:
  /// The slot of `contract_id`, a new one at its first mention. nullopt when all kMaxSlots
  /// are given out.
  [[nodiscard]] std::optional<Slot> intern(std::string_view contract_id);

  /// The contract ids by slot.
  [[nodiscard]] std::vector<std::string> names() const;

  /// How many slots are given out: one past the largest.
  [[nodiscard]] std::uint32_t size() const;

 private:
  mutable std::mutex mutex_;  ///< guards slots_
  std::map<std::string, Slot, std::less<>> slots_;
};

}  // namespace weir::contracts
