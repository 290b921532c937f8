#include "collector/wire/decoder.h"

#include <utility>

#include "collector/wire/byte_reader.h"
#include "collector/wire/data_set.h"
#include "collector/wire/flow_sets.h"
#include "collector/wire/netflow5.h"
#include "collector/wire/session_table.h"
#include "collector/wire/sflow5.h"
#include "collector/wire/shared_decoder_state.h"

namespace weir::wire {

struct Decoder::State {
  State(std::shared_ptr<SharedDecoderState> shared, const DecoderLimits& limits)
      : events(shared->events()),
        sessions(limits, shared->seed()),
        netflow5(sessions, reader),
        flow_sets(std::move(shared), limits, sessions, reader),
        sflow5(limits, events) {}

  [[nodiscard]] DecodeOutcome decode(const Datagram& datagram, RecordSink& sink);

  /// Tells what any protocol may show; most datagrams show nothing.
  void tell(const Datagram& datagram, const DecodeOutcome& outcome) {
    const auto add = [&](EventKind kind) {
      events.add({.time = datagram.arrival,
                  .kind = kind,
                  .exporter = outcome.agent,
                  .protocol = outcome.protocol,
                  .domain = outcome.domain});
    };
    if (outcome.restarts != 0) add(EventKind::ExporterRestarted);
    const auto too_many = static_cast<std::size_t>(DecodeError::TooManyDomains);
    if (outcome.malformed[too_many] != 0) add(EventKind::TooManyDomains);
  }

  EventLog& events;  ///< of the shared state, which flow_sets keeps
  SessionTable sessions;
  DataSetReader reader;
  Netflow5Decoder netflow5;
  FlowSetDecoder flow_sets;
  Sflow5Decoder sflow5;
};

Decoder::Decoder(std::shared_ptr<SharedDecoderState> shared, DecoderLimits limits)
    : state_(std::make_unique<State>(std::move(shared), limits)) {}

Decoder::~Decoder() = default;

void Decoder::forget(const IpAddress& source, ConnectionId connection) {
  state_->sessions.forget(source, connection);
}

void Decoder::watch_templates(TemplateWatcher watcher) {
  state_->flow_sets.watch_templates(std::move(watcher));
}

DecodeOutcome Decoder::decode(const Datagram& datagram, RecordSink& sink) {
  DecodeOutcome outcome = state_->decode(datagram, sink);
  if ((outcome.restarts | outcome.malformed_total) != 0) [[unlikely]] {
    state_->tell(datagram, outcome);
  }
  return outcome;
}

std::vector<DecodeOutcome> Decoder::flush(RecordSink& sink) {
  return state_->flow_sets.flush(sink);
}

DecodeOutcome Decoder::State::decode(const Datagram& datagram, RecordSink& sink) {
  DecodeOutcome outcome;
  outcome.agent = datagram.source;
  if (datagram.payload.empty()) {
    outcome.refuse(DecodeError::Empty);
    return outcome;
  }
  // NetFlow and IPFIX begin with a 16-bit version, sFlow with a 32-bit one.
  ByteReader words{datagram.payload};
  const std::uint16_t version = words.u16();
  const std::uint16_t low_version = version == 0 ? words.u16() : std::uint16_t{0};
  if (!words.ok()) {
    outcome.refuse(DecodeError::Truncated);
    return outcome;
  }
  switch (version) {
    case 1:
    case 5:
    case 7:
      netflow5.decode(datagram, sink, outcome);
      return outcome;
    case 9:
      flow_sets.decode_netflow9(datagram, sink, outcome);
      return outcome;
    case 10:
      flow_sets.decode_ipfix(datagram, sink, outcome);
      return outcome;
    default:
      if (version == 0 && low_version == 5) {
        sflow5.decode(datagram, sink, outcome);
      } else {
        outcome.refuse(DecodeError::UnknownVersion);
      }
      return outcome;
  }
}

}  // namespace weir::wire
