#include "collector/wire/compiled_template.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "collector/wire/byte_reader.h"
#include "collector/wire/packet_section.h"

namespace weir::wire {
namespace {

template <class T>
[[nodiscard]] T load_big_endian(const std::byte* at) noexcept {
  T value = 0;
  std::memcpy(&value, at, sizeof value);
  if constexpr (sizeof(T) == 2) return static_cast<T>(__builtin_bswap16(value));
  if constexpr (sizeof(T) == 4) return static_cast<T>(__builtin_bswap32(value));
  if constexpr (sizeof(T) == 8) return static_cast<T>(__builtin_bswap64(value));
  return value;
}
static_assert(std::endian::native == std::endian::little, "big-endian hosts load without a swap");

[[nodiscard]] std::uint64_t load_any(const std::byte* at, std::size_t length) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < length; ++i) {
    value = (value << 8) | std::to_integer<std::uint64_t>(at[i]);
  }
  return value;
}

/// Runs one move down a column: `load` reads a field, the result is stored at the same
/// member of each record.
template <class Load>
inline void column(const std::byte* source, std::size_t stride, std::byte* target,
                   std::size_t count, Load load) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = load(source);
    std::memcpy(target, &value, sizeof value);
    source += stride;
    target += sizeof(FlowRecord);
  }
}

[[nodiscard]] IpAddress load_ipv4(const std::byte* at) noexcept {
  return IpAddress::v4(load_big_endian<std::uint32_t>(at));
}

[[nodiscard]] IpAddress load_ipv6(const std::byte* at) noexcept {
  return IpAddress::v6(load_big_endian<std::uint64_t>(at), load_big_endian<std::uint64_t>(at + 8));
}

/// Runs `move` over `count` records. `source` is the field in the first wire record.
void run(const Move& move, const std::byte* source, std::size_t stride, std::byte* records,
         std::size_t count) noexcept {
  std::byte* const target = records + move.target;
  switch (move.op) {
    case Op::Copy8:
      return column(source, stride, target, count, [](const std::byte* p) noexcept { return *p; });
    case Op::Copy16:
      return column(source, stride, target, count, load_big_endian<std::uint16_t>);
    case Op::Copy32:
      return column(source, stride, target, count, load_big_endian<std::uint32_t>);
    case Op::Copy64:
      return column(source, stride, target, count, load_big_endian<std::uint64_t>);
    case Op::Widen16To32:
      return column(source, stride, target, count, [](const std::byte* p) noexcept {
        return std::uint32_t{load_big_endian<std::uint16_t>(p)};
      });
    case Op::Widen32To64:
      return column(source, stride, target, count, [](const std::byte* p) noexcept {
        return std::uint64_t{load_big_endian<std::uint32_t>(p)};
      });
    case Op::Narrow16To8:
      return column(source, stride, target, count,
                    [](const std::byte* p) noexcept { return p[1]; });
    case Op::Any: {
      // The low bytes of a little-endian word are the value modulo the member's width.
      const std::size_t width = move.width;
      const std::size_t length = move.length;
      std::byte* at = target;
      for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t value = load_any(source, length);
        std::memcpy(at, &value, width);
        source += stride;
        at += sizeof(FlowRecord);
      }
      return;
    }
    case Op::Ipv4:
      return column(source, stride, target, count, load_ipv4);
    case Op::Ipv4UnlessZero: {
      std::byte* at = target;
      for (std::size_t i = 0; i < count; ++i) {
        if (load_any(source, 4) != 0) {
          const IpAddress address = load_ipv4(source);
          std::memcpy(at, &address, sizeof address);
        }
        source += stride;
        at += sizeof(FlowRecord);
      }
      return;
    }
    case Op::Ipv6:
      return column(source, stride, target, count, load_ipv6);
  }
}

