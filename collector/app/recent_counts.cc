#include "collector/app/recent_counts.h"

namespace weir::app {

CountedMoment count_now(const pipeline::Pipeline& pipeline, TrafficTime now) {
  CountedMoment moment{.time = now};
  const auto books = pipeline.books();
  const auto exporters =
      static_cast<std::uint32_t>(pipeline.registries().exporters.entries().size());
  for (std::uint32_t number = 0; number < exporters; ++number)
    for (std::size_t i = 0; i < kProtocols; ++i) {
      const auto protocol = static_cast<Protocol>(i);
      if (const auto sums = core::sums_of(books, ExporterId{number}, protocol))
        moment.exporters.emplace(std::pair{number, protocol}, sums->counts);
    }
  for (const auto& listen : pipeline.listeners()) moment.dropped[listen.listen] = listen.dropped;
  for (const auto* worker : books)
    moment.unreadable_datagrams += worker->unreadable_datagrams.read();
  return moment;
}

RecentCounts::RecentCounts(TrafficTime start) {
  moments_.push_back(std::make_shared<const CountedMoment>(CountedMoment{.time = start}));
}

bool RecentCounts::is_due(TrafficTime now) const {
  const std::lock_guard lock(mutex_);
  return now - moments_.back()->time >= kSpacing;
}

void RecentCounts::note(CountedMoment moment) {
  const TrafficTime oldest_wanted = moment.time - kWindow;
  auto kept = std::make_shared<const CountedMoment>(std::move(moment));
  const std::lock_guard lock(mutex_);
  moments_.push_back(std::move(kept));
  while (moments_.size() > 1 && moments_[1]->time <= oldest_wanted) moments_.pop_front();
}

std::shared_ptr<const CountedMoment> RecentCounts::before(TrafficTime now) const {
  const std::lock_guard lock(mutex_);
  auto found = moments_.front();
  for (const auto& moment : moments_)
    if (moment->time <= now - kWindow) found = moment;
  return found;
}

}  // namespace weir::app
