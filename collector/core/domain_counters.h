#pragma once

#include <cstdint>

#include "collector/model/single_writer_counter.h"

namespace weir::core {

/// What one worker has met from one observation domain (sFlow: sub-agent) of an exporter over
/// one protocol: where loss shows first, since each domain numbers by itself. A link of the
/// list that WorkerBooks makes; lives as long as the books.
///
/// Threads: the worker writes the counters, any thread reads.
struct DomainCounters {
  DomainCounters(std::uint32_t number, DomainCounters* before) : domain(number), next(before) {}

  const std::uint32_t domain;
  DomainCounters* const next;
  SingleWriterCounter datagrams;
  SingleWriterCounter records;
  SingleWriterCounter units;  ///< received, in the protocol's own unit, as are the two below
  SingleWriterCounter lost;
  SingleWriterCounter recovered;
  SingleWriterCounter sequence_unknown;  ///< datagrams before which the loss cannot be known
  SingleWriterCounter out_of_order;
  SingleWriterCounter duplicates;
  SingleWriterCounter restarts;
  SingleWriterCounter last_seen_ms;  ///< a gauge
};

/// Domains that are counted by themselves, of one exporter over one protocol in one worker.
inline constexpr std::uint32_t kMaxCountedDomains = 256;

}  // namespace weir::core