[[nodiscard]] Op op_for(Content content, std::size_t length, std::size_t width) noexcept {
  if (content == Content::Ipv4) return Op::Ipv4;
  if (content == Content::Ipv6) return Op::Ipv6;
  if (length == width) {
    switch (length) {
      case 1:
        return Op::Copy8;
      case 2:
        return Op::Copy16;
      case 4:
        return Op::Copy32;
      case 8:
        return Op::Copy64;
      default:
        return Op::Any;
    }
  }
  if (length == 2 && width == 4) return Op::Widen16To32;
  if (length == 4 && width == 8) return Op::Widen32To64;
  if (length == 2 && width == 1) return Op::Narrow16To8;
  return Op::Any;
}

[[nodiscard]] bool is_kept_in_record(Destination destination) noexcept {
  return place_of(destination).width != 0;
}

[[nodiscard]] TimeFormat time_format_of(std::uint16_t element) noexcept {
  switch (element) {
    case 21:
    case 22:
      return TimeFormat::UptimeMs;
    case 150:
    case 151:
      return TimeFormat::Seconds;
    case 152:
    case 153:
      return TimeFormat::Milliseconds;
    case 154:
    case 155:
      return TimeFormat::NtpMicroseconds;
    case 156:
    case 157:
      return TimeFormat::NtpNanoseconds;
    case 158:
    case 159:
      return TimeFormat::DeltaMicroseconds;
    default:
      return TimeFormat::None;
  }
}

[[nodiscard]] bool is_element(const TemplateField& field, std::uint16_t id) noexcept {
  return field.enterprise == 0 && field.id == id;
}

[[nodiscard]] bool has_element(const TemplateDefinition& definition, std::uint16_t id) noexcept {
  return std::ranges::any_of(definition.fields,
                             [id](const TemplateField& field) { return is_element(field, id); });
}

/// Where the fields of a packet inside a tunnel begin; the number of fields if there is none.
/// A template that names the protocol twice describes two headers, the outer one first
/// (RFC 7011, 8: elements may repeat): what names addresses behind the first protocol is the
/// inner packet's. One that names both families once describes either.
[[nodiscard]] std::size_t inner_fields_of(const TemplateDefinition& definition) noexcept {
  const auto& fields = definition.fields;
  const auto is_protocol = [](const TemplateField& field) { return is_element(field, 4); };
  const auto is_address = [](const TemplateField& field) {
    return is_element(field, 8) || is_element(field, 12) || is_element(field, 27) ||
           is_element(field, 28);
  };
  const auto first = std::ranges::find_if(fields, is_protocol);
  if (first == fields.end() || std::none_of(first + 1, fields.end(), is_protocol) ||
      std::none_of(fields.begin(), first, is_address))
    return fields.size();
  return static_cast<std::size_t>(first - fields.begin()) + 1;
}

/// What the fields of a template mean beside one another.
class Meanings {
 public:
  explicit Meanings(const TemplateDefinition& definition) noexcept
      : definition_(definition),
        inner_from_(inner_fields_of(definition)),
        has_initiator_octets_(has_element(definition, 231)),
        has_initiator_packets_(has_element(definition, 298)) {}

  [[nodiscard]] Meaning of(std::size_t index) const noexcept {
    const TemplateField& field = definition_.fields[index];
    if (definition_.is_options && index < definition_.scope_fields) {
      return definition_.protocol == Protocol::Netflow9 ? meaning_of_v9_scope(field)
                                                        : meaning_of_scope(field);
    }
    // The responder's counters mean the reverse direction beside the initiator's alone: some
    // NetFlow v9 exporters (Huawei) have a number of their own under 232.
    if ((is_element(field, 232) && !has_initiator_octets_) ||
        (is_element(field, 299) && !has_initiator_packets_))
      return {};
    const bool is_inner = index >= inner_from_ && !definition_.is_options;
    if (is_inner && meaning_of_inner(field).destination != Destination::Nothing)
      return meaning_of_inner(field);
    return meaning_of(field);
  }

 private:
  const TemplateDefinition& definition_;
  std::size_t inner_from_;
  bool has_initiator_octets_;
  bool has_initiator_packets_;
};

