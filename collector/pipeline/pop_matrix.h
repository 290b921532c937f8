#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "collector/model/single_writer_counter.h"

namespace weir::pipeline {

/// Most POPs that are told apart.
inline constexpr std::size_t kMostPops = 32;

/// Where a POP stands in the matrix: below kMostPops by name, and the two beyond.
using PopPlace = std::uint8_t;
inline constexpr PopPlace kUnknownPop = kMostPops;    ///< nobody says which
inline constexpr PopPlace kOtherPop = kMostPops + 1;  ///< one more than are told apart
inline constexpr std::size_t kPopPlaces = kMostPops + 2;

/// Gives every POP that a configuration names one place for the life of the process, so that its
/// counters go on over a reload. Those beyond kMostPops share one.
///
/// Threads: any; a mutex guards it. Asked once per policy, never per record.
class PopRegistry {
 public:
  /// kUnknownPop for the empty name.
  [[nodiscard]] PopPlace place_of(const std::string& name);
  /// Places in use in their order, with what they are called: "unknown" and, where there is
  /// one, "other" behind the names.
  struct Named {
    PopPlace place = kUnknownPop;
    std::string name;
  };
  [[nodiscard]] std::vector<Named> places() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, PopPlace, std::less<>> places_;
  bool has_other_ = false;
};

/// One worker's bytes between POPs, scaled and at the configured layer.
///
/// Threads: the worker adds; anyone reads.
class PopCounters {
 public:
  /// What enters at one POP, by the one at which it leaves.
  using Row = std::array<SingleWriterCounter, kPopPlaces>;

  [[nodiscard]] Row& from(PopPlace ingress) noexcept { return rows_[ingress]; }
  [[nodiscard]] std::uint64_t read(PopPlace ingress, PopPlace egress) const noexcept {
    return rows_[ingress][egress].read();
  }

 private:
  std::array<Row, kPopPlaces> rows_;
};

}  // namespace weir::pipeline
