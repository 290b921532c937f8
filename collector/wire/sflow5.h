#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "collector/model/datagram.h"
#include "collector/model/event_log.h"
#include "collector/model/flow_record.h"
#include "collector/model/ip_address.h"
#include "collector/model/record_sink.h"
#include "collector/wire/decode_outcome.h"
#include "collector/wire/decoder.h"
#include "collector/wire/sample_sources.h"
#include "collector/wire/sequence_tracker.h"

namespace weir::wire {

/// Reads sFlow version 5 datagrams: flow samples become FlowRecords, counter samples
/// CounterRecords (sflow.org, "sFlow Version 5", July 2004).
///
/// Every sample and every record is read inside its declared length, and what follows is
/// found by that length alone: a bad record loses itself, a bad sample loses itself, and
/// only a length beyond the datagram ends the datagram.
///
/// Owns the sequence of each stream (source, agent, sub-agent), bounded by DecoderLimits;
/// a stream beyond the bounds is decoded, counted and not watched for loss.
///
/// A record's sampling interval is the announced rate. When lost datagrams can no longer come
/// late, the next sample of each data source stands for those of that source in them as well,
/// so that the intervals add up to the source's pool (sample_sources.h).
///
/// Threads: one.
class Sflow5Decoder {
 public:
  /// `events` outlives the decoder.
  Sflow5Decoder(const DecoderLimits& limits, EventLog& events);

  /// Decodes a datagram whose first word is 5. Flow samples go to `sink` up to 64 at a time.
  void decode(const Datagram& datagram, RecordSink& sink, DecodeOutcome& outcome) noexcept;

 private:
  static constexpr std::size_t kBatch = 64;

  struct StreamKey {
    IpAddress source;
    IpAddress agent;
    std::uint32_t sub_agent = 0;

    friend bool operator==(const StreamKey&, const StreamKey&) noexcept = default;
  };
  /// Outsiders choose the keys; the seed keeps them from choosing the buckets.
  struct StreamHash {
    std::uint64_t seed;
    [[nodiscard]] std::size_t operator()(const StreamKey& key) const noexcept;
  };
  struct AddressHash {
    std::uint64_t seed;
    [[nodiscard]] std::size_t operator()(const IpAddress& address) const noexcept {
      return static_cast<std::size_t>(hash_address(address, seed));
    }
  };

  struct Stream {
    explicit Stream(std::uint64_t seed) : sources(seed) {}

    SequenceTracker sequence;
    SampleSources sources;
  };

  /// Null for a stream beyond the bounds.
  [[nodiscard]] Stream* stream_of(const StreamKey& key, DecodeOutcome& outcome);
  void flush(const MessageContext& context, RecordSink& sink, DecodeOutcome& outcome);

  /// Tells of rates that the samples of one datagram changed, `before` it had come.
  void note_rates(const SampleSources& sources, std::uint32_t before, const MessageContext& context,
                  DecodeOutcome& outcome);

  DecoderLimits limits_;
  EventLog& events_;
  std::uint64_t seed_;
  boost::unordered_flat_map<StreamKey, std::unique_ptr<Stream>, StreamHash> streams_;
  boost::unordered_flat_map<IpAddress, std::uint32_t, AddressHash> streams_by_source_;
  std::size_t batched_ = 0;
  std::array<FlowRecord, kBatch> batch_;
};

}  // namespace weir::wire