/// Takes note of one field of a packet section. The link layer's section goes before the IP
/// one: it holds more.
void read_section(Destination destination, std::span<const std::byte> field,
                  PacketSection& section) noexcept {
  switch (destination) {
    case Destination::LinkSection:
      section.bytes = field;
      section.link = LinkLayer::Ethernet;
      return;
    case Destination::IpSection:
      if (!section.bytes.empty()) return;
      section.bytes = field;
      section.link = LinkLayer::Ip;
      return;
    case Destination::FrameBytes:
      section.frame_bytes = load_any(field.data(), field.size());
      return;
    case Destination::FrameType:
      section.frame_type = load_any(field.data(), field.size());
      return;
    default:
      section.section_bytes = load_any(field.data(), field.size());
      return;
  }
}

}  // namespace

Decoded<TemplatePtr> compile_template(TemplateDefinition definition, std::uint64_t stamp) {
  if (definition.is_options) {
    // RFC 7011, 3.4.2.2: the scope field count must not be zero. NetFlow v9 exporters that
    // send no scope mean the whole system.
    const bool is_scopeless =
        definition.scope_fields == 0 && definition.protocol == Protocol::Ipfix;
    if (is_scopeless || definition.scope_fields > definition.fields.size()) {
      return tl::unexpected(DecodeError::BadScope);
    }
  }
  auto compiled = std::make_shared<CompiledTemplate>();
  CompiledTemplate& t = *compiled;
  t.stamp_ = stamp;
  t.definition_ = std::move(definition);
  const std::vector<TemplateField>& fields = t.definition_.fields;
  const Meanings meanings{t.definition_};

  // The winner of each destination: the lowest rank, then the first in the template.
  struct Winner {
    std::size_t index = 0;
    std::uint8_t rank = 255;
  };
  std::array<Winner, kDestinations> winners{};
  std::uint32_t total = 0;
  std::uint8_t best_time = 255;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const TemplateField& field = fields[i];
    const bool is_variable =
        field.length == kVariableLength && t.definition_.protocol == Protocol::Ipfix;
    t.is_variable_ = t.is_variable_ || is_variable;
    total += is_variable ? 1U : field.length;
    const Meaning meaning = meanings.of(i);
    if (meaning.destination == Destination::Nothing) continue;
    const bool is_section = content_of(meaning.destination) == Content::Octets;
    if (is_section ? !can_hold(meaning.destination, field)
                   : is_variable || !can_hold(meaning.destination, field)) {
      ++t.unusable_fields_;
      continue;
    }
    Winner& winner = winners[static_cast<std::size_t>(meaning.destination)];
    if (meaning.rank < winner.rank) winner = {i, meaning.rank};
    const bool is_time =
        meaning.destination == Destination::First || meaning.destination == Destination::Last;
    if (is_time) best_time = std::min(best_time, meaning.rank);
    t.has_section_ = t.has_section_ || (is_section && !t.definition_.is_options);
  }
  // A record of no bytes would be read for ever; one longer than a set never comes.
  if (total == 0 || total > 65'531) return tl::unexpected(DecodeError::BadTemplate);
  t.record_bytes_ = total;
  t.is_variable_ = t.is_variable_ || t.has_section_;

  t.steps_.reserve(fields.size());
  std::uint32_t offset = 0;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const TemplateField& field = fields[i];
    const Meaning meaning = meanings.of(i);
    const auto destination = meaning.destination;
    CompiledTemplate::Step step{.length = field.length,
                                .offset = static_cast<std::uint16_t>(offset)};
    const bool is_winner = destination != Destination::Nothing &&
                           winners[static_cast<std::size_t>(destination)].rank == meaning.rank &&
                           winners[static_cast<std::size_t>(destination)].index == i;
    const bool is_time = destination == Destination::First || destination == Destination::Last;
    // Both ends are read in one format; a lone field of another format is passed over.
    if (is_winner && !(is_time && meaning.rank != best_time)) step.fact = destination;
    t.steps_.push_back(step);
    offset += t.is_variable_ ? 0U : field.length;
  }
  if (t.definition_.is_options) {
    t.interface_options_ = InterfaceOptions{t.definition_};
    return TemplatePtr{std::move(compiled)};
  }

  const auto has_step = [&](Destination destination) {
    return std::ranges::any_of(
        t.steps_, [destination](const auto& step) { return step.fact == destination; });
  };
  const bool has_v4 = has_step(Destination::SourceV4) || has_step(Destination::DestinationV4);
  const bool has_v6 = has_step(Destination::SourceV6) || has_step(Destination::DestinationV6);
  // IPv6 moves first: where a template holds both families, the unused one is zero.
  for (const bool is_ipv4_turn : {false, true}) {
    for (std::size_t i = 0; i < t.steps_.size(); ++i) {
      auto& step = t.steps_[i];
      if (!is_kept_in_record(step.fact) || step.fact == Destination::Nothing) continue;
      if ((content_of(step.fact) == Content::Ipv4) != is_ipv4_turn) continue;
      const Place place = place_of(step.fact);
      Move move{.source = step.offset,
                .target = place.offset,
                .length = step.length,
                .width = place.width,
                .op = op_for(content_of(step.fact), step.length, place.width)};
      const bool follows_ipv6 =
          (step.fact == Destination::SourceV4 && has_step(Destination::SourceV6)) ||
          (step.fact == Destination::DestinationV4 && has_step(Destination::DestinationV6)) ||
          (step.fact == Destination::NextHopV4 && has_step(Destination::NextHopV6)) ||
          (step.fact == Destination::InnerSourceV4 && has_step(Destination::InnerSourceV6)) ||
          (step.fact == Destination::InnerDestinationV4 &&
           has_step(Destination::InnerDestinationV6));
      if (follows_ipv6) move.op = Op::Ipv4UnlessZero;
      step.move = static_cast<std::uint16_t>(t.moves_.size());
      t.moves_.push_back(move);
      t.prototype_.present |= place.has;
      t.prototype_.details |= place.detail;
      if (step.fact == Destination::First || step.fact == Destination::Last) {
        t.prototype_.time_format = time_format_of(fields[i].id);
      }
      const bool is_reverse =
          step.fact == Destination::ReverseOctets || step.fact == Destination::ReversePackets;
      if (is_reverse && (fields[i].id == 85 || fields[i].id == 86))
        t.prototype_.set(Detail::ReverseTotals);
    }
  }
  for (const auto& step : t.steps_) {
    using enum Destination;
    t.has_interval_fields_ = t.has_interval_fields_ || step.fact == Interval ||
                             step.fact == RandomInterval || step.fact == PacketInterval ||
                             step.fact == SampleSize || step.fact == Probability;
  }
  t.has_both_families_ = has_v4 && has_v6;
  if (!t.prototype_.has(Has::IpVersion)) {
    t.prototype_.ip_version = static_cast<std::uint8_t>(has_v4 ? 4 : has_v6 ? 6 : 0);
  }
  t.has_vlan_id_ = has_element(t.definition_, 243);
  t.has_customer_vlan_id_ = has_step(Destination::CustomerVlan);
  return TemplatePtr{std::move(compiled)};
}

