#include "collector/core/exporter_sums.h"

#include <algorithm>
#include <map>

namespace weir::core {
namespace {

/// A worker may add between two of our reads: the books of one worker are read again when
/// they do not balance, so often, before what was read stands.
constexpr int kBookReadings = 4;

void add_fates(const ExporterCounters& from, ExporterCounts& to) noexcept {
  std::array<std::uint64_t, kFates> fates{};
  std::uint64_t reported = 0;
  for (int reading = 0; reading < kBookReadings; ++reading) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < kFates; ++i) sum += fates[i] = from.fates[i].read();
    reported = from.reported_bytes.read();
    if (reported == sum) break;
  }
  to.reported_bytes += reported;
  for (std::size_t i = 0; i < kFates; ++i) to.fates[i] += fates[i];
}

void add_counts(const ExporterCounters& from, ExporterCounts& to) noexcept {
  for (const CountField& field : kCountFields)
    if (field.sum != &ExporterCounts::reported_bytes) to.*field.sum += (from.*field.counter).read();
  for (std::size_t i = 0; i < kDecodeErrors; ++i) to.malformed[i] += from.malformed[i].read();
  add_fates(from, to);
}

void add_domains(const ExporterCounters& from, std::map<std::uint32_t, DomainCounts>& to) {
  // Pairs with the release in WorkerBooks::domain_of().
  for (const DomainCounters* link = from.domains.load(std::memory_order_acquire); link != nullptr;
       link = link->next) {
    DomainCounts& sum = to[link->domain];
    sum.domain = link->domain;
    for (const DomainField& field : kDomainFields) sum.*field.sum += (link->*field.counter).read();
    sum.last_seen_ms = std::max(sum.last_seen_ms, link->last_seen_ms.read());
  }
}

}  // namespace

ExporterCounts ExporterCounts::since(const ExporterCounts& earlier) const noexcept {
  ExporterCounts added;
  for (const CountField& field : kCountFields)
    added.*field.sum = this->*field.sum - earlier.*field.sum;
  for (std::size_t i = 0; i < kDecodeErrors; ++i)
    added.malformed[i] = malformed[i] - earlier.malformed[i];
  for (std::size_t i = 0; i < kFates; ++i) added.fates[i] = fates[i] - earlier.fates[i];
  return added;
}

ExporterCounts& ExporterCounts::operator+=(const ExporterCounts& more) noexcept {
  for (const CountField& field : kCountFields) this->*field.sum += more.*field.sum;
  for (std::size_t i = 0; i < kDecodeErrors; ++i) malformed[i] += more.malformed[i];
  for (std::size_t i = 0; i < kFates; ++i) fates[i] += more.fates[i];
  return *this;
}

std::optional<ExporterSums> sums_of(std::span<const WorkerBooks* const> books, ExporterId exporter,
                                    Protocol protocol) {
  std::optional<ExporterSums> sums;
  std::map<std::uint32_t, DomainCounts> domains;
  for (const WorkerBooks* const worker : books) {
    const ExporterCounters* const from = worker->find(exporter, protocol);
    if (from == nullptr) continue;
    if (!sums) sums.emplace();
    add_counts(*from, sums->counts);
    add_domains(*from, domains);
    sums->last_template_ms = std::max(sums->last_template_ms, from->last_template_ms.read());
    sums->template_gap_ms = std::max(sums->template_gap_ms, from->template_gap_ms.read());
    const std::uint64_t interval = from->sampling_interval.read();
    const bool is_newer = from->last_seen_ms.read() >= sums->last_seen_ms;
    if (interval != 0 && (is_newer || sums->sampling_interval == 0)) {
      sums->sampling_interval = interval;
      sums->sampling_source = static_cast<SamplingSource>(from->sampling_source.read());
    }
    if (!is_newer) continue;
    sums->last_seen_ms = from->last_seen_ms.read();
    sums->clock_skew_ms = from->clock_skew_ms.load(std::memory_order_relaxed);
  }
  if (sums)
    for (const auto& [number, counts] : domains) sums->domains.push_back(counts);
  return sums;
}

}  // namespace weir::core
