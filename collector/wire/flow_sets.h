#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "collector/model/datagram.h"
#include "collector/model/record_sink.h"
#include "collector/wire/byte_reader.h"
#include "collector/wire/compiled_template.h"
#include "collector/wire/data_set.h"
#include "collector/wire/decode_outcome.h"
#include "collector/wire/session_table.h"
#include "collector/wire/shared_decoder_state.h"

namespace weir::wire {

/// NetFlow v9 and IPFIX: messages of sets, some of which teach how to read others.
///
/// A set whose template is unknown is held and decoded when the template arrives, be it
/// later in the same datagram, from another session, or through another worker. A malformed
/// set ends its message; what was decoded before it stands.
///
/// Threads: one. Borrows sessions and the reader from the Decoder that owns it.
class FlowSetDecoder {
 public:
  FlowSetDecoder(std::shared_ptr<SharedDecoderState> shared, const DecoderLimits& limits,
                 SessionTable& sessions, DataSetReader& reader);

  /// RFC 3954.
  void decode_netflow9(const Datagram& datagram, RecordSink& sink, DecodeOutcome& outcome);
  /// RFC 7011.
  void decode_ipfix(const Datagram& datagram, RecordSink& sink, DecodeOutcome& outcome);

 private:
  /// What the sets of one message share while they are read.
  struct Message {
    LocalSession& session;
    MessageContext context;
    RecordSink& sink;
    DecodeOutcome& outcome;
    bool has_unknown_sets = false;  ///< how many records it held cannot be known
    bool has_news = false;          ///< templates that held sets may wait for
  };

  /// True if all sets were sound. Reads sets that begin before `end`.
  [[nodiscard]] bool read_sets(ByteReader& reader, std::size_t end, Message& message);
  [[nodiscard]] bool read_set(std::uint16_t set_id, std::span<const std::byte> body,
                              Message& message);
  [[nodiscard]] bool read_templates(ByteReader reader, Message& message);
  [[nodiscard]] bool read_netflow9_options_templates(ByteReader reader, Message& message);
  [[nodiscard]] bool read_ipfix_options_templates(ByteReader reader, Message& message);
  /// Reads `count` field specifiers into scratch_. False, counted, if that is impossible.
  [[nodiscard]] bool read_fields(ByteReader& reader, std::uint32_t count, Message& message);
  /// Learns the template in scratch_.
  void learn(std::uint16_t id, Message& message);
  void withdraw(std::uint16_t id, SharedDecoderState::Kind kind, Message& message);

  [[nodiscard]] bool read_data(const CompiledTemplate& layout, std::span<const std::byte> body,
                               Message& message);
  [[nodiscard]] bool read_options(const CompiledTemplate& layout, std::span<const std::byte> body,
                                  Message& message);
  void announce(std::span<const Announcement> news, Message& message);

  /// Drops what the session remembers of the shared state if that has moved.
  void refresh(LocalSession& session);
  [[nodiscard]] const LocalSession::Known& known(LocalSession& session, std::uint16_t id);
  void hold(std::uint16_t set_id, std::span<const std::byte> body, Message& message);
  /// Decodes the exporter's held sets whose template is known by now.
  void release_held(Message& message);

  std::shared_ptr<SharedDecoderState> shared_;
  DecoderLimits limits_;
  SessionTable& sessions_;
  DataSetReader& reader_;
  const SamplerTable nothing_known_;
  TemplateDefinition scratch_;  ///< the template being read; keeps its memory
};

}  // namespace weir::wire