void CompiledTemplate::read_columns(const std::byte* bytes,
                                    std::span<FlowRecord> records) const noexcept {
  auto* const target = reinterpret_cast<std::byte*>(records.data());
  for (const Move& move : moves_) {
    run(move, bytes + move.source, record_bytes_, target, records.size());
  }
  finish(records);
}

void CompiledTemplate::finish(std::span<FlowRecord> records) const noexcept {
  if (has_both_families_) {
    for (FlowRecord& record : records)
      record.ip_version = record.source.is_v4() || record.destination.is_v4() ? 4 : 6;
  }
  // Elements 243 and 245 prove one 802.1Q tag each (dot1qVlanId, dot1qCustomerVlanId), unless
  // they are 0: exporters of frames that may be tagged send them always.
  if (has_vlan_id_ || has_customer_vlan_id_) {
    for (FlowRecord& record : records) {
      const unsigned outer = has_vlan_id_ && record.input_vlan != 0 ? 1U : 0U;
      const unsigned inner = has_customer_vlan_id_ && record.customer_vlan != 0 ? 1U : 0U;
      record.proven_tags = static_cast<std::uint8_t>(outer + inner);
    }
  }
  // Status 10xxxxxx is "dropped", 11xxxxxx "consumed" (RFC 7270, 4.12). Egress interface 0
  // means that the packets went nowhere, unless the exporter does not know its interfaces at
  // all, or selects packets before it looks up their way.
  const bool has_input = prototype_.has(Has::Input);
  const bool may_go_nowhere = prototype_.has(Has::Output) && !has_section_;
  if (!may_go_nowhere && !prototype_.has(Has::ForwardingStatus)) return;
  for (FlowRecord& record : records) {
    const unsigned status = record.forwarding_status >> 6;
    const bool went_nowhere =
        may_go_nowhere && record.output == 0 && !(has_input && record.input == 0);
    record.forwarding = status == 3                   ? Forwarding::Consumed
                        : went_nowhere || status == 2 ? Forwarding::Dropped
                                                      : Forwarding::Forwarded;
  }
}

