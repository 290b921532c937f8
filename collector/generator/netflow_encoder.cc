#include "collector/generator/netflow_encoder.h"

#include <algorithm>
#include <array>
#include <utility>

namespace weir::generator {
namespace {

constexpr std::uint16_t kIpv4Template = 256;
constexpr std::uint16_t kIpv6Template = 257;
constexpr std::uint16_t kOptionsTemplate = 258;

constexpr std::size_t kNetflow5Records = 30;
constexpr std::size_t kNetflow9HeaderBytes = 20;
constexpr std::size_t kIpfixHeaderBytes = 16;
constexpr std::size_t kSetHeaderBytes = 4;
constexpr std::size_t kLargestPadding = 3;

/// The one sampler that a router has.
constexpr std::uint8_t kSamplerId = 1;

struct Field {
  std::uint16_t element;
  std::uint16_t bytes;
};

/// What every record has beside addresses, times and sampling, in this order.
constexpr std::array<Field, 14> kCommonFields{{{10, 4},
                                               {14, 4},
                                               {2, 8},
                                               {1, 8},
                                               {7, 2},
                                               {11, 2},
                                               {4, 1},
                                               {6, 1},
                                               {5, 1},
                                               {61, 1},
                                               {58, 2},
                                               {59, 2},
                                               {16, 4},
                                               {17, 4}}};
constexpr std::size_t kCommonBytes = 44;

std::vector<Field> fields_of(const ExporterPlan& exporter, std::uint16_t template_id) {
  const bool is_v6 = template_id == kIpv6Template;
  const bool is_v9 = exporter.protocol == Protocol::Netflow9;
  const std::uint16_t address_bytes = is_v6 ? 16 : 4;
  std::vector<Field> fields{{static_cast<std::uint16_t>(is_v6 ? 27 : 8), address_bytes},
                            {static_cast<std::uint16_t>(is_v6 ? 28 : 12), address_bytes}};
  fields.insert(fields.end(), kCommonFields.begin(), kCommonFields.end());
  if (is_v9) {  // uptime at the first and last packet (RFC 3954, 8)
    fields.push_back({22, 4});
    fields.push_back({21, 4});
  } else {  // flowStartMilliseconds, flowEndMilliseconds
    fields.push_back({152, 8});
    fields.push_back({153, 8});
  }
  if (exporter.announce == Announce::Record) fields.push_back({34, 4});
  if (exporter.announce == Announce::Options) {  // samplerId, selectorId
    if (is_v9)
      fields.push_back({48, 1});
    else
      fields.push_back({302, 4});
  }
  return fields;
}

std::uint8_t tcp_flags(std::uint8_t protocol) noexcept { return protocol == 6 ? 0x1b : 0; }

}  // namespace

NetflowEncoder::NetflowEncoder(const ExporterPlan& exporter, TrafficTime boot)
    : exporter_(exporter), boot_(boot) {}

void NetflowEncoder::restart(TrafficTime boot) noexcept {
  boot_ = boot;
  sequence_ = 0;
}

std::uint32_t NetflowEncoder::uptime_ms(TrafficTime time) const noexcept {
  return static_cast<std::uint32_t>((time - boot_).count());
}

std::vector<EncodedMessage> NetflowEncoder::messages(std::span<const ExportedFlow> flows,
                                                     TrafficTime now) {
  std::vector<EncodedMessage> messages;
  std::size_t done = 0;
  while (done < flows.size()) {
    const auto rest = flows.subspan(done);
    EncodedMessage message = exporter_.protocol == Protocol::Netflow5 ? netflow5_message(rest, now)
                                                                      : template_message(rest, now);
    message.first_record = done;
    done += message.record_count;
    messages.push_back(std::move(message));
  }
  return messages;
}

/// Cisco, NetFlow Export Datagram Format, tables B-3 and B-4.
EncodedMessage NetflowEncoder::netflow5_message(std::span<const ExportedFlow> flows,
                                                TrafficTime now) {
  const std::size_t count = std::min(flows.size(), kNetflow5Records);
  const std::int64_t clock_ms = since_epoch_ms(now + exporter_.clock_skew);
  ByteWriter writer;
  writer.u16(5);
  writer.u16(count);
  writer.u32(uptime_ms(now));
  writer.u32(static_cast<std::uint64_t>(clock_ms / 1'000));
  writer.u32(static_cast<std::uint64_t>(clock_ms % 1'000) * 1'000'000);
  writer.u32(sequence_);
  writer.u16(exporter_.domain);  // engine type, engine id
  // Two bits of mode (1: packet interval), fourteen of interval.
  writer.u16(exporter_.announce == Announce::Header ? 0x4000U | exporter_.sampling : 0U);
  for (const ExportedFlow& flow : flows.first(count)) {
    const FlowIdentity& identity = flow.identity;
    writer.address(identity.source);
    writer.address(identity.destination);
    writer.u32(0);  // next hop
    writer.u16(identity.input);
    writer.u16(identity.output);
    writer.u32(flow.packets);
    writer.u32(flow.octets);
    writer.u32(uptime_ms(flow.first));
    writer.u32(uptime_ms(flow.last));
    writer.u16(identity.source_port);
    writer.u16(identity.destination_port);
    writer.u8(0);
    writer.u8(tcp_flags(identity.protocol));
    writer.u8(identity.protocol);
    writer.u8(identity.tos);
    writer.u16(identity.source_as);
    writer.u16(identity.destination_as);
    writer.u8(24);  // mask lengths
    writer.u8(24);
    writer.u16(0);
  }
  // The sequence counts flows; it names the first one of its message.
  sequence_ += static_cast<std::uint32_t>(count);
  return {.payload = writer.take(), .first_record = 0, .record_count = count};
}

ByteWriter NetflowEncoder::begin(TrafficTime now) const {
  const auto clock_seconds =
      static_cast<std::uint64_t>(since_epoch_ms(now + exporter_.clock_skew) / 1'000);
  ByteWriter writer;
  writer.u16(is_netflow9() ? 9 : 10);
  writer.u16(0);  // count or length, by finish()
  if (is_netflow9()) writer.u32(uptime_ms(now));
  writer.u32(clock_seconds);
  writer.u32(sequence_);
  writer.u32(exporter_.domain);
  return writer;
}

std::vector<std::byte> NetflowEncoder::finish(ByteWriter writer, std::size_t all_records,
                                              std::size_t data_records) {
  if (is_netflow9()) {
    // The count has templates too; the sequence counts export packets (RFC 3954, 5.1).
    writer.set_u16(2, all_records);
    ++sequence_;
  } else {
    // The sequence counts data records, not templates (RFC 7011, 3.1).
    writer.set_u16(2, writer.size());
    sequence_ += static_cast<std::uint32_t>(data_records);
  }
  return writer.take();
}

void NetflowEncoder::write_template(ByteWriter& writer, std::uint16_t id) const {
  const std::vector<Field> fields = fields_of(exporter_, id);
  writer.u16(id);
  writer.u16(fields.size());
  for (const Field& field : fields) {
    writer.u16(field.element);
    writer.u16(field.bytes);
  }
}

void NetflowEncoder::write_options_template(ByteWriter& writer) const {
  const std::size_t start = writer.size();
  writer.u16(is_netflow9() ? 1 : 3);
  writer.u16(0);
  writer.u16(kOptionsTemplate);
  const bool is_305 = exporter_.announce == Announce::Options305;
  if (is_netflow9()) {
    // Scope System, then lengths in bytes of the scope and option fields (RFC 3954, 6.1).
    writer.u16(4);
    writer.u16(is_305 ? 8 : 12);
    writer.u16(1);
    writer.u16(4);
    if (is_305) {
      writer.u16(305);
      writer.u16(4);
      writer.u16(306);
      writer.u16(4);
    } else {
      for (const Field& field : {Field{48, 1}, Field{49, 1}, Field{50, 4}}) {
        writer.u16(field.element);
        writer.u16(field.bytes);
      }
    }
  } else if (is_305) {
    // Field count with scopes, scope count, scope observationDomainId (RFC 7011, 3.4.2.2).
    writer.u16(3);
    writer.u16(1);
    for (const Field& field : {Field{149, 4}, Field{305, 4}, Field{306, 4}}) {
      writer.u16(field.element);
      writer.u16(field.bytes);
    }
  } else {
    // Random n-out-of-N of one selector (RFC 5477, 8.2).
    writer.u16(4);
    writer.u16(1);
    for (const Field& field : {Field{302, 4}, Field{304, 2}, Field{309, 4}, Field{310, 4}}) {
      writer.u16(field.element);
      writer.u16(field.bytes);
    }
  }
  writer.pad_to_word(start);
  writer.set_u16(start + 2, writer.size() - start);
}

void NetflowEncoder::write_options_record(ByteWriter& writer) const {
  const std::size_t start = writer.size();
  writer.u16(kOptionsTemplate);
  writer.u16(0);
  const bool is_305 = exporter_.announce == Announce::Options305;
  if (is_netflow9() || is_305) writer.u32(exporter_.domain);
  if (is_305) {
    writer.u32(1);
    writer.u32(exporter_.sampling - 1);
  } else if (is_netflow9()) {
    writer.u8(kSamplerId);
    writer.u8(2);  // random
    writer.u32(exporter_.sampling);
  } else {
    writer.u32(kSamplerId);
    writer.u16(3);  // random n-out-of-N
    writer.u32(1);
    writer.u32(exporter_.sampling);
  }
  writer.pad_to_word(start);
  writer.set_u16(start + 2, writer.size() - start);
}

std::optional<EncodedMessage> NetflowEncoder::announcement(TrafficTime now) {
  if (exporter_.protocol == Protocol::Netflow5) return std::nullopt;
  ByteWriter writer = begin(now);
  const std::size_t start = writer.size();
  writer.u16(is_netflow9() ? 0 : 2);
  writer.u16(0);
  write_template(writer, kIpv4Template);
  write_template(writer, kIpv6Template);
  writer.set_u16(start + 2, writer.size() - start);
  std::size_t templates = 2;
  std::size_t options_records = 0;
  if (exporter_.announce == Announce::Options || exporter_.announce == Announce::Options305) {
    write_options_template(writer);
    write_options_record(writer);
    ++templates;
    options_records = 1;
  }
  return EncodedMessage{
      .payload = finish(std::move(writer), templates + options_records, options_records)};
}

std::size_t NetflowEncoder::flow_bytes(const ExportedFlow& flow) const noexcept {
  std::size_t bytes = kCommonBytes + (flow.identity.source.is_v4() ? 8 : 32);
  bytes += is_netflow9() ? 8 : 16;
  if (exporter_.announce == Announce::Record) bytes += 4;
  if (exporter_.announce == Announce::Options) bytes += is_netflow9() ? 1 : 4;
  return bytes;
}

void NetflowEncoder::write_flow(ByteWriter& writer, const ExportedFlow& flow) const {
  const FlowIdentity& identity = flow.identity;
  writer.address(identity.source);
  writer.address(identity.destination);
  writer.u32(identity.input);
  writer.u32(identity.output);
  writer.u64(flow.packets);
  writer.u64(flow.octets);
  writer.u16(identity.source_port);
  writer.u16(identity.destination_port);
  writer.u8(identity.protocol);
  writer.u8(tcp_flags(identity.protocol));
  writer.u8(identity.tos);
  writer.u8(0);  // flowDirection: metered at ingress
  writer.u16(identity.input_vlan);
  writer.u16(identity.output_vlan);
  writer.u32(identity.source_as);
  writer.u32(identity.destination_as);
  if (is_netflow9()) {
    writer.u32(uptime_ms(flow.first));
    writer.u32(uptime_ms(flow.last));
  } else {
    writer.u64(static_cast<std::uint64_t>(since_epoch_ms(flow.first + exporter_.clock_skew)));
    writer.u64(static_cast<std::uint64_t>(since_epoch_ms(flow.last + exporter_.clock_skew)));
  }
  if (exporter_.announce == Announce::Record) writer.u32(exporter_.sampling);
  if (exporter_.announce == Announce::Options) {
    if (is_netflow9())
      writer.u8(kSamplerId);
    else
      writer.u32(kSamplerId);
  }
}

EncodedMessage NetflowEncoder::template_message(std::span<const ExportedFlow> flows,
                                                TrafficTime now) {
  // Flows are taken in order until the message is full, then written family by family.
  std::size_t bytes = is_netflow9() ? kNetflow9HeaderBytes : kIpfixHeaderBytes;
  bytes += 2 * (kSetHeaderBytes + kLargestPadding);
  std::size_t count = 0;
  while (count < flows.size() && bytes + flow_bytes(flows[count]) <= kLargestPayloadBytes)
    bytes += flow_bytes(flows[count++]);
  const auto taken = flows.first(count);

  ByteWriter writer = begin(now);
  for (const std::uint16_t id : {kIpv4Template, kIpv6Template}) {
    const std::size_t start = writer.size();
    for (const ExportedFlow& flow : taken) {
      if (flow.identity.source.is_v4() != (id == kIpv4Template)) continue;
      if (writer.size() == start) {
        writer.u16(id);
        writer.u16(0);
      }
      write_flow(writer, flow);
    }
    if (writer.size() == start) continue;
    writer.pad_to_word(start);
    writer.set_u16(start + 2, writer.size() - start);
  }
  return {
      .payload = finish(std::move(writer), count, count), .first_record = 0, .record_count = count};
}

}  // namespace weir::generator
