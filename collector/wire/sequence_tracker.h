#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace weir::wire {

/// What a sequence number counts.
enum class SequenceRule : std::uint8_t {
  Records,          ///< data records before this datagram (RFC 7011, 3.1; NetFlow v5: flows)
  RecordsIncluded,  ///< data records with this datagram's own (VMware NSX)
  Messages,         ///< datagrams (RFC 3954, 5.1; sFlow; some IPFIX exporters, templates too)
  Unknown,          ///< nothing that can be followed: no loss and no restart can be told
};
inline constexpr std::size_t kSequenceRules = 3;  ///< that can be followed

/// Where one datagram stands in its stream, as its header says.
struct SequencePoint {
  std::uint32_t sequence = 0;
  /// Mark of the payload (fingerprint.h). Empty for a datagram that must never be taken for
  /// a repeat: one that carries templates only may come again with the same sequence.
  std::optional<std::uint64_t> fingerprint;
  /// The transport delivers everything once: nothing is a repeat.
  bool comes_once = false;
  /// The exporter's uptime in milliseconds, for protocols that send it.
  std::optional<std::uint32_t> uptime_ms;
  /// What the protocol says that the number counts. The stream may teach otherwise.
  SequenceRule rule = SequenceRule::Records;
};

/// What observe() or advance() found. Units are the stream's own, see SequenceTracker::rule().
struct SequenceVerdict {
  std::uint32_t lost = 0;       ///< units of the gap that this datagram shows
  std::uint32_t recovered = 0;  ///< units counted lost before that were not, or came after all
  bool out_of_order = false;    ///< came late, inside the reorder window
  bool duplicate = false;       ///< seen before: hand nothing of it on
  bool restart = false;         ///< the exporter's count began again
  bool unplaced = false;        ///< what was lost before it cannot be known: the count begins here
};

/// Counts the loss of one stream (exporter session and observation domain, or sFlow
/// sub-agent) from sequence numbers that count units: v5 flows, v9 export packets, IPFIX data
/// records, sFlow datagrams. All arithmetic is modulo 2^32.
///
/// Exporters that count otherwise than their protocol says are found out: each datagram is
/// held against every rule, and the stream goes over to one that has foretold kProof more
/// of them than the rule in force. What looked lost until then is given back. A stream whose number
/// keeps falling without reason follows none: it loses nothing that could be told.
/// A message without data counts no records, so its number is not believed there: some
/// exporters number their templates apart.
///
/// A gap is lost when it shows. A datagram of the gap that comes late takes its units back
/// (SequenceVerdict::recovered), so lost minus recovered is right at any time. Memory is fixed:
/// the last 64 datagrams, and every gap that showed among them. A jump back that no gap
/// explains, a jump ahead beyond kLargestGap, or an uptime that fell is a restart: the count begins
/// anew and nothing is lost. The first datagram synchronises.
///
/// Use: observe() before decoding; unless it is a duplicate, advance() with the records that
/// the datagram held, or lose_position() when they cannot be known.
///
/// Threads: one.
class SequenceTracker {
 public:
  /// Datagrams that are remembered to know a repeat.
  static constexpr std::size_t kWindow = 64;
  /// A wider gap than this many units is taken for a restart.
  static constexpr std::uint32_t kLargestGap = 1U << 24;

  /// By how many datagrams a rule must have done better to take over.
  static constexpr std::uint8_t kProof = 4;

  [[nodiscard]] SequenceVerdict observe(const SequencePoint& point) noexcept;

  /// The datagram last observed held `records`. What this shows beyond observe()'s verdict.
  [[nodiscard]] SequenceVerdict advance(std::uint32_t records) noexcept;

  /// The records of the datagram last observed are unknown: where they are what counts, the
  /// next one synchronises anew.
  [[nodiscard]] SequenceVerdict lose_position() noexcept;

  /// The rule that the stream is held to now: what `lost` counts.
  [[nodiscard]] SequenceRule rule() const noexcept { return rule_; }

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
  enum class Place : std::uint8_t {
    Ahead,
    Late,
    Aside,   ///< not judged: no data, or a stream that follows no rule
    Waiting  ///< judged when its records are known
  };

  [[nodiscard]] SequenceVerdict place(std::uint32_t sequence) noexcept;
  [[nodiscard]] std::uint32_t settle(std::uint32_t sequence, std::uint32_t units) noexcept;
  void learn(std::uint32_t records) noexcept;
  /// Goes over to the rule that the evidence is for, if any. Returns the units given back.
  [[nodiscard]] std::uint32_t choose_rule() noexcept;
  [[nodiscard]] std::uint32_t adopt(SequenceRule rule) noexcept;
  [[nodiscard]] std::uint8_t& fits(SequenceRule rule) noexcept {
    return fits_[static_cast<std::size_t>(rule)];
  }
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
  std::uint32_t data_sequence_ = 0;  ///< of the last datagram with data, not late
  std::uint32_t data_records_ = 0;
  std::uint32_t last_sequence_ = 0;  ///< of the last datagram, not late
  std::uint64_t in_doubt_ = 0;       ///< net loss under a rule that nothing has proven yet
  bool has_uptime_ = false;
  bool is_synchronised_ = false;
  bool is_tentative_ = false;  ///< synchronised by a message without data
  bool has_data_ = false;      ///< data_sequence_ and data_records_ are known
  bool has_last_ = false;
  bool is_data_ = false;      ///< the datagram last observed holds data
  bool was_restart_ = false;  ///< and began the stream anew
  SequenceRule rule_ = SequenceRule::Records;
  SequenceRule protocol_rule_ = SequenceRule::Records;
  bool has_rule_ = false;
  std::array<std::uint8_t, kSequenceRules> fits_{};  ///< datagrams foretold, halved when many
  std::uint8_t falls_ = 0;  ///< of late: steps back that nothing explains, forgotten over time
  Place place_ = Place::Ahead;
  std::uint8_t seen_count_ = 0;
  std::uint8_t seen_next_ = 0;
  std::array<Seen, kWindow> seen_{};
  std::array<Gap, kGaps> gaps_{};
};

}  // namespace weir::wire