SamplingFacts CompiledTemplate::sampling_fields(const std::byte* record) const noexcept {
  SamplingFacts facts;
  for (const Step& step : steps_) {
    if (step.fact == Destination::Nothing || is_kept_in_record(step.fact) ||
        is_of_section(step.fact))
      continue;
    facts.set(step.fact, load_any(record + step.offset, step.length), step.length);
  }
  return facts;
}

template <class OnField>
Decoded<std::size_t> CompiledTemplate::walk(std::span<const std::byte> bytes,
                                            OnField&& on_field) const noexcept {
  ByteReader reader{bytes};
  for (const Step& step : steps_) {
    std::size_t length = step.length;
    if (is_variable_ && length == kVariableLength) {
      // One byte, or 255 and two more (RFC 7011, 7).
      length = reader.u8();
      if (length == 255) length = reader.u16();
    }
    const std::span<const std::byte> field = reader.bytes(length);
    // Earlier variable fields left too little for this one.
    if (!reader.ok()) return tl::unexpected(DecodeError::BadVariableLength);
    if (step.fact != Destination::Nothing) on_field(step, field);
  }
  return reader.position();
}

Decoded<std::size_t> CompiledTemplate::read_record(std::span<const std::byte> bytes,
                                                   FlowRecord& record,
                                                   SamplingFacts& facts) const noexcept {
  auto* const target = reinterpret_cast<std::byte*>(&record);
  std::array<std::pair<std::uint16_t, const std::byte*>, kDestinations> late;
  std::size_t late_count = 0;
  PacketSection section;
  auto taken = walk(bytes, [&](const Step& step, std::span<const std::byte> field) noexcept {
    if (is_of_section(step.fact)) {
      read_section(step.fact, field, section);
      return;
    }
    if (step.move == kNoMove) {
      facts.set(step.fact, load_any(field.data(), field.size()), step.length);
      return;
    }
    // An IPv4 address goes over the IPv6 one, whichever the template names first.
    if (moves_[step.move].op == Op::Ipv4UnlessZero) {
      late[late_count++] = {step.move, field.data()};
      return;
    }
    run(moves_[step.move], field.data(), 0, target, 1);
  });
  if (!taken) return taken;
  for (std::size_t i = 0; i < late_count; ++i) {
    run(moves_[late[i].first], late[i].second, 0, target, 1);
  }
  if (!section.bytes.empty()) describe_section(section, record);
  finish({&record, 1});
  return taken;
}

Decoded<std::size_t> CompiledTemplate::read_options(std::span<const std::byte> bytes,
                                                    SamplingFacts& facts) const noexcept {
  return walk(bytes, [&facts](const Step& step, std::span<const std::byte> field) noexcept {
    const Content content = content_of(step.fact);
    if (content == Content::Ipv6 || content == Content::Octets) return;
    facts.set(step.fact, load_any(field.data(), field.size()), step.length);
  });
}

}  // namespace weir::wire
