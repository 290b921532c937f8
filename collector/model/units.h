#pragma once

#include <cstdint>

#include "collector/model/strong.h"

namespace weir {
inline namespace model {

/// Rates are decimal: 1 Gbps is 1,000,000,000 bits per second.
using BitsPerSecond = Strong<struct BitsPerSecondTag, std::uint64_t>;

/// Place of a contract in every array of counters. Given out once per contract id
/// for the life of the process, never reused (contracts/slot_registry.h).
using Slot = Strong<struct SlotTag, std::uint32_t>;

/// Most contracts that one process counts, removed ones included.
inline constexpr std::uint32_t kMaxSlots = 65'536;

/// N of "1 packet in N". Zero means that nobody has said N: a state of its own,
/// never taken as one (accounting/scale.h).
using SamplingInterval = Strong<struct SamplingIntervalTag, std::uint32_t>;
inline constexpr SamplingInterval kUnknownSampling{0};

}  // namespace model
}  // namespace weir
