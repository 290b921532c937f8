#include "collector/wire/sample_sources.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "collector/wire/sequence_tracker.h"

namespace weir::wire {
namespace {

/// How much further than the missing samples account for the pool may have moved.
constexpr std::uint64_t kLargestExcess = 4;

std::uint32_t sum(std::uint32_t a, std::uint32_t b) noexcept {
  constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max();
  return b > kMost - a ? kMost : a + b;
}

}  // namespace

void SampleSources::Source::restart(const SampleNumbers& sample, const Position& now) noexcept {
  sequence = sample.sequence;
  pool = sample.pool;
  last_rate = sample.rate;
  // Behind a late one other datagrams may be missing.
  lost = sample.arrival == SampleNumbers::Arrival::Ahead ? now.lost : now.lost - 1;
  open_gaps = 0;
}

void SampleSources::Source::advance(const SampleNumbers& sample, const Position& now) noexcept {
  const std::uint32_t step = sample.sequence - sequence;  // modulo 2^32, as all of these
  const std::uint32_t moved = sample.pool - pool;
  const std::uint32_t first_missing = sequence + 1;
  const bool is_gap = lost != now.lost;
  sequence = sample.sequence;
  pool = sample.pool;
  // Other datagrams of the gap that a late one came from may still be missing.
  if (sample.arrival == SampleNumbers::Arrival::Ahead) lost = now.lost;

  if (step == 1) {
    if (!is_gap && steps_of_one < kTrusted) ++steps_of_one;
    return;
  }
  if (!is_gap) {
    steps_of_one = 0;
    open_gaps = 0;
    return;
  }
  const bool is_in_proportion =
      moved >= sample.rate && moved <= kLargestExcess * step * sample.rate && sample.rate != 0;
  if (steps_of_one != kTrusted || step > kLargestStep || !is_in_proportion) return;
  open_gap({.first = first_missing,
            .length = step - 1,
            .missing = step - 1,
            .packets = moved - sample.rate,
            .opened_at = now.datagrams});
}

void SampleSources::Source::fill(const SampleNumbers& sample) noexcept {
  for (std::size_t i = 0; i < open_gaps; ++i) {
    Gap& gap = gaps[i];
    if (sample.sequence - gap.first >= gap.length) continue;
    gap.packets -= std::min(gap.packets, sample.rate);
    --gap.missing;
    if (gap.missing == 0) close_gap(i);
    return;
  }
}

std::uint32_t SampleSources::Source::settle(std::uint32_t rate, const Position& now) noexcept {
  if (rate == 0) return 0;  // the sample's own packets are unknown, so their sum is
  std::uint32_t interval = rate;
  while (open_gaps != 0 && now.datagrams - gaps[0].opened_at > SequenceTracker::kWindow) {
    interval = sum(interval, gaps[0].packets);
    close_gap(0);
  }
  return interval;
}

void SampleSources::Source::open_gap(const Gap& gap) noexcept {
  if (open_gaps < kMostGaps) {
    gaps[open_gaps] = gap;
    ++open_gaps;
    return;
  }
  Gap& newest = gaps.back();
  newest.length = gap.first + gap.length - newest.first;
  newest.missing += gap.missing;
  newest.packets = sum(newest.packets, gap.packets);
  newest.opened_at = gap.opened_at;
}

void SampleSources::Source::close_gap(std::size_t index) noexcept {
  --open_gaps;
  for (std::size_t i = index; i < open_gaps; ++i) gaps[i] = gaps[i + 1];
}

void SampleSources::forget() noexcept {
  last_ = nullptr;
  sources_.clear();
}

void SampleSources::note_rate(Source& source, const SampleNumbers& sample) noexcept {
  if (sample.rate == 0) return;  // says nothing
  const std::uint32_t before = std::exchange(source.last_rate, sample.rate);
  if (before == 0) return;
  ++rate_changes_;
  last_rate_change_ = {.source_class = sample.source_class,
                       .source_index = sample.source_index,
                       .before = before,
                       .after = sample.rate};
}

SampleSources::Source* SampleSources::look_up(std::uint64_t key, const SampleNumbers& sample) {
  auto found = sources_.find(key);
  if (found == sources_.end()) {
    if (sources_.size() == kMostSources) return nullptr;
    last_ = nullptr;
    found = sources_.emplace(key, Source{}).first;
    found->second.restart(sample, now_);
  }
  last_key_ = key;
  last_ = &found->second;
  return last_;
}

}  // namespace weir::wire
