#pragma once

#include <array>
#include <cstdint>

#include "collector/model/decode_error.h"
#include "collector/model/exporter.h"
#include "collector/model/ip_address.h"
#include "collector/wire/sequence_tracker.h"

namespace weir::wire {

/// What one datagram turned out to hold, for the books of whoever decoded it. The unit of
/// `units`, `lost` and `recovered` is the protocol's own: v5 flows, v9 export packets, IPFIX data
/// records, sFlow datagrams; for an exporter that counts otherwise, its own (SequenceRule).
struct DecodeOutcome {
  bool has_protocol = false;  ///< false: not even the version could be read
  Protocol protocol = Protocol::Netflow5;
  IpAddress agent;  ///< sFlow agent; otherwise the source
  std::uint32_t domain = 0;
  std::uint32_t records = 0;          ///< flow records and flow samples handed to the sink
  std::uint32_t rescued_records = 0;  ///< of these, decoded from sets that waited
  std::uint32_t counter_samples = 0;
  std::uint32_t options_records = 0;
  std::uint32_t templates = 0;  ///< template records read, repeats included
  std::uint32_t options_templates = 0;
  std::uint32_t new_templates = 0;  ///< keys never seen before
  std::uint32_t new_options_templates = 0;
  std::uint32_t withdrawals = 0;
  std::uint32_t expired_templates = 0;      ///< neither sent again nor used for long
  std::uint32_t sets_without_template = 0;  ///< on arrival
  // Sets that wait for their template, or records for their sampling interval. Whoever waited
  // for both is counted for each.
  std::uint32_t held_bytes = 0;      ///< that now wait
  std::uint32_t rescued_bytes = 0;   ///< that waited and need not any more
  std::uint32_t given_up_bytes = 0;  ///< that waited in vain (bound or age)
  // Records that waited for their sampling interval, in these bytes.
  std::uint32_t unknown_held_records = 0;
  std::uint32_t unknown_rescued_records = 0;
  std::uint32_t unknown_given_up_records = 0;  ///< handed on, of unknown sampling
  std::uint32_t sampling_changes = 0;          ///< intervals that were known and are others now
  /// Received, as far as they are decoded; none where nothing is numbered.
  std::uint32_t units = 0;
  std::uint32_t lost = 0;
  std::uint32_t recovered = 0;  ///< of units counted lost before, came late: net loss is less
  std::uint32_t out_of_order = 0;
  std::uint32_t duplicates = 0;  ///< this datagram was seen before; nothing of it was handed on
  std::uint32_t restarts = 0;    ///< the exporter's sequence began again
  std::uint32_t sequence_unknown = 0;  ///< what was lost before this datagram cannot be known
  std::uint32_t malformed_total = 0;
  std::array<std::uint16_t, kDecodeErrors> malformed{};  ///< by reason

  void refuse(DecodeError reason) noexcept {
    ++malformed[static_cast<std::size_t>(reason)];
    ++malformed_total;
  }
};

/// False if the message breaks its own structure, so that nothing behind the break can be
/// trusted. What is beyond Weir's bounds, or a field of a length it cannot use, breaks nothing.
[[nodiscard]] inline bool is_sound(const DecodeOutcome& outcome) noexcept {
  if (outcome.malformed_total == 0) [[likely]]
    return true;
  std::uint32_t harmless = 0;
  for (const DecodeError reason :
       {DecodeError::BadFieldLength, DecodeError::TooManyTemplates, DecodeError::TooManyDomains}) {
    harmless += outcome.malformed[static_cast<std::size_t>(reason)];
  }
  return outcome.malformed_total == harmless;
}

/// Adds what the sequence number showed. False if the datagram is a repeat, so that nothing
/// of it may be handed on.
[[nodiscard]] inline bool note(const SequenceVerdict& verdict, DecodeOutcome& outcome) noexcept {
  outcome.lost += verdict.lost;
  outcome.recovered += verdict.recovered;
  outcome.out_of_order += verdict.out_of_order ? 1U : 0U;
  outcome.restarts += verdict.restart ? 1U : 0U;
  outcome.duplicates += verdict.duplicate ? 1U : 0U;
  if (verdict.unplaced) outcome.sequence_unknown = 1;
  return !verdict.duplicate;
}

}  // namespace weir::wire
