#include "collector/app/ledger_rows.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

namespace weir::app {
namespace {

struct FileCloser {
  void operator()(std::FILE* file) const noexcept { static_cast<void>(std::fclose(file)); }
};
struct HashFree {
  void operator()(XXH3_state_t* state) const noexcept { XXH3_freeState(state); }
};

constexpr std::size_t kChunk = std::size_t{1} << 16;

}  // namespace

std::vector<ledger::IntervalRow> ledger_rows(const pipeline::ContractNames& names,
                                             const std::vector<pipeline::SlotInterval>& intervals) {
  std::vector<ledger::IntervalRow> rows;
  for (const auto& interval : intervals) {
    for (const Direction direction : {Direction::FromCustomer, Direction::ToCustomer}) {
      for (const Family family : {Family::Ipv4, Family::Ipv6}) {
        const auto& total = interval.totals[core::cell_position(direction, family)];
        if (total == core::CellTotal{}) continue;
        rows.push_back({.contract = names[interval.slot.value()],
                        .start = since_epoch_ms(interval.start) / 1'000,
                        .direction = direction,
                        .family = family,
                        .bytes = total.bytes,
                        .packets = total.packets,
                        .records = total.records,
                        .variance = static_cast<double>(total.variance)});
      }
    }
  }
  return rows;
}

std::vector<ledger::InterfaceRow> interface_rows(
    const std::vector<pipeline::InterfaceInterval>& intervals) {
  std::vector<ledger::InterfaceRow> rows;
  rows.reserve(intervals.size());
  for (const auto& interval : intervals)
    rows.push_back({.exporter = interval.exporter,
                    .interface = interval.interface,
                    .side = interval.side,
                    .start = since_epoch_ms(interval.start) / 1'000,
                    .flow_bytes = interval.flow_bytes,
                    .counter_bytes = interval.counter_bytes});
  return rows;
}

std::vector<ledger::ExportRow> export_rows(const std::vector<pipeline::ExportInterval>& intervals) {
  std::vector<ledger::ExportRow> rows;
  rows.reserve(intervals.size());
  for (const auto& interval : intervals)
    rows.push_back({.exporter = interval.exporter,
                    .protocol = interval.protocol,
                    .start = since_epoch_ms(interval.start) / 1'000,
                    .datagrams = interval.counts.datagrams,
                    .records = interval.counts.records,
                    .received = interval.counts.units,
                    .lost = interval.counts.net_lost(),
                    .duplicate_datagrams = interval.counts.duplicates,
                    .restarts = interval.counts.restarts,
                    .smallest_sampling = interval.sampling.smallest,
                    .largest_sampling = interval.sampling.largest,
                    .bytes = interval.counts.fates});
  return rows;
}

Result<std::string> run_of_captures(const std::vector<std::string>& captures) {
  const std::unique_ptr<XXH3_state_t, HashFree> state(XXH3_createState());
  if (!state || XXH3_128bits_reset(state.get()) == XXH_ERROR)
    return failure(ErrorCode::Internal, "no memory to name the captures by their content");
  const auto chunk = std::make_unique<char[]>(kChunk);
  for (const std::string& path : captures) {
    if (path == "-")
      return failure(ErrorCode::Usage,
                     "--ledger and --output protobuf name a run by the content of its captures, "
                     "which the standard input "
                     "shows only once; write the capture to a file");
    const std::unique_ptr<std::FILE, FileCloser> file(std::fopen(path.c_str(), "rbe"));
    if (!file)
      return failure(errno == ENOENT ? ErrorCode::NotFound : ErrorCode::Permission,
                     fmt::format("capture file {} cannot be read: {}", path,
                                 std::generic_category().message(errno)));
    while (const std::size_t got = std::fread(chunk.get(), 1, kChunk, file.get()))
      XXH3_128bits_update(state.get(), chunk.get(), got);
  }
  const XXH128_hash_t hash = XXH3_128bits_digest(state.get());
  return fmt::format("capture-{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace weir::app
