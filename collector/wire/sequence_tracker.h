#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace weir::wire {

/// Where one datagram stands in its stream, as its header says.
struct SequencePoint {
  std::uint32_t sequence = 0;
  /// Mark of the payload (fingerprint.h). Empty for a datagram that must never be taken for
  /// a repeat: one that carries templates only may come again with the same sequence.
  std::optional<std::uint64_t> fingerprint;
  /// The exporter's uptime in milliseconds, for protocols that send it.
  std::optional<std::uint32_t> uptime_ms;
};

/// What observe() found. `lost` is in the stream's own unit.
struct SequenceVerdict {
  std::uint32_t lost = 0;     ///< units of the gap that this datagram shows
  bool out_of_order = false;  ///< came late, inside the reorder window
  bool duplicate = false;     ///< seen before: hand nothing of it on
  bool restart = false;       ///< the exporter's count began again
};

/// Counts the loss of one stream (exporter session and observation domain, or sFlow
/// sub-agent) from sequence numbers that count units: v5 flows, v9 export packets, IPFIX data
/// records, sFlow datagrams. All arithmetic is modulo 2^32.
///
/// A gap is lost when it shows. A datagram of the gap that comes late takes its units back
/// (advance() returns them), so lost minus recovered is right at any time. Memory is fixed:
/// the last 64 datagrams, and every gap that showed among them. A jump back that no gap
/// explains, a jump ahead beyond kLargestGap, or an uptime that fell is a restart: the count begins
/// anew and nothing is lost. The first datagram synchronises.
///
/// Use: observe() before decoding; unless it is a duplicate, advance() with the units that
/// the datagram held, or lose_position() when they cannot be known.
///
/// Threads: one.
class SequenceTracker {
 public:
  /// Datagrams that are remembered to know a repeat.
  static constexpr std::size_t kWindow = 64;
  /// A wider gap than this many units is taken for a restart.
  static constexpr std::uint32_t kLargestGap = 1U << 24;

  [[nodiscard]] SequenceVerdict observe(const SequencePoint& point) noexcept;

  /// The datagram last observed held `units`. Returns the units counted lost before that it
  /// brought after all.
  [[nodiscard]] std::uint32_t advance(std::uint32_t units) noexcept;

  /// The units of the datagram last observed are unknown: the next one synchronises anew.
  void lose_position() noexcept;

  /// What was seen before is no repeat any more, should it come again.
  void forget_repeats() noexcept;

 private:
  /// A datagram adds one gap at most, and a gap is kept for kWindow datagrams behind it.
  static constexpr std::size_t kGaps = kWindow + 1;

  struct Gap {
    std::uint32_t start = 0;
    std::uint32_t length = 0;    ///< 0: free
    std::uint32_t shown_at = 0;  ///< count_ when it showed; too old after kWindow datagrams
    bool counted = false;        ///< false: before the first datagram, never counted lost
  };
  struct Seen {
    std::uint32_t sequence = 0;
    std::uint64_t fingerprint = 0;
  };
  enum class Place : std::uint8_t { Ahead, Late };

  [[nodiscard]] bool is_repeat(const SequencePoint& point) const noexcept;
  [[nodiscard]] bool uptime_fell(std::uint32_t uptime_ms) const noexcept;
  [[nodiscard]] Gap* gap_around(std::uint32_t sequence) noexcept;
  void remember(const SequencePoint& point) noexcept;
  void add_gap(const Gap& gap) noexcept;
  void synchronise(std::uint32_t sequence) noexcept;

  std::uint32_t next_ = 0;
  std::uint32_t observed_ = 0;  ///< sequence of the datagram last observed
  std::uint32_t count_ = 0;     ///< datagrams observed, modulo 2^32
  std::uint32_t uptime_ms_ = 0;
  bool has_uptime_ = false;
  bool is_synchronised_ = false;
  Place place_ = Place::Ahead;
  std::uint8_t seen_count_ = 0;
  std::uint8_t seen_next_ = 0;
  std::array<Seen, kWindow> seen_{};
  std::array<Gap, kGaps> gaps_{};
};

}  // namespace weir::wire
