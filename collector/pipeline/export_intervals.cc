#include "collector/pipeline/export_intervals.h"

#include <algorithm>

#include "collector/pipeline/completeness.h"
#include "collector/pipeline/interval_builder.h"

namespace weir::pipeline {

bool ExportIntervals::turn_to(TrafficTime now, Books books,
                              const core::ExporterRegistry& exporters) {
  const TrafficTime start = interval_start(now);
  if (under_way_ && start <= *under_way_) return false;
  const bool has_ended = under_way_.has_value();
  if (has_ended) {
    Counts counts = counts_now(books, exporters.entries().size());
    ended_.emplace_back(*under_way_, added_until(counts, books));
    if (ended_.size() > kKept) ended_.pop_front();
    at_start_ = std::move(counts);
  }
  under_way_ = start;
  return has_ended;
}

std::vector<ExportInterval> ExportIntervals::of(TrafficTime start, Books books,
                                                const core::ExporterRegistry& exporters) const {
  const auto entries = exporters.entries();
  Interval interval;
  if (under_way_ == start) {
    interval = added_until(counts_now(books, entries.size()), books);
  } else {
    const auto ended = std::ranges::find(ended_, start, &decltype(ended_)::value_type::first);
    if (ended != ended_.end()) interval = ended->second;
  }
  // Two addresses may have one name.
  std::map<std::pair<std::string, Protocol>, Added> by_name;
  for (const auto& [key, added] : interval) {
    Added& sum = by_name[{entries[key.first].name, key.second}];
    sum.counts += added.counts;
    sum.sampling += added.sampling;
  }
  std::vector<ExportInterval> found;
  found.reserve(by_name.size());
  for (const auto& [key, added] : by_name)
    found.push_back({.exporter = key.first,
                     .protocol = key.second,
                     .start = start,
                     .counts = added.counts,
                     .sampling = added.sampling});
  return found;
}

ExportIntervals::Counts ExportIntervals::counts_now(Books books, std::size_t exporters) {
  Counts counts;
  for (std::uint32_t number = 0; number < exporters; ++number)
    for (std::size_t i = 0; i < kProtocols; ++i) {
      const auto protocol = static_cast<Protocol>(i);
      if (const auto sums = core::sums_of(books, ExporterId{number}, protocol))
        counts.emplace(Key{number, protocol}, sums->counts);
    }
  return counts;
}

ExportIntervals::Interval ExportIntervals::added_until(const Counts& now, Books books) const {
  Interval interval;
  for (const auto& [key, counts] : now) {
    const auto before = at_start_.find(key);
    const auto added = before == at_start_.end() ? counts : counts.since(before->second);
    if (added == core::ExporterCounts{}) continue;
    const auto reception = reception_of(books, ExporterId{key.first}, key.second, *under_way_);
    interval.emplace(key,
                     Added{.counts = added,
                           .sampling = reception ? reception->sampling : core::SamplingRange{}});
  }
  return interval;
}

}  // namespace weir::pipeline
