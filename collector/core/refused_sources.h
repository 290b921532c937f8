#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "collector/model/ip_address.h"
#include "collector/model/time.h"

namespace weir::core {

/// One source whose datagrams are refused.
struct RefusedSource {
  IpAddress address;
  std::uint64_t datagrams = 0;  ///< since it entered the list
  TrafficTime last;

  friend bool operator==(const RefusedSource&, const RefusedSource&) noexcept = default;
};

/// The sources that one worker refused last, so that a person can be told who knocks. Of a
/// fixed size, however many sources there are: a new one takes the place of the one that has been
/// quiet the longest. The books count every refused datagram; this list may miss one.
///
/// Threads: the owning worker calls note(), any thread entries(). A mutex guards the list; the
/// worker never waits for it: while a reader has it, a datagram is not noted.
class RefusedSources {
 public:
  static constexpr std::size_t kKept = 16;

  /// Owner only.
  void note(const IpAddress& source, TrafficTime arrival) noexcept;

  /// Those kept now, in no order.
  [[nodiscard]] std::vector<RefusedSource> entries() const;

 private:
  mutable std::mutex mutex_;  ///< guards all below
  std::array<RefusedSource, kKept> kept_{};
  std::size_t count_ = 0;
};

}  // namespace weir::core
