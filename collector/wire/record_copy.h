#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <type_traits>
#include <utility>

#include "collector/model/flow_record.h"

namespace weir::wire {

/// Copies the leading `kBytes` of a record, some hundred bytes that are written for each flow,
/// as a row of 16-byte moves. Left to itself the compiler takes a string instruction, whose
/// start alone costs more than all of these.
template <std::size_t kBytes>
[[gnu::always_inline]] inline void copy_front(const FlowRecord& from, FlowRecord& to) noexcept {
  static_assert(std::is_trivially_copyable_v<FlowRecord> && kBytes <= sizeof(FlowRecord));
  constexpr std::size_t kChunkBytes = 16;
  using Chunk = std::array<unsigned char, kChunkBytes>;
  constexpr std::size_t kChunks = kBytes / kChunkBytes;
  constexpr std::size_t kRest = kBytes % kChunkBytes;
  const auto* const source = reinterpret_cast<const unsigned char*>(&from);
  auto* const target = reinterpret_cast<unsigned char*>(&to);
  const auto copy_chunk = [source, target](std::size_t at) noexcept {
    Chunk chunk;
    std::memcpy(&chunk, source + at, sizeof chunk);
    std::memcpy(target + at, &chunk, sizeof chunk);
  };
  [&copy_chunk]<std::size_t... I>(std::index_sequence<I...>) noexcept {
    (copy_chunk(I * kChunkBytes), ...);
  }
  (std::make_index_sequence<kChunks>{});
  if constexpr (kRest != 0) {
    std::memcpy(target + kChunks * kChunkBytes, source + kChunks * kChunkBytes, kRest);
  }
}

/// Copies a whole record.
inline void copy_record(const FlowRecord& from, FlowRecord& to) noexcept {
  copy_front<sizeof(FlowRecord)>(from, to);
}

}  // namespace weir::wire
