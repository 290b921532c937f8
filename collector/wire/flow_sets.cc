#include "collector/wire/flow_sets.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "collector/wire/fingerprint.h"

namespace weir::wire {
namespace {

constexpr std::size_t kSetHeaderBytes = 4;
constexpr std::size_t kIpfixHeaderBytes = 16;

// RFC 3954, 5.2 and 6.1.
constexpr std::uint16_t kNetflow9Templates = 0;
constexpr std::uint16_t kNetflow9OptionsTemplates = 1;
// RFC 7011, 3.3.2.
constexpr std::uint16_t kIpfixTemplates = 2;
constexpr std::uint16_t kIpfixOptionsTemplates = 3;
constexpr std::uint16_t kFirstDataSet = 256;

/// Keys of held sets that are tried when the shared state has moved.
constexpr std::size_t kKeysTried = 64;

/// How often an exporter's records of unknown sampling are tried with what its options data tell:
/// each time takes work in proportion to all that are held.
constexpr TrafficSpan kBetweenTrials = std::chrono::seconds{1};

/// How often a session's records of unknown sampling are told of; the log itself is slower.
constexpr TrafficSpan kBetweenWords = std::chrono::minutes{1};

/// `span` has gone by since `last`, which may be long before all time, or after `now` where
/// captures are merged.
[[nodiscard]] bool is_past(TrafficTime last, TrafficSpan span, TrafficTime now) noexcept {
  return last == TrafficTime::min() || now < last || now - last >= span;
}

[[nodiscard]] HeldSets::Key sampling_key(const MessageContext& context) noexcept {
  return {.protocol = context.protocol, .domain = context.domain, .set_id = HeldSets::kForSampling};
}

[[nodiscard]] EventSubject subject_of(Announcement::Scope scope) noexcept {
  switch (scope) {
    case Announcement::Scope::Domain:
      return EventSubject::Domain;
    case Announcement::Scope::Sampler:
      return EventSubject::Sampler;
    case Announcement::Scope::Interface:
      return EventSubject::Interface;
    case Announcement::Scope::EgressInterface:
      return EventSubject::EgressInterface;
    case Announcement::Scope::Template:
      return EventSubject::Template;
    case Announcement::Scope::LineCard:
      return EventSubject::LineCard;
  }
  return EventSubject::Domain;
}

/// How often the shared state is told of a session and of each template that is used.
constexpr TrafficSpan kTellEvery = std::chrono::minutes{1};
/// How often it is told of a template that is sent again.
constexpr TrafficSpan kTellRepeatEvery = std::chrono::seconds{1};

/// True if the sets at `reader` hold data. A message of templates alone may come again with
/// the same sequence number and bytes and is never a repeat.
[[nodiscard]] bool holds_data(ByteReader reader) noexcept {
  while (reader.remaining() >= kSetHeaderBytes) {
    const std::uint16_t set_id = reader.u16();
    const std::uint16_t length = reader.u16();
    if (set_id >= kFirstDataSet) return true;
    if (length < kSetHeaderBytes) return false;
    reader.skip(length - kSetHeaderBytes);
  }
  return false;
}

[[nodiscard]] bool is_zero(std::span<const std::byte> bytes) noexcept {
  return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

[[nodiscard]] std::optional<std::uint64_t> repeat_mark(
    ByteReader sets, std::span<const std::byte> message) noexcept {
  if (!holds_data(sets)) return std::nullopt;
  return fingerprint(message);
}

/// What v9 and IPFIX messages have in common; only a v9 header tells the uptime.
[[nodiscard]] MessageContext context_of(const Datagram& datagram, Protocol protocol,
                                        std::uint32_t domain,
                                        std::int64_t export_seconds) noexcept {
  return {.source = datagram.source,
          .agent = datagram.source,
          .source_port = datagram.source_port,
          .connection = datagram.connection,
          .protocol = protocol,
          .domain = domain,
          .arrival = datagram.arrival,
          .released = datagram.arrival,
          .export_time = traffic_time_ms(export_seconds * 1'000),
          .has_export_time = export_seconds != 0};
}

}  // namespace

FlowSetDecoder::FlowSetDecoder(std::shared_ptr<SharedDecoderState> shared,
                               const DecoderLimits& limits, SessionTable& sessions,
                               DataSetReader& reader)
    : shared_(std::move(shared)), limits_(limits), sessions_(sessions), reader_(reader) {}

void FlowSetDecoder::decode_netflow9(const Datagram& datagram, RecordSink& sink,
                                     DecodeOutcome& outcome) {
  ByteReader reader{datagram.payload};
  // The count of records says nothing that the sets' own lengths do not say better.
  reader.skip(4);
  const std::uint32_t uptime_ms = reader.u32();
  const std::int64_t export_seconds = reader.u32();
  const std::uint32_t sequence = reader.u32();
  const std::uint32_t domain = reader.u32();
  if (!reader.ok()) {
    outcome.refuse(DecodeError::Truncated);
    return;
  }
  outcome.has_protocol = true;
  outcome.protocol = Protocol::Netflow9;
  outcome.domain = domain;
  LocalSession* const session = sessions_.find_or_make(
      {.domain = {.address = datagram.source, .protocol = Protocol::Netflow9, .domain = domain},
       .port = datagram.source_port},
      outcome);
  if (session == nullptr) return;

  const SequenceVerdict verdict =
      session->sequence.observe({.sequence = sequence,
                                 .fingerprint = repeat_mark(reader, datagram.payload),
                                 .uptime_ms = uptime_ms,
                                 .rule = SequenceRule::Messages});  // RFC 3954, 5.1
  if (!note(verdict, outcome)) return;

  Message message{.session = *session,
                  .context = context_of(datagram, Protocol::Netflow9, domain, export_seconds),
                  .sink = sink,
                  .outcome = outcome};
  message.context.has_uptime = true;
  message.context.uptime_ms = uptime_ms;
  const std::uint32_t before = outcome.options_records;
  if (verdict.restart && !session->key.is_stream()) shared_->suspect(session->key);
  refresh(message);
  if (!read_sets(reader, datagram.payload.size(), message)) message.has_unknown_sets = true;
  follow_sequence(message, before);
  release_held(message);
}

void FlowSetDecoder::decode_ipfix(const Datagram& datagram, RecordSink& sink,
                                  DecodeOutcome& outcome) {
  ByteReader reader{datagram.payload};
  reader.skip(2);
  const std::uint16_t length = reader.u16();
  const std::int64_t export_seconds = reader.u32();
  const std::uint32_t sequence = reader.u32();
  const std::uint32_t domain = reader.u32();
  if (!reader.ok()) {
    outcome.refuse(DecodeError::Truncated);
    return;
  }
  outcome.has_protocol = true;
  outcome.protocol = Protocol::Ipfix;
  outcome.domain = domain;
  // A wrong length is read leniently: whole sets inside the datagram count, wherever the
  // header says that the message ends.
  // What follows the message is not read: a datagram carries one.
  const std::span<const std::byte> bytes = datagram.payload;
  const bool is_length_possible = length >= kIpfixHeaderBytes && length <= bytes.size();
  const std::size_t end = is_length_possible ? length : bytes.size();
  if (length != bytes.size()) outcome.refuse(DecodeError::BadMessageLength);
  LocalSession* const session = sessions_.find_or_make(
      {.domain = {.address = datagram.source, .protocol = Protocol::Ipfix, .domain = domain},
       .port = datagram.source_port,
       .connection = datagram.connection},
      outcome);
  if (session == nullptr) return;

  const std::span<const std::byte> sets = bytes.first(end).subspan(kIpfixHeaderBytes);
  // TCP delivers once: what looks like a repeat there was said twice.
  const SequenceVerdict verdict =
      session->sequence.observe({.sequence = sequence,
                                 .fingerprint = repeat_mark(ByteReader{sets}, bytes.first(end)),
                                 .comes_once = session->key.is_stream(),
                                 .uptime_ms = std::nullopt});
  if (!note(verdict, outcome)) return;

  Message message{.session = *session,
                  .context = context_of(datagram, Protocol::Ipfix, domain, export_seconds),
                  .sink = sink,
                  .outcome = outcome};
  const std::uint32_t before = outcome.options_records;
  if (verdict.restart && !session->key.is_stream()) shared_->suspect(session->key);
  refresh(message);
  if (!read_sets(reader, end, message)) message.has_unknown_sets = true;
  follow_sequence(message, before);
  release_held(message);
}

void FlowSetDecoder::follow_sequence(Message& message, std::uint32_t before) {
  SequenceTracker& sequence = message.session.sequence;
  DecodeOutcome& outcome = message.outcome;
  // Data records count, options among them (RFC 7011, 3.1).
  const std::uint32_t records = message.data_records + outcome.options_records - before;
  outcome.units = sequence.rule() == SequenceRule::Messages ? 1 : records;
  (void)note(message.has_unknown_sets ? sequence.lose_position() : sequence.advance(records),
             outcome);
}

bool FlowSetDecoder::read_sets(ByteReader& reader, std::size_t end, Message& message) {
  while (reader.remaining() >= kSetHeaderBytes && reader.position() < end) {
    if (end - reader.position() < kSetHeaderBytes) break;  // padding of the message
    const std::uint16_t set_id = reader.u16();
    const std::uint16_t length = reader.u16();
    // The length counts this header too (RFC 7011, 3.3.2); a shorter one would leave the
    // caller reading the same set for ever.
    if (length < kSetHeaderBytes) {
      message.outcome.refuse(DecodeError::BadSetLength);
      return false;
    }
    const std::span<const std::byte> body = reader.bytes(length - kSetHeaderBytes);
    if (!reader.ok()) {
      message.outcome.refuse(DecodeError::Truncated);
      return false;
    }
    if (!read_set(set_id, body, message)) return false;
  }
  return true;
}

bool FlowSetDecoder::read_set(std::uint16_t set_id, std::span<const std::byte> body,
                              Message& message) {
  if (set_id < kFirstDataSet) {
    const bool is_ipfix = message.context.protocol == Protocol::Ipfix;
    if (set_id == (is_ipfix ? kIpfixTemplates : kNetflow9Templates)) {
      return read_templates(ByteReader{body}, message);
    }
    if (is_ipfix && set_id == kIpfixOptionsTemplates) {
      return read_ipfix_options_templates(ByteReader{body}, message);
    }
    if (!is_ipfix && set_id == kNetflow9OptionsTemplates) {
      return read_netflow9_options_templates(ByteReader{body}, message);
    }
    return true;  // reserved: passed over
  }
  LocalSession::Known& found = known(message.session, set_id);
  const TemplatePtr& layout = found.layout;
  if (!layout) {
    message.has_unknown_sets = true;
    ++message.outcome.sets_without_template;
    hold(set_id, body, message);
    return true;
  }
  if (message.context.arrival >= found.told_used + kTellEvery) [[unlikely]] {
    report_use(found, set_id, message);
  }
  return layout->is_options() ? read_options(*layout, body, message)
                              : read_data(set_id, layout, body, message);
}

bool FlowSetDecoder::read_templates(ByteReader reader, Message& message) {
  while (reader.remaining() >= 4) {
    if (is_zero(reader.rest())) return true;  // padding
    const std::uint16_t id = reader.u16();
    const std::uint16_t count = reader.u16();
    if (count == 0 && message.context.protocol == Protocol::Ipfix) {
      withdraw(id, Withdrawn::Templates, message);
      continue;
    }
    if (id < kFirstDataSet || count == 0) {
      refuse_template(id, DecodeError::BadTemplate, message);
      return false;
    }
    if (!read_fields(id, reader, count, message)) return false;
    scratch_.is_options = false;
    scratch_.scope_fields = 0;
    learn(id, message);
  }
  return true;
}

bool FlowSetDecoder::read_netflow9_options_templates(ByteReader reader, Message& message) {
  while (reader.remaining() >= 4) {
    if (is_zero(reader.rest())) return true;  // padding
    const std::uint16_t id = reader.u16();
    const std::uint16_t scope_bytes = reader.u16();
    const std::uint16_t option_bytes = reader.u16();
    if (!reader.ok()) {
      message.outcome.refuse(DecodeError::Truncated);
      return false;
    }
    // Lengths in bytes of four-byte specifiers (RFC 3954, 6.1).
    if (id < kFirstDataSet || scope_bytes % 4 != 0 || option_bytes % 4 != 0) {
      refuse_template(id, DecodeError::BadTemplate, message);
      return false;
    }
    const std::uint32_t count = (std::uint32_t{scope_bytes} + option_bytes) / 4;
    if (!read_fields(id, reader, count, message)) return false;
    scratch_.is_options = true;
    scratch_.scope_fields = static_cast<std::uint16_t>(scope_bytes / 4);
    learn(id, message);
  }
  return true;
}

bool FlowSetDecoder::read_ipfix_options_templates(ByteReader reader, Message& message) {
  while (reader.remaining() >= 4) {
    if (is_zero(reader.rest())) return true;  // padding
    const std::uint16_t id = reader.u16();
    const std::uint16_t count = reader.u16();
    if (count == 0) {
      withdraw(id, Withdrawn::OptionsTemplates, message);
      continue;
    }
    const std::uint16_t scope_fields = reader.u16();
    if (!reader.ok()) {
      message.outcome.refuse(DecodeError::Truncated);
      return false;
    }
    if (id < kFirstDataSet) {
      refuse_template(id, DecodeError::BadTemplate, message);
      return false;
    }
    if (!read_fields(id, reader, count, message)) return false;
    scratch_.is_options = true;
    scratch_.scope_fields = scope_fields;
    learn(id, message);
  }
  return true;
}

bool FlowSetDecoder::read_fields(std::uint16_t id, ByteReader& reader, std::uint32_t count,
                                 Message& message) {
  scratch_.protocol = message.context.protocol;
  scratch_.fields.clear();
  if (count > limits_.fields_per_template) {
    refuse_template(id, DecodeError::BadTemplate, message);
    return false;
  }
  const bool is_ipfix = message.context.protocol == Protocol::Ipfix;
  for (std::uint32_t i = 0; i < count; ++i) {
    TemplateField field{.id = reader.u16(), .length = reader.u16()};
    // The top bit says that an enterprise number follows (RFC 7011, 3.2); v9 has none.
    if (is_ipfix && (field.id & 0x8000U) != 0) {
      field.id = static_cast<std::uint16_t>(field.id & 0x7fffU);
      field.enterprise = reader.u32();
    }
    if (!reader.ok()) {
      refuse_template(id, DecodeError::Truncated, message);
      return false;
    }
    scratch_.fields.push_back(field);
  }
  return true;
}

void FlowSetDecoder::refuse_template(std::uint16_t id, DecodeError reason, Message& message) {
  message.outcome.refuse(reason);
  tell(EventKind::TemplateRefused, id, message, 0, static_cast<std::uint64_t>(reason));
}

void FlowSetDecoder::learn(std::uint16_t id, Message& message) {
  DecodeOutcome& outcome = message.outcome;
  ++(scratch_.is_options ? outcome.options_templates : outcome.templates);
  const TrafficTime now = message.context.arrival;
  LocalSession::Known& before = known(message.session, id);
  if (before.is_own && before.layout->definition() == scratch_) {
    if (message.session.key.is_stream() || now < before.told_seen + kTellRepeatEvery) return;
    before.told_seen = now;
    // Another worker may have found it too old a moment ago.
    if (shared_->repeat(message.session.key, id, now)) return;
  }

  auto compiled = shared_->compile(scratch_);
  if (!compiled) {
    refuse_template(id, compiled.error(), message);
    // Whatever the exporter means by this id now, it is not what it meant before.
    if (!message.session.key.is_stream()) shared_->withdraw(message.session.key, id);
    message.session.templates.erase(id);
    return;
  }
  if ((*compiled)->unusable_fields() != 0) outcome.refuse(DecodeError::BadFieldLength);
  const auto learned = message.session.key.is_stream()
                           ? learn_for_connection(message.session, id)
                           : shared_->learn(message.session.key, id, *compiled, limits_, now);
  for (std::uint32_t i = 0; i < learned.evicted_domains; ++i) {
    outcome.refuse(DecodeError::TooManyDomains);
  }
  if (!learned.is_kept) {
    outcome.refuse(learned.refused);
    tell(EventKind::TooManyTemplates, id, message);
    return;
  }
  if (before.is_own && before.layout) {
    tell(EventKind::TemplateRedefined, id, message, before.layout->definition().fields.size(),
         (*compiled)->definition().fields.size());
  }
  if (learned.is_new_key) {
    ++((*compiled)->is_options() ? outcome.new_options_templates : outcome.new_templates);
  }
  if (watcher_) watcher_({.session = message.session.key, .id = id, .layout = **compiled});
  message.session.templates.insert_or_assign(
      id, LocalSession::Known{.layout = std::move(*compiled), .is_own = true, .told_seen = now});
  message.has_news = true;
  message.learned.push_back(id);
}

SharedDecoderState::Learned FlowSetDecoder::learn_for_connection(const LocalSession& session,
                                                                 std::uint16_t id) const {
  SharedDecoderState::Learned learned;
  learned.is_new_key = !session.templates.contains(id);
  learned.is_kept = !learned.is_new_key || session.templates.size() < limits_.templates_per_domain;
  return learned;
}

void FlowSetDecoder::withdraw(std::uint16_t id, Withdrawn kind, Message& message) {
  ++message.outcome.withdrawals;
  LocalSession& session = message.session;
  // The same bytes mean something else from here on.
  session.sequence.forget_repeats();
  // Over UDP a withdrawal is ignored (RFC 7011, 8.4): it may come late, or from somebody else.
  if (!session.key.is_stream()) return;
  // The set's own id stands for all templates of its kind (RFC 7011, 8.1).
  const bool is_all = id == kIpfixTemplates || id == kIpfixOptionsTemplates;
  const auto erased = boost::unordered::erase_if(session.templates, [&](const auto& entry) {
    const bool is_options = entry.second.layout->is_options();
    return is_all ? is_options == (kind == Withdrawn::OptionsTemplates) : entry.first == id;
  });
  if (erased != 0) tell(EventKind::TemplateWithdrawn, id, message);
}

bool FlowSetDecoder::read_data(std::uint16_t set_id, const TemplatePtr& layout,
                               std::span<const std::byte> body, Message& message) {
  const SamplerTable* const samplers = message.session.samplers.get();
  message.context.system_init_ms = samplers == nullptr ? 0 : samplers->system_init_ms();
  const std::uint32_t allowance = DataSetReader::kRecordsPerDatagram;
  const std::uint32_t before = message.outcome.records;
  const bool is_sound =
      reader_.read({.layout = *layout,
                    .body = body,
                    .context = message.context,
                    .samplers = samplers,
                    .header_sampling = {},
                    .template_id = set_id,
                    .unknown = unknown_sampling(message),
                    .allowance = allowance - std::min(allowance, message.data_records)},
                   message.sink, message.outcome);
  message.data_records += message.outcome.records - before;
  message.handed_on += message.outcome.records - before;
  if (reader_.set_aside().records != 0) [[unlikely]] {
    hold_unknown(set_id, layout, message);
  }
  return is_sound;
}

bool FlowSetDecoder::read_options(const CompiledTemplate& layout, std::span<const std::byte> body,
                                  Message& message) {
  std::array<Announcement, 64> news;
  std::size_t count = 0;
  bool is_sound = true;
  while (body.size() >= layout.record_bytes()) {
    SamplingFacts facts;
    const auto length = layout.read_options(body, facts);
    const bool is_too_many = message.outcome.options_records >= DataSetReader::kRecordsPerDatagram;
    if (!length || is_too_many) {
      message.outcome.refuse(length ? DecodeError::BadCount : length.error());
      is_sound = false;
      break;
    }
    if (layout.names_interfaces()) {
      if (const auto said = layout.read_interface(body.first(*length))) {
        learn_interface(*said, message);
      }
    }
    body = body.subspan(*length);
    ++message.outcome.options_records;
    news[count++] = announcement_of(facts);
    if (count == news.size()) {
      announce(news, message);
      count = 0;
    }
  }
  announce(std::span{news}.first(count), message);
  return is_sound;
}

void FlowSetDecoder::announce(std::span<const Announcement> news, Message& message) {
  LocalSession& session = message.session;
  const SamplerTable& table = session.samplers ? *session.samplers : nothing_known_;
  const auto refused =
      std::ranges::count_if(news, [&](const Announcement& a) { return table.refuses(a); });
  for (std::ptrdiff_t i = 0; i < refused; ++i) {
    message.outcome.refuse(DecodeError::TooManyTemplates);
  }
  if (refused != 0) tell(EventKind::TooManyTemplates, 0, message);
  if (std::ranges::none_of(news, [&](const Announcement& a) { return table.would_change(a); })) {
    return;
  }
  const auto announced = shared_->announce(session.key.domain, news, limits_);
  for (std::uint32_t i = 0; i < announced.evicted_domains; ++i) {
    message.outcome.refuse(DecodeError::TooManyDomains);
  }
  message.outcome.sampling_changes += static_cast<std::uint32_t>(announced.changed.size());
  for (const auto& [what, before] : announced.changed) tell_change(what, before, message);
  take_up_samplers(session);
}

void FlowSetDecoder::learn_interface(const InterfaceAnnouncement& said, Message& message) {
  const auto taught = shared_->interfaces().learn(message.session.key.domain.address, said);
  if (taught == InterfaceTable::Taught::Refused) {
    message.outcome.refuse(DecodeError::TooManyInterfaces);
  }
}

void FlowSetDecoder::report_use(LocalSession::Known& known, std::uint16_t id,
                                const Message& message) {
  known.told_used = message.context.arrival;
  if (message.session.key.is_stream()) return;
  shared_->use(message.session.key, id, message.context.arrival);
}

void FlowSetDecoder::refresh(Message& message) {
  LocalSession& session = message.session;
  const TrafficTime now = message.context.arrival;
  if (!session.key.is_stream() && now >= session.tended + kTellEvery) [[unlikely]] {
    session.tended = now;
    message.outcome.expired_templates += shared_->tend(session.key.domain, now);
  }
  const std::uint64_t generation = shared_->generation();
  if (session.generation == generation) return;
  session.generation = generation;
  if (!session.key.is_stream()) session.templates.clear();
  take_up_samplers(session);
}

void FlowSetDecoder::take_up_samplers(LocalSession& session) {
  SamplerTablePtr samplers = shared_->samplers(session.key.domain);
  if (samplers == session.samplers) return;
  session.samplers = std::move(samplers);
  session.unknown.since = TrafficTime::max();
}

LocalSession::Known& FlowSetDecoder::known(LocalSession& session, std::uint16_t id) {
  const auto cached = session.templates.find(id);
  if (cached != session.templates.end()) return cached->second;
  if (session.key.is_stream()) return untaught_;
  // Ids that nobody knows are remembered too, until the generation moves; not without bound.
  if (session.templates.size() >= 2U * limits_.templates_per_domain) session.templates.clear();
  SharedDecoderState::Found found = shared_->find(session.key, id);
  return session.templates
      .emplace(id, LocalSession::Known{.layout = std::move(found.layout),
                                       .is_own = found.is_own,
                                       .told_seen = found.seen,
                                       .told_used = found.used})
      .first->second;
}

void FlowSetDecoder::hold(std::uint16_t set_id, std::span<const std::byte> body, Message& message) {
  tell(EventKind::TemplateMissing, set_id, message);
  if (body.empty()) return;
  message.outcome.held_bytes += static_cast<std::uint32_t>(body.size());
  keep_waiting({.context = message.context,
                .set_id = set_id,
                .body = {body.begin(), body.end()},
                .layout = nullptr},
               message);
}

void FlowSetDecoder::hold_unknown(std::uint16_t set_id, const TemplatePtr& layout,
                                  Message& message) {
  const SetAside aside = reader_.set_aside();
  message.data_records += aside.records;
  LocalSession& session = message.session;
  const TrafficTime now = message.context.released;
  tell_unknown(set_id, aside.first, message);
  HeldSets::Held set{.context = message.context,
                     .set_id = set_id,
                     .body = {aside.bytes.begin(), aside.bytes.end()},
                     .layout = layout,
                     .records = aside.records};
  if (session.unknown.since == TrafficTime::max()) session.unknown.since = now;
  if (is_given_up(session, now)) {
    message.handed_on += read_again(set,
                                    {.now = now,
                                     .samplers = session.samplers.get(),
                                     .unknown = UnknownSampling::HandOn,
                                     .sink = message.sink},
                                    message.outcome);
    return;
  }
  // What waits already may not have been tried with what is known now.
  const bool is_first = !session.exporter->held.awaits(sampling_key(message.context));
  if (is_first) session.unknown.tried = session.samplers;
  message.outcome.held_bytes += static_cast<std::uint32_t>(set.body.size());
  message.outcome.unknown_held_records += set.records;
  keep_waiting(std::move(set), message);
}

void FlowSetDecoder::keep_waiting(HeldSets::Held set, Message& message) {
  HeldSets& held = message.session.exporter->held;
  for (HeldSets::Held& other : held.hold(std::move(set), limits_.held_bytes_per_exporter)) {
    give_up(std::move(other), message.context.released, message.sink, message.outcome);
  }
}

bool FlowSetDecoder::is_given_up(const LocalSession& session, TrafficTime now) const noexcept {
  const TrafficTime since = session.unknown.since;
  return since != TrafficTime::max() && now - since >= std::chrono::seconds{limits_.held_seconds};
}

UnknownSampling FlowSetDecoder::unknown_sampling(const Message& message) const noexcept {
  const TrafficTime now = message.context.released;
  const LocalSession& session = message.session;
  // Set aside once in a while nevertheless, so that it is told what is missing.
  return is_given_up(session, now) && !is_past(session.unknown.said, kBetweenWords, now)
             ? UnknownSampling::HandOn
             : UnknownSampling::SetAside;
}

TemplatePtr FlowSetDecoder::layout_for(const SessionKey& origin, std::uint16_t id,
                                       const LocalSession& here) const {
  if (!origin.is_stream()) return shared_->find(origin, id).layout;
  // What came over a connection is read by its own templates or not at all.
  if (!(origin == here.key)) return nullptr;
  const auto own = here.templates.find(id);
  return own == here.templates.end() ? nullptr : own->second.layout;
}

void FlowSetDecoder::release_held(Message& message) {
  HeldSets& held = message.session.exporter->held;
  if (held.empty()) return;
  const TrafficTime now = message.context.arrival;
  for (HeldSets::Held& set : held.expire(now - std::chrono::seconds{limits_.held_seconds})) {
    give_up(std::move(set), now, message.sink, message.outcome);
  }
  release_unknown(message);
  // Nothing was learned here or by another worker since this was last tried. What a connection
  // teaches moves no generation.
  const std::uint64_t generation = shared_->generation();
  std::uint64_t& tried = message.session.held_tried_at;
  const bool has_own_news = message.session.key.is_stream() && message.has_news;
  if (tried == generation && !has_own_news) return;
  tried = generation;

  // What others have taught is tried for so many ids only; what came just now, in any case.
  std::vector<HeldSets::Key> keys =
      held.awaited(message.context.protocol, message.context.domain, kKeysTried);
  for (const std::uint16_t id : message.learned) {
    keys.push_back(
        {.protocol = message.context.protocol, .domain = message.context.domain, .set_id = id});
  }
  for (const HeldSets::Key& key : keys) {
    if (!layout_for(message.session.key, key.set_id, message.session)) continue;
    for (HeldSets::Held& set : held.take(key)) {
      const SessionKey origin{.domain = message.session.key.domain,
                              .port = set.context.source_port,
                              .connection = set.context.connection};
      const TemplatePtr layout = layout_for(origin, key.set_id, message.session);
      if (!layout) {
        keep_waiting(std::move(set), message);
        continue;
      }
      const auto bytes = static_cast<std::uint32_t>(set.body.size());
      Message late{.session = message.session,
                   .context = set.context,
                   .sink = message.sink,
                   .outcome = message.outcome};
      late.context.released = now;
      (void)(layout->is_options() ? read_options(*layout, set.body, late)
                                  : read_data(set.set_id, layout, set.body, late));
      message.outcome.rescued_bytes += bytes;
      message.outcome.rescued_records += late.handed_on;
    }
  }
  // Held options data may have told how held records were sampled.
  release_unknown(message);
}

void FlowSetDecoder::release_unknown(Message& message) {
  LocalSession& session = message.session;
  LocalExporter& exporter = *session.exporter;
  const HeldSets::Key key = sampling_key(message.context);
  if (!exporter.held.awaits(key)) return;
  const TrafficTime now = message.context.arrival;
  // The operator may have said meanwhile how this exporter samples.
  UnknownSampling unknown = UnknownSampling::SetAside;
  if (is_past(exporter.sink_asked, kBetweenTrials, now)) {
    exporter.sink_asked = now;
    if (message.sink.takes_unknown_sampling(message.context)) unknown = UnknownSampling::HandOn;
  }
  const bool has_news = session.unknown.tried != session.samplers &&
                        is_past(exporter.unknown_tried, kBetweenTrials, now);
  if (!has_news && unknown == UnknownSampling::SetAside) return;
  exporter.unknown_tried = now;
  session.unknown.tried = session.samplers;
  exporter.held.retry(key, [&](HeldSets::Held& set) {
    try_again(
        set,
        {.now = now, .samplers = session.samplers.get(), .unknown = unknown, .sink = message.sink},
        message.outcome);
  });
}

std::uint32_t FlowSetDecoder::read_again(const HeldSets::Held& set, const Rereading& how,
                                         DecodeOutcome& outcome) {
  MessageContext context = set.context;
  context.released = how.now;
  context.system_init_ms = how.samplers == nullptr ? 0 : how.samplers->system_init_ms();
  const std::uint32_t before = outcome.records;
  // Sound, since it was read before.
  (void)reader_.read({.layout = *set.layout,
                      .body = set.body,
                      .context = context,
                      .samplers = how.samplers,
                      .header_sampling = {},
                      .template_id = set.set_id,
                      .unknown = how.unknown},
                     how.sink, outcome);
  return outcome.records - before;
}

void FlowSetDecoder::try_again(HeldSets::Held& set, const Rereading& how, DecodeOutcome& outcome) {
  outcome.rescued_records += read_again(set, how, outcome);
  const SetAside aside = reader_.set_aside();
  outcome.unknown_rescued_records += set.records - aside.records;
  outcome.rescued_bytes += static_cast<std::uint32_t>(set.body.size() - aside.bytes.size());
  set.body = {aside.bytes.begin(), aside.bytes.end()};
  set.records = aside.records;
}

void FlowSetDecoder::give_up(HeldSets::Held set, TrafficTime now, RecordSink& sink,
                             DecodeOutcome& outcome) {
  if (set.layout) {
    const SamplerTablePtr samplers = shared_->samplers({.address = set.context.source,
                                                        .protocol = set.context.protocol,
                                                        .domain = set.context.domain});
    Rereading how{
        .now = now, .samplers = samplers.get(), .unknown = UnknownSampling::SetAside, .sink = sink};
    try_again(set, how, outcome);
    how.unknown = UnknownSampling::HandOn;
    if (set.records != 0) outcome.unknown_given_up_records += read_again(set, how, outcome);
  }
  outcome.given_up_bytes += static_cast<std::uint32_t>(set.body.size());
}

std::vector<DecodeOutcome> FlowSetDecoder::flush(RecordSink& sink) {
  std::vector<DecodeOutcome> outcomes;
  sessions_.for_each_held([&](HeldSets& held) {
    const std::size_t first = outcomes.size();  // of this exporter
    for (HeldSets::Held& set : held.take_all()) {
      const MessageContext& context = set.context;
      auto outcome = std::find_if(outcomes.begin() + static_cast<std::ptrdiff_t>(first),
                                  outcomes.end(), [&context](const DecodeOutcome& other) {
                                    return other.protocol == context.protocol &&
                                           other.domain == context.domain;
                                  });
      if (outcome == outcomes.end()) {
        outcome = outcomes.insert(outcome, DecodeOutcome{.has_protocol = true,
                                                         .protocol = context.protocol,
                                                         .agent = context.source,
                                                         .domain = context.domain});
      }
      const TrafficTime arrival = context.arrival;
      give_up(std::move(set), arrival, sink, *outcome);
    }
  });
  return outcomes;
}

void FlowSetDecoder::tell(EventKind kind, std::uint16_t template_id, const Message& message,
                          std::uint64_t before, std::uint64_t after) {
  shared_->events().add({.time = message.context.released,
                         .kind = kind,
                         .exporter = message.context.source,
                         .protocol = message.context.protocol,
                         .domain = message.context.domain,
                         .about = EventSubject::Template,
                         .subject = template_id,
                         .before = before,
                         .after = after});
}

void FlowSetDecoder::tell_change(const Announcement& news, std::uint32_t before,
                                 const Message& message) {
  shared_->events().add({.time = message.context.released,
                         .kind = EventKind::SamplingChanged,
                         .exporter = message.context.source,
                         .protocol = message.context.protocol,
                         .domain = message.context.domain,
                         .about = subject_of(news.scope),
                         .subject = news.subject,
                         .before = before,
                         .after = news.interval});
}

void FlowSetDecoder::tell_unknown(std::uint16_t template_id, const FlowRecord& record,
                                  const Message& message) {
  LocalSession& session = message.session;
  const TrafficTime now = message.context.released;
  if (!is_past(session.unknown.said, kBetweenWords, now)) return;
  session.unknown.said = now;
  const SamplerTable* const samplers = session.samplers.get();
  Event event{.time = now,
              .kind = EventKind::SamplingUnknown,
              .exporter = message.context.source,
              .protocol = message.context.protocol,
              .domain = message.context.domain,
              .before = samplers != nullptr && samplers->has_intervals() ? 1U : 0U,
              .after = template_id};
  if (record.has(Has::SamplerId)) {
    event.about = EventSubject::Sampler;
    event.subject = record.sampler_id;
  } else if (samplers != nullptr && samplers->has_interfaces() && record.has(Has::Input)) {
    event.about = EventSubject::Interface;
    event.subject = record.input;
  }
  shared_->events().add(event);
}

}  // namespace weir::wire
