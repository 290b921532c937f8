#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "collector/wire/decoder.h"

/// What must hold of any datagram, checked by the fuzz targets of the decoders.
namespace weir::fuzz {

/// Counts, and reads every byte of what it is handed so that a sanitizer sees it.
class OracleSink final : public RecordSink {
 public:
  void take(const MessageContext& context, std::span<const FlowRecord> records) override {
    flows += records.size();
    for (const FlowRecord& record : records) {
      mix_ ^= record.octets ^ record.source.low() ^ record.destination.high() ^ record.first ^
              record.present ^ record.sampler_id ^ context.domain;
      const bool knows = record.sampling_source != SamplingSource::Unknown;
      if (knows != (record.sampling_interval != 0)) std::abort();
    }
  }
  void take(const MessageContext& /*context*/, const CounterRecord& record) override {
    ++counters;
    mix_ ^= record.in_octets;
  }

  /// A sink that leaves decoders the most to do.
  bool takes_unknown_sampling(const MessageContext& /*context*/) override { return false; }

  std::uint64_t flows = 0;
  std::uint64_t counters = 0;

 private:
  std::uint64_t mix_ = 0;
};

/// What waits, over all datagrams so far.
struct Waiting {
  std::uint64_t bytes = 0;
  std::uint64_t records = 0;  ///< for their sampling interval

  /// What waits leaves once; `require` hears whether it can be so.
  template <class Require>
  void follow(const wire::DecodeOutcome& outcome, Require&& require) {
    bytes += outcome.held_bytes;
    require(outcome.rescued_bytes + outcome.given_up_bytes <= bytes);
    bytes -= outcome.rescued_bytes + outcome.given_up_bytes;
    records += outcome.unknown_held_records;
    const std::uint64_t left =
        std::uint64_t{outcome.unknown_rescued_records} + outcome.unknown_given_up_records;
    require(left <= records);
    records -= left;
  }
};

/// Decodes one datagram and calls `on_violation` for each thing in its outcome that cannot be true.
template <class OnViolation>
void decode_checked(wire::Decoder& decoder, const Datagram& datagram, Waiting& waiting,
                    OnViolation&& on_violation) {
  OracleSink sink;
  const wire::DecodeOutcome outcome = decoder.decode(datagram, sink);
  const auto require = [&](bool holds) {
    if (!holds) on_violation();
  };
  require(outcome.records == sink.flows);
  require(outcome.counter_samples == sink.counters);
  require(outcome.rescued_records <= outcome.records);
  // Nothing is counted that did not arrive; what waited before is bounded by its own bytes.
  const std::uint64_t bytes = datagram.payload.size();
  require(outcome.records - outcome.rescued_records <= bytes + outcome.unknown_given_up_records);
  require(outcome.rescued_records <= waiting.bytes + bytes);
  require(outcome.templates + outcome.options_templates <= bytes / 4);
  require(outcome.new_templates <= outcome.templates);
  require(outcome.new_options_templates <= outcome.options_templates);
  require(outcome.sets_without_template <= bytes / 4);
  require(outcome.held_bytes <= bytes + outcome.rescued_bytes);
  require(outcome.duplicates <= 1 && outcome.restarts <= 1 && outcome.out_of_order <= 1);
  require(outcome.duplicates == 0 || outcome.records == 0);
  waiting.follow(outcome, require);
  std::uint64_t reasons = 0;
  for (const std::uint16_t count : outcome.malformed) reasons += count;
  require(reasons == outcome.malformed_total);
}

/// The same, aborting.
inline void decode_checked(wire::Decoder& decoder, const Datagram& datagram, Waiting& waiting) {
  decode_checked(decoder, datagram, waiting, [] { std::abort(); });
}

/// Ends every wait and aborts if something still waits, or went another way than it is counted.
inline void finish_checked(wire::Decoder& decoder, Waiting& waiting) {
  const auto require = [](bool holds) {
    if (!holds) std::abort();
  };
  OracleSink sink;
  std::uint64_t records = 0;
  for (const wire::DecodeOutcome& outcome : decoder.flush(sink)) {
    records += outcome.records;
    require(outcome.records == outcome.unknown_rescued_records + outcome.unknown_given_up_records);
    waiting.follow(outcome, require);
  }
  require(records == sink.flows);
  require(waiting.bytes == 0 && waiting.records == 0);
}

[[nodiscard]] inline Datagram datagram_of(std::span<const std::byte> payload, std::uint16_t port) {
  return {.payload = payload,
          .source = IpAddress::v4(0xc000'0201),
          .source_port = port,
          .destination_port = 2'055,
          .arrival = traffic_time_ms(1'700'000'000'000)};
}

/// A NetFlow or IPFIX datagram of `version`, whose rest is `data`, decoded twice by a fresh
/// decoder: the second time with the templates of the first, from another port.
inline void decode_twice(std::uint8_t version, const std::uint8_t* data, std::size_t size) {
  std::vector<std::byte> payload(size + 2);
  payload[1] = std::byte{version};
  std::transform(data, data + size, payload.begin() + 2,
                 [](std::uint8_t b) { return static_cast<std::byte>(b); });
  wire::Decoder decoder{wire::make_shared_decoder_state(), {}};
  Waiting waiting;
  decode_checked(decoder, datagram_of(payload, 1'000), waiting);
  decode_checked(decoder, datagram_of(payload, 1'001), waiting);
  finish_checked(decoder, waiting);
}

}  // namespace weir::fuzz
