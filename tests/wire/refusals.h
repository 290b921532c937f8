#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "collector/wire/decode_outcome.h"

namespace weir::wire {

/// What a datagram was refused for, by the reason's name, and how often: to be compared whole.
using Refusals = std::map<std::string, std::uint32_t>;

[[nodiscard]] inline Refusals refusals(const DecodeOutcome& outcome) {
  Refusals found;
  for (std::size_t reason = 0; reason < kDecodeErrors; ++reason) {
    if (outcome.malformed[reason] == 0) continue;
    found.emplace(decode_error_name(static_cast<DecodeError>(reason)), outcome.malformed[reason]);
  }
  return found;
}

}  // namespace weir::wire
