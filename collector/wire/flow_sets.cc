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
                                 .uptime_ms = uptime_ms});
  if (!note(verdict, outcome)) return;
  // v9 counts export packets (RFC 3954, 5.1).
  outcome.recovered += session->sequence.advance(1);

  Message message{.session = *session,
                  .context = context_of(datagram, Protocol::Netflow9, domain, export_seconds),
                  .sink = sink,
                  .outcome = outcome};
  message.context.has_uptime = true;
  message.context.uptime_ms = uptime_ms;
  refresh(*session);
  (void)read_sets(reader, datagram.payload.size(), message);
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
       .port = datagram.source_port},
      outcome);
  if (session == nullptr) return;

  const std::span<const std::byte> sets = bytes.first(end).subspan(kIpfixHeaderBytes);
  const SequenceVerdict verdict =
      session->sequence.observe({.sequence = sequence,
                                 .fingerprint = repeat_mark(ByteReader{sets}, bytes.first(end)),
                                 .uptime_ms = std::nullopt});
  if (!note(verdict, outcome)) return;

  Message message{.session = *session,
                  .context = context_of(datagram, Protocol::Ipfix, domain, export_seconds),
                  .sink = sink,
                  .outcome = outcome};
  const std::uint32_t before = outcome.records + outcome.options_records;
  refresh(*session);
  const bool is_sound = read_sets(reader, end, message);
  // IPFIX counts data records, options among them (RFC 7011, 3.1).
  if (!is_sound || message.has_unknown_sets) {
    session->sequence.lose_position();
  } else {
    outcome.recovered +=
        session->sequence.advance(outcome.records + outcome.options_records - before);
  }
  release_held(message);
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
  const CompiledTemplate* const layout = known(message.session, set_id).layout.get();
  if (layout == nullptr) {
    message.has_unknown_sets = true;
    ++message.outcome.sets_without_template;
    hold(set_id, body, message);
    return true;
  }
  return layout->is_options() ? read_options(*layout, body, message)
                              : read_data(*layout, body, message);
}

bool FlowSetDecoder::read_templates(ByteReader reader, Message& message) {
  while (reader.remaining() >= 4) {
    if (is_zero(reader.rest())) return true;  // padding
    const std::uint16_t id = reader.u16();
    const std::uint16_t count = reader.u16();
    if (count == 0 && message.context.protocol == Protocol::Ipfix) {
      withdraw(id, SharedDecoderState::Kind::Data, message);
      continue;
    }
    if (id < kFirstDataSet || count == 0) {
      message.outcome.refuse(DecodeError::BadTemplate);
      return false;
    }
    if (!read_fields(reader, count, message)) return false;
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
      message.outcome.refuse(DecodeError::BadTemplate);
      return false;
    }
    const std::uint32_t count = (std::uint32_t{scope_bytes} + option_bytes) / 4;
    if (!read_fields(reader, count, message)) return false;
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
      withdraw(id, SharedDecoderState::Kind::Options, message);
      continue;
    }
    const std::uint16_t scope_fields = reader.u16();
    if (!reader.ok()) {
      message.outcome.refuse(DecodeError::Truncated);
      return false;
    }
    if (id < kFirstDataSet) {
      message.outcome.refuse(DecodeError::BadTemplate);
      return false;
    }
    if (!read_fields(reader, count, message)) return false;
    scratch_.is_options = true;
    scratch_.scope_fields = scope_fields;
    learn(id, message);
  }
  return true;
}

bool FlowSetDecoder::read_fields(ByteReader& reader, std::uint32_t count, Message& message) {
  scratch_.protocol = message.context.protocol;
  scratch_.fields.clear();
  if (count > limits_.fields_per_template) {
    message.outcome.refuse(DecodeError::BadTemplate);
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
      message.outcome.refuse(DecodeError::Truncated);
      return false;
    }
    scratch_.fields.push_back(field);
  }
  return true;
}

void FlowSetDecoder::learn(std::uint16_t id, Message& message) {
  DecodeOutcome& outcome = message.outcome;
  ++(scratch_.is_options ? outcome.options_templates : outcome.templates);
  const LocalSession::Known& before = known(message.session, id);
  if (before.is_own && before.layout->definition() == scratch_) return;

  auto compiled = compile_template(scratch_, shared_->next_stamp());
  if (!compiled) {
    outcome.refuse(compiled.error());
    // Whatever the exporter means by this id now, it is not what it meant before.
    shared_->withdraw(message.session.key, id);
    message.session.templates.erase(id);
    return;
  }
  if ((*compiled)->unusable_fields() != 0) outcome.refuse(DecodeError::BadFieldLength);
  const auto learned = shared_->learn(message.session.key, id, *compiled, limits_);
  for (std::uint32_t i = 0; i < learned.evicted_domains; ++i) {
    outcome.refuse(DecodeError::TooManyDomains);
  }
  if (!learned.is_kept) {
    outcome.refuse(learned.refused);
    return;
  }
  if (learned.is_new_key) {
    ++((*compiled)->is_options() ? outcome.new_options_templates : outcome.new_templates);
  }
  message.session.templates.insert_or_assign(
      id, LocalSession::Known{.layout = std::move(*compiled), .is_own = true});
  message.has_news = true;
}

