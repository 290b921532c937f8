#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "collector/model/datagram.h"
#include "collector/model/event_log.h"
#include "collector/model/record_sink.h"
#include "collector/wire/decode_outcome.h"
#include "collector/wire/learned_template.h"

namespace weir::wire {

class SharedDecoderState;

/// Bounds on what outsiders can make a decoder remember.
struct DecoderLimits {
  std::uint32_t domains_per_exporter = 256;
  std::uint32_t templates_per_domain = 1'024;
  std::uint32_t fields_per_template = 512;
  std::uint32_t fields_per_exporter = 262'144;  ///< of all its templates, 16 more for each
  std::uint32_t held_bytes_per_exporter = 4U << 20;
  std::uint32_t held_seconds = 1'800;
  std::uint32_t exporters = kMaxExporters;
};

/// Reads one worker's datagrams: finds the protocol by the version word, keeps sessions,
/// sequences and the sets that wait, and hands records to a sink.
///
/// Threads: one decoder belongs to one thread. Decoders of several workers share templates
/// and sampler tables through one SharedDecoderState, whose readers never wait: a decoder
/// keeps its own pointers to immutable templates and looks again when the state's
/// generation has moved.
///
/// Never throws on input, allocates nothing per record once an exporter's templates are
/// known, and does work linear in the datagram's bytes.
class Decoder {
 public:
  Decoder(std::shared_ptr<SharedDecoderState> shared, DecoderLimits limits);
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  /// Decodes `datagram`; what it holds goes to `sink` in order, then sets that its
  /// templates set free. Whoever calls has checked that the source is allowed.
  [[nodiscard]] DecodeOutcome decode(const Datagram& datagram, RecordSink& sink);

  /// Ends the wait of all that is held: records of unknown sampling go to `sink`, sets without
  /// template are given up. One outcome for each exporter, protocol and domain concerned; its
  /// `agent` is the source. For the end of a capture, or of the process.
  [[nodiscard]] std::vector<DecodeOutcome> flush(RecordSink& sink);
  /// Forgets the templates and sequences of a TCP connection that has ended.
  void forget(const IpAddress& source, ConnectionId connection);
  /// Shows `watcher` every template from now on, as it is learned. For programs that print;
  /// nothing on the data path watches.
  void watch_templates(TemplateWatcher watcher);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Templates and sampler tables known to any worker. Thread-safe. What becomes of them is
/// told to `events`; without one, to a log of its own.
[[nodiscard]] std::shared_ptr<SharedDecoderState> make_shared_decoder_state(
    std::shared_ptr<EventLog> events = nullptr);

/// Makes a record of one packet met on a link (mirror port or raw capture): as an sFlow
/// flow sample with this frame, `sampling_interval` packets being one. Frames without FCS
/// get 4 bytes added, as interface counters count them. False if the frame has no link
/// header that Weir reads (Ethernet, Linux cooked v1/v2, raw IP).
[[nodiscard]] bool record_from_packet(const CapturedPacket& packet, std::uint32_t sampling_interval,
                                      FlowRecord& record) noexcept;

}  // namespace weir::wire
