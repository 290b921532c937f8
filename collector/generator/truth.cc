#include "collector/generator/truth.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "collector/generator/calendar.h"

namespace weir::generator {
namespace {

constexpr std::int64_t kIntervalMs = 300'000;

__extension__ using Wide = unsigned __int128;

/// Intervals begin at multiples of 300 s since the epoch.
std::int64_t interval_of(TrafficTime time) noexcept {
  const std::int64_t ms = since_epoch_ms(time);
  return ms >= 0 ? ms / kIntervalMs : -((-ms + kIntervalMs - 1) / kIntervalMs);
}

/// Whole units of `total` that belong before `passed` of `length`.
std::uint64_t share(std::uint64_t total, std::uint64_t passed, std::uint64_t length) noexcept {
  return static_cast<std::uint64_t>(static_cast<Wide>(total) * passed / length);
}

Volume share(const Volume& total, std::uint64_t passed, std::uint64_t length) noexcept {
  return {share(total.packets, passed, length), share(total.ip_bytes, passed, length),
          share(total.ethernet_bytes, passed, length)};
}

Volume difference(const Volume& left, const Volume& right) noexcept {
  return {left.packets - right.packets, left.ip_bytes - right.ip_bytes,
          left.ethernet_bytes - right.ethernet_bytes};
}

void write_volume(std::FILE* file, const Volume& volume) {
  fmt::print(file, ",{},{},{}", volume.packets, volume.ip_bytes, volume.ethernet_bytes);
}

}  // namespace

Truth::Truth(std::vector<std::string> contract_ids) : contract_ids_(std::move(contract_ids)) {}

void Truth::add(const TruthEntry& entry, Arrival arrival) {
  const auto put = [&](std::int64_t interval, const Volume& volume) {
    if (volume == Volume{}) return;
    Cell& cell = cells_[{interval, entry.key.contract, entry.key.direction, entry.key.family}];
    (arrival == Arrival::Delivered ? cell.delivered : cell.lost) += volume;
  };
  const std::int64_t start_ms = since_epoch_ms(entry.start);
  const std::int64_t end_ms = since_epoch_ms(entry.end);
  if (end_ms <= start_ms) {
    put(interval_of(entry.start), entry.volume);
    return;
  }
  // The share of an interval is the difference of two floors, so the shares sum to the whole.
  const auto length = static_cast<std::uint64_t>(end_ms - start_ms);
  Volume given;
  for (std::int64_t interval = interval_of(entry.start); interval * kIntervalMs < end_ms;
       ++interval) {
    const std::int64_t border_ms = std::min((interval + 1) * kIntervalMs, end_ms);
    const Volume until =
        share(entry.volume, static_cast<std::uint64_t>(border_ms - start_ms), length);
    put(interval, difference(until, given));
    given = until;
  }
}

void Truth::carry(const TruthKey& key, TrafficTime time, const Volume& volume) {
  cells_[{interval_of(time), key.contract, key.direction, key.family}].carried += volume;
}

std::vector<Truth::Row> Truth::rows() const {
  std::vector<Row> rows;
  rows.reserve(cells_.size());
  for (const auto& [key, cell] : cells_) {
    const auto& [interval, contract, direction, family] = key;
    rows.push_back({.key = {contract, direction, family},
                    .start = traffic_time_ms(interval * kIntervalMs),
                    .delivered = cell.delivered,
                    .lost = cell.lost,
                    .carried = cell.carried});
  }
  return rows;
}

void Truth::write_header(std::FILE* file) {
  fmt::print(file,
             "contract,direction,family,start,packets,ip_bytes,ethernet_bytes,lost_packets,"
             "lost_ip_bytes,lost_ethernet_bytes,true_packets,true_ip_bytes,true_ethernet_bytes\n");
}

void Truth::write_before(TrafficTime time, std::FILE* file) {
  const std::int64_t limit = interval_of(time);
  while (!cells_.empty()) {
    const auto first = cells_.begin();
    const auto& [interval, contract, direction, family] = first->first;
    if (interval >= limit) return;
    fmt::print(file, "{},{},{},{}", contract_ids_[contract], direction_name(direction),
               family_name(family), format_rfc3339(traffic_time_ms(interval * kIntervalMs)));
    write_volume(file, first->second.delivered);
    write_volume(file, first->second.lost);
    write_volume(file, first->second.carried);
    fmt::print(file, "\n");
    cells_.erase(first);
  }
}

}  // namespace weir::generator
