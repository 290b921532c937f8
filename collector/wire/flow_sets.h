#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "collector/model/datagram.h"
#include "collector/model/record_sink.h"
#include "collector/wire/byte_reader.h"
#include "collector/wire/compiled_template.h"
#include "collector/wire/data_set.h"
#include "collector/wire/decode_outcome.h"
#include "collector/wire/learned_template.h"
#include "collector/wire/session_table.h"
#include "collector/wire/shared_decoder_state.h"

namespace weir::wire {

/// NetFlow v9 and IPFIX: messages of sets, some of which teach how to read others.
///
/// A set whose template is unknown is held and decoded when the template arrives, be it
/// later in the same datagram, from another session, or through another worker. Records whose
/// sampling interval is unknown are held as well, if the sink does not take them so: until
/// options data tell it, or for as long as limits say; then they go to the sink after all. A
/// domain that has told nothing in all that time is not waited for again, until it tells
/// something. A malformed set ends its message; what was decoded before it stands.
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

  /// See Decoder::flush().
  [[nodiscard]] std::vector<DecodeOutcome> flush(RecordSink& sink);
  void watch_templates(TemplateWatcher watcher) { watcher_ = std::move(watcher); }

 private:
  /// What the sets of one message share while they are read.
  struct Message {
    LocalSession& session;
    MessageContext context;
    RecordSink& sink;
    DecodeOutcome& outcome;
    std::uint32_t data_records = 0;        ///< of its sets, whatever became of them
    std::uint32_t handed_on = 0;           ///< of these
    bool has_unknown_sets = false;         ///< or broken ones: how many records it held is unknown
    bool has_news = false;                 ///< templates that held sets may wait for
    std::vector<std::uint16_t> learned{};  ///< their ids
  };

  /// True if all sets were sound. Reads sets that begin before `end`.
  [[nodiscard]] bool read_sets(ByteReader& reader, std::size_t end, Message& message);
  /// Tells the session's sequence what the message held beyond `before` options records.
  void follow_sequence(Message& message, std::uint32_t before);
  [[nodiscard]] bool read_set(std::uint16_t set_id, std::span<const std::byte> body,
                              Message& message);
  [[nodiscard]] bool read_templates(ByteReader reader, Message& message);
  [[nodiscard]] bool read_netflow9_options_templates(ByteReader reader, Message& message);
  [[nodiscard]] bool read_ipfix_options_templates(ByteReader reader, Message& message);
  /// Reads `count` field specifiers into scratch_. False, counted, if that is impossible.
  [[nodiscard]] bool read_fields(std::uint16_t id, ByteReader& reader, std::uint32_t count,
                                 Message& message);
  void refuse_template(std::uint16_t id, DecodeError reason, Message& message);
  /// Learns the template in scratch_.
  void learn(std::uint16_t id, Message& message);
  enum class Withdrawn : std::uint8_t { Templates, OptionsTemplates };
  void withdraw(std::uint16_t id, Withdrawn kind, Message& message);
  /// Whether a connection has room for `id`. Its templates stay in its own session, which one
  /// thread alone reads, and end with it (RFC 7011, 8.1).
  [[nodiscard]] SharedDecoderState::Learned learn_for_connection(const LocalSession& session,
                                                                 std::uint16_t id) const;

  [[nodiscard]] bool read_data(std::uint16_t set_id, const TemplatePtr& layout,
                               std::span<const std::byte> body, Message& message);
  [[nodiscard]] bool read_options(const CompiledTemplate& layout, std::span<const std::byte> body,
                                  Message& message);
  void announce(std::span<const Announcement> news, Message& message);

  /// Tells the shared state, once a minute, that the session is heard; drops what the session
  /// remembers of that state if it has moved.
  void refresh(Message& message);
  void take_up_samplers(LocalSession& session);
  /// Tells the shared state that data match a template.
  void report_use(LocalSession::Known& known, std::uint16_t id, const Message& message);
  void learn_interface(const InterfaceAnnouncement& said, Message& message);
  /// Good until the next call.
  [[nodiscard]] LocalSession::Known& known(LocalSession& session, std::uint16_t id);
  void hold(std::uint16_t set_id, std::span<const std::byte> body, Message& message);
  /// Keeps what read() has set aside, unless nothing is to be expected any more.
  void hold_unknown(std::uint16_t set_id, const TemplatePtr& layout, Message& message);
  /// The domain has been waited for, in vain.
  [[nodiscard]] bool is_given_up(const LocalSession& session, TrafficTime now) const noexcept;
  [[nodiscard]] UnknownSampling unknown_sampling(const Message& message) const noexcept;
  /// The template of `id` for what came in session `origin`; `here` is the session at hand.
  [[nodiscard]] TemplatePtr layout_for(const SessionKey& origin, std::uint16_t id,
                                       const LocalSession& here) const;
  /// Decodes the exporter's held sets whose template is known by now.
  void release_held(Message& message);
  /// Decodes held records of the domain whose sampling interval is known by now.
  void release_unknown(Message& message);
  /// How held records of unknown sampling are read again.
  struct Rereading {
    TrafficTime now;
    const SamplerTable* samplers = nullptr;
    UnknownSampling unknown = UnknownSampling::SetAside;
    RecordSink& sink;
  };
  /// Gives how many records were handed on.
  std::uint32_t read_again(const HeldSets::Held& set, const Rereading& how, DecodeOutcome& outcome);
  /// Decodes `set` and leaves in it what is still unknown.
  void try_again(HeldSets::Held& set, const Rereading& how, DecodeOutcome& outcome);
  /// Ends the wait of `set`.
  void give_up(HeldSets::Held set, TrafficTime now, RecordSink& sink, DecodeOutcome& outcome);
  /// Holds `set`, at the cost of others where there is no room.
  void keep_waiting(HeldSets::Held set, Message& message);

  void tell(EventKind kind, std::uint16_t template_id, const Message& message,
            std::uint64_t before = 0, std::uint64_t after = 0);
  void tell_change(const Announcement& news, std::uint32_t before, const Message& message);
  void tell_unknown(std::uint16_t template_id, const FlowRecord& record, const Message& message);

  std::shared_ptr<SharedDecoderState> shared_;
  DecoderLimits limits_;
  SessionTable& sessions_;
  DataSetReader& reader_;
  const SamplerTable nothing_known_;
  LocalSession::Known untaught_;
  TemplateDefinition scratch_;  ///< the template being read; keeps its memory
  TemplateWatcher watcher_;     ///< empty: nobody watches
};

}  // namespace weir::wire
