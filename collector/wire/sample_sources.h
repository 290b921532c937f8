#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>

namespace weir::wire {

/// What a flow sample says of its place among its data source's samples (sFlow version 5,
/// "flow_sample"), and how its datagram came.
struct SampleNumbers {
  enum class Arrival : std::uint8_t {
    Ahead,
    Late,  ///< its datagram came behind later ones
  };

  std::uint32_t source_class = 0;
  std::uint32_t source_index = 0;
  std::uint32_t sequence = 0;
  std::uint32_t pool = 0;  ///< packets that the source had seen when it took this one
  std::uint32_t rate = 0;  ///< one in so many packets, as announced; 0: unknown
  Arrival arrival = Arrival::Ahead;
};

/// How many packets each flow sample of one sFlow stream (source, agent, sub-agent) stands for.
///
/// As a rule the announced rate. Where samples were lost, the next sample of the same data
/// source stands for them too, so that the intervals of what came still add up to how far the
/// pool moved. A sample is no loss before its datagram can no longer come late, so that the
/// order of datagrams inside the reorder window changes nothing:
///
/// - A sample that comes a step ahead, while datagrams are missing, opens a gap of its source:
///   the numbers between, and how far the pool moved beyond what the sample itself stands for.
/// - A late sample of the gap takes its place and its rate out of it. A gap that is whole again
///   is forgotten, whatever the pool says.
/// - When kWindow datagrams of the stream have come since (sequence_tracker.h), what is left of
///   the pool is added to the interval of the source's next sample.
///
/// A gap is believed when
///
/// - datagrams of the stream were lost since the source's sample before,
/// - the source's own numbers show missing samples: they moved on by s, 2 to kLargestStep,
/// - the pool moved, modulo 2^32, by at least the rate and at most 4 * s * rate; anything else
///   is a reset of the source, which is skipped,
/// - the source counts for itself. Some agents number the samples of all sources in one row;
///   there a step says nothing of the source. A step while no datagram is missing shows it:
///   its gaps are dropped, and none is believed until kTrusted steps of one came in a row.
///
/// Memory: up to kMostSources, none for a stream without flow samples. Sources beyond that
/// keep the announced rate. Nothing is allocated for a source that is known. A source has
/// kMostGaps gaps; while all are open, the newest takes up those that follow.
///
/// Threads: one.
class SampleSources {
 public:
  static constexpr std::size_t kMostSources = 4'096;
  static constexpr std::size_t kMostGaps = 2;
  static constexpr std::uint32_t kLargestStep = 1'000;
  static constexpr std::uint8_t kTrusted = 16;

  /// `seed` keeps outsiders, who choose the sources' numbers, from choosing their buckets.
  explicit SampleSources(std::uint64_t seed) : sources_(0, Hash{seed}) {}
  SampleSources(const SampleSources&) = delete;
  SampleSources& operator=(const SampleSources&) = delete;

  /// The next datagram of the stream, which showed a gap of `lost` others. Call before
  /// interval_of() for its samples.
  void begin_datagram(std::uint32_t lost) noexcept {
    ++now_.datagrams;
    now_.lost += lost;
  }

  /// The agent began again: no sample before says anything of those that come.
  void forget() noexcept;

  /// The packets that this sample stands for, 0 if nobody said.
  [[nodiscard]] std::uint32_t interval_of(const SampleNumbers& sample) {
    Source* const source = source_of(sample);
    if (source == nullptr) return sample.rate;
    // Before the sample opens a gap itself, which may need the room.
    const std::uint32_t interval =
        source->open_gaps == 0 ? sample.rate : source->settle(sample.rate, now_);
    if (is_older(source->sequence, sample.sequence)) {
      if (source->last_rate != sample.rate) [[unlikely]]
        note_rate(*source, sample);
      source->advance(sample, now_);
    } else if (sample.arrival == SampleNumbers::Arrival::Late) {
      source->fill(sample);
    } else {
      // One of a source that began again, or of an agent that does not count.
      source->restart(sample, now_);
    }
    return interval;
  }

  /// A data source that announces another rate than before.
  struct RateChange {
    std::uint32_t source_class = 0;
    std::uint32_t source_index = 0;
    std::uint32_t before = 0;
    std::uint32_t after = 0;
  };
  /// How many there were, modulo 2^32. A late sample's rate is none.
  [[nodiscard]] std::uint32_t rate_changes() const noexcept { return rate_changes_; }
  /// The last of them, if there was any.
  [[nodiscard]] const RateChange& last_rate_change() const noexcept { return last_rate_change_; }

 private:
  struct Hash {
    using is_avalanching = void;
    std::uint64_t seed;
    [[nodiscard]] std::size_t operator()(std::uint64_t key) const noexcept {
      const std::uint64_t mixed = ((key ^ seed) ^ (key >> 29)) * 0xbf58'476d'1ce4'e5b9ULL;
      return static_cast<std::size_t>(mixed ^ (mixed >> 32));
    }
  };
  /// How far the stream is. Both count datagrams, modulo 2^32.
  struct Position {
    std::uint32_t datagrams = 0;
    std::uint32_t lost = 0;
  };
  /// Samples that may still come late.
  struct Gap {
    std::uint32_t first = 0;   ///< sequence
    std::uint32_t length = 0;  ///< of its numbers, some of which may have come
    std::uint32_t missing = 0;
    std::uint32_t packets = 0;  ///< that the missing ones stand for
    std::uint32_t opened_at = 0;
  };
  struct Source {
    std::uint32_t sequence = 0;  ///< of the newest sample
    std::uint32_t pool = 0;
    std::uint32_t lost = 0;       ///< Position::lost at the newest that was not late
    std::uint32_t last_rate = 0;  ///< as announced; 0: none yet
    std::uint8_t steps_of_one = kTrusted;
    std::uint8_t open_gaps = 0;
    std::array<Gap, kMostGaps> gaps{};  ///< oldest first

    void restart(const SampleNumbers& sample, const Position& now) noexcept;
    void advance(const SampleNumbers& sample, const Position& now) noexcept;
    void fill(const SampleNumbers& sample) noexcept;
    /// The rate, and what gaps that can no longer be filled leave over.
    [[nodiscard]] std::uint32_t settle(std::uint32_t rate, const Position& now) noexcept;
    void open_gap(const Gap& gap) noexcept;
    void close_gap(std::size_t index) noexcept;
  };

  [[nodiscard]] static bool is_older(std::uint32_t a, std::uint32_t b) noexcept {
    return static_cast<std::int32_t>(a - b) < 0;
  }

  /// Null for a source beyond the bound.
  [[nodiscard]] Source* source_of(const SampleNumbers& sample) {
    const std::uint64_t key = std::uint64_t{sample.source_class} << 32 | sample.source_index;
    return last_ != nullptr && last_key_ == key ? last_ : look_up(key, sample);
  }
  [[nodiscard]] Source* look_up(std::uint64_t key, const SampleNumbers& sample);
  void note_rate(Source& source, const SampleNumbers& sample) noexcept;

  Position now_;
  std::uint64_t last_key_ = 0;
  Source* last_ = nullptr;  ///< samples of one source come in rows; null after any insertion
  boost::unordered_flat_map<std::uint64_t, Source, Hash> sources_;
  std::uint32_t rate_changes_ = 0;
  RateChange last_rate_change_;
};

}  // namespace weir::wire