void FlowSetDecoder::withdraw(std::uint16_t id, SharedDecoderState::Kind kind, Message& message) {
  ++message.outcome.withdrawals;
  LocalSession& session = message.session;
  // The same bytes mean something else from here on.
  session.sequence.forget_repeats();
  // The set's own id stands for all templates of its kind (RFC 7011, 8.1).
  const bool is_all = id == kIpfixTemplates || id == kIpfixOptionsTemplates;
  if (is_all) {
    shared_->withdraw_all(session.key, kind);
    session.templates.clear();
  } else if (shared_->withdraw(session.key, id)) {
    session.templates.erase(id);
  }
}

bool FlowSetDecoder::read_data(const CompiledTemplate& layout, std::span<const std::byte> body,
                               Message& message) {
  const SamplerTable* const samplers = message.session.samplers.get();
  message.context.system_init_ms = samplers == nullptr ? 0 : samplers->system_init_ms();
  return reader_.read({.layout = layout,
                       .body = body,
                       .context = message.context,
                       .samplers = samplers,
                       .header_sampling = {}},
                      message.sink, message.outcome);
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
  if (std::ranges::none_of(news, [&](const Announcement& a) { return table.would_change(a); })) {
    return;
  }
  const std::uint32_t evicted = shared_->announce(session.key.domain, news, limits_);
  for (std::uint32_t i = 0; i < evicted; ++i) message.outcome.refuse(DecodeError::TooManyDomains);
  session.samplers = shared_->samplers(session.key.domain);
}

void FlowSetDecoder::refresh(LocalSession& session) {
  const std::uint64_t generation = shared_->generation();
  if (session.generation == generation) return;
  session.generation = generation;
  session.templates.clear();
  session.samplers = shared_->samplers(session.key.domain);
}

const LocalSession::Known& FlowSetDecoder::known(LocalSession& session, std::uint16_t id) {
  const auto cached = session.templates.find(id);
  if (cached != session.templates.end()) return cached->second;
  // Ids that nobody knows are remembered too, until the generation moves; not without bound.
  if (session.templates.size() >= 2U * limits_.templates_per_domain) session.templates.clear();
  SharedDecoderState::Found found = shared_->find(session.key, id);
  return session.templates
      .emplace(id, LocalSession::Known{.layout = std::move(found.layout), .is_own = found.is_own})
      .first->second;
}

void FlowSetDecoder::hold(std::uint16_t set_id, std::span<const std::byte> body, Message& message) {
  if (body.empty()) return;
  HeldSets& held = message.session.exporter->held;
  message.outcome.held_bytes += static_cast<std::uint32_t>(body.size());
  message.outcome.given_up_bytes +=
      held.hold({.context = message.context, .set_id = set_id, .body = {body.begin(), body.end()}},
                limits_.held_bytes_per_exporter);
}

void FlowSetDecoder::release_held(Message& message) {
  HeldSets& held = message.session.exporter->held;
  if (held.empty()) return;
  const TrafficTime now = message.context.arrival;
  message.outcome.given_up_bytes += held.expire(now - std::chrono::seconds{limits_.held_seconds});
  // Nothing was learned here or by another worker since this was last tried.
  const std::uint64_t generation = shared_->generation();
  std::uint64_t& tried = message.session.held_tried_at;
  if (tried == generation) return;
  tried = generation;

  const std::vector<HeldSets::Key> keys =
      held.awaited(message.context.protocol, message.context.domain, kKeysTried);
  for (const HeldSets::Key& key : keys) {
    const SharedDecoderState::Found probe = shared_->find(message.session.key, key.set_id);
    if (!probe.layout) continue;
    for (HeldSets::Held& set : held.take(key)) {
      const SessionKey origin{.domain = message.session.key.domain,
                              .port = set.context.source_port};
      const TemplatePtr layout = shared_->find(origin, key.set_id).layout;
      if (!layout) {
        message.outcome.given_up_bytes +=
            held.hold(std::move(set), limits_.held_bytes_per_exporter);
        continue;
      }
      const auto bytes = static_cast<std::uint32_t>(set.body.size());
      const std::uint32_t before = message.outcome.records;
      Message late{.session = message.session,
                   .context = set.context,
                   .sink = message.sink,
                   .outcome = message.outcome};
      late.context.released = now;
      (void)(layout->is_options() ? read_options(*layout, set.body, late)
                                  : read_data(*layout, set.body, late));
      message.outcome.rescued_bytes += bytes;
      message.outcome.rescued_records += message.outcome.records - before;
    }
  }
}

}  // namespace weir::wire
