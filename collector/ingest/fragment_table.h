#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "collector/model/ip_address.h"
#include "collector/model/time.h"

namespace weir::ingest {

/// Bounds on what fragments may hold.
struct FragmentLimits {
  std::size_t datagrams = 128;                 ///< incomplete ones at a time
  std::size_t bytes = 4'194'304;               ///< of all of them
  std::size_t fragments_per_datagram = 256;    ///< 65,535 bytes at the least IPv4 MTU take 119
  TrafficSpan age = std::chrono::seconds(30);  ///< from the first fragment, by capture time
};

/// What tells the fragments of one datagram from those of others (RFC 791, 3.2; RFC 8200, 4.5).
/// RFC 8200 lets the next header differ between fragments; no sender of UDP does that.
struct FragmentKey {
  IpAddress source{};
  IpAddress destination{};
  std::uint32_t identification = 0;
  std::uint8_t protocol = 0;

  friend bool operator==(const FragmentKey&, const FragmentKey&) = default;
};

struct Fragment {
  FragmentKey key{};
  std::size_t offset = 0;  ///< bytes
  bool is_last = false;
  std::span<const std::byte> bytes{};
  TrafficTime arrival{};
};

/// Puts the payload of fragmented IP packets together again, within bounds.
///
/// Threads: one. Invariant: never more than FragmentLimits. Fragments that overlap, disagree
/// on the end or come beyond it drop the whole datagram, as RFC 5722 demands of IPv6; an exact
/// repetition of a range is dropped alone.
class FragmentTable {
 public:
  explicit FragmentTable(FragmentLimits limits = {}) : limits_(limits) {}

  struct Whole {
    std::span<const std::byte> bytes;  ///< lives until the next add()
    std::size_t fragments = 0;
  };
  /// The payload that `fragment` completes, if it does.
  [[nodiscard]] std::optional<Whole> add(const Fragment& fragment);

  /// Drops what is incomplete: no more fragments will come.
  void drop_all() noexcept;

  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }
  [[nodiscard]] std::size_t held_datagrams() const noexcept { return pending_.size(); }
  [[nodiscard]] std::size_t held_bytes() const noexcept { return held_bytes_; }

 private:
  struct Range {
    std::size_t start = 0;
    std::size_t end = 0;
  };
  struct Pending {
    FragmentKey key;
    TrafficTime first_arrival;
    std::optional<std::size_t> end;  ///< known once the last fragment is there
    std::size_t received_bytes = 0;
    std::vector<Range> ranges;  ///< disjoint, one a fragment
    std::vector<std::byte> bytes;
  };

  /// What a fragment is to the ranges already there.
  enum class Fit : std::uint8_t { New, Repeated, Conflicting };

  [[nodiscard]] static Fit fit_of(const Pending& pending, const Fragment& fragment) noexcept;
  void expire(TrafficTime now) noexcept;
  void drop(std::size_t index) noexcept;
  /// Drops the oldest but `keep` until `bytes` more fit; false if they cannot.
  [[nodiscard]] bool make_room(std::size_t bytes, const FragmentKey& keep) noexcept;
  [[nodiscard]] std::size_t find(const FragmentKey& key) const noexcept;

  FragmentLimits limits_;
  std::vector<Pending> pending_;  ///< oldest first
  std::vector<std::byte> whole_;
  std::size_t held_bytes_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace weir::ingest
