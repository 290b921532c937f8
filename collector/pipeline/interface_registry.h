#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "collector/contracts/contract_table.h"

namespace weir::pipeline {

/// Most interfaces whose bytes are counted by themselves.
inline constexpr std::uint32_t kMaxTrackedInterfaces = 65'536;

/// Gives every tracked interface (exporter, ifIndex) one number for the life of the process,
/// so that its counters go on over a reload although the table numbers its own afresh.
///
/// Threads: any; a mutex guards it. Read once per table, never per record.
class InterfaceRegistry {
 public:
  /// For each interface its lasting number, or kNoInterface beyond kMaxTrackedInterfaces.
  [[nodiscard]] std::vector<std::uint32_t> numbers_of(
      std::span<const contracts::TrackedInterface> interfaces);

 private:
  std::mutex mutex_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> numbers_;
};

}  // namespace weir::pipeline
