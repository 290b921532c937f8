#include "tests/support/message_builder.h"

namespace weir::test {
namespace {

void add_fields(ByteWriter& out, std::span<const TestField> fields) {
  for (const TestField& field : fields) {
    out.u16(field.enterprise != 0 ? field.id | 0x8000U : field.id).u16(field.length);
    if (field.enterprise != 0) out.u32(field.enterprise);
  }
}

void add_sets(ByteWriter& out, std::span<const TestSet> sets) {
  for (const TestSet& set : sets) {
    out.u16(set.id).u16(set.declared_length.value_or(set.body.size() + 4)).bytes(set.body);
  }
}

}  // namespace

ByteWriter& ByteWriter::integer(std::uint64_t value, std::size_t length) {
  for (std::size_t i = length; i-- > 0;) {
    data_.push_back(i < 8 ? static_cast<std::byte>((value >> (8 * i)) & 0xffU) : std::byte{0});
  }
  return *this;
}

ByteWriter& ByteWriter::address(std::string_view text) {
  const IpAddress address = IpAddress::parse(text).value();
  if (address.is_v4()) return u32(address.v4_value());
  return u64(address.high()).u64(address.low());
}

ByteWriter& ByteWriter::bytes(std::span<const std::byte> more) {
  data_.insert(data_.end(), more.begin(), more.end());
  return *this;
}

ByteWriter& ByteWriter::zeros(std::size_t count) {
  data_.insert(data_.end(), count, std::byte{0});
  return *this;
}

std::vector<std::byte> template_record(std::uint16_t id, std::initializer_list<TestField> fields,
                                       std::optional<std::uint16_t> declared_count) {
  ByteWriter out;
  out.u16(id).u16(declared_count.value_or(fields.size()));
  add_fields(out, fields);
  return out.data();
}

std::vector<std::byte> netflow9_options_template(const OptionsTemplate& t) {
  ByteWriter out;
  out.u16(t.id)
      .u16(t.declared_scope.value_or(t.scopes.size() * 4))
      .u16(t.declared_option.value_or(t.options.size() * 4));
  add_fields(out, t.scopes);
  add_fields(out, t.options);
  return out.data();
}

std::vector<std::byte> ipfix_options_template(const OptionsTemplate& t) {
  ByteWriter out;
  out.u16(t.id)
      .u16(t.declared_option.value_or(t.scopes.size() + t.options.size()))
      .u16(t.declared_scope.value_or(t.scopes.size()));
  add_fields(out, t.scopes);
  add_fields(out, t.options);
  return out.data();
}

std::vector<std::byte> build(const Netflow9Message& message) {
  ByteWriter out;
  out.u16(9).u16(message.sets.size()).u32(message.uptime_ms).u32(message.seconds);
  out.u32(message.sequence).u32(message.domain);
  add_sets(out, message.sets);
  return out.data();
}

std::vector<std::byte> build(const IpfixMessage& message) {
  ByteWriter sets;
  add_sets(sets, message.sets);
  ByteWriter out;
  out.u16(10).u16(message.declared_length.value_or(sets.data().size() + 16));
  out.u32(message.seconds).u32(message.sequence).u32(message.domain).bytes(sets.data());
  return out.data();
}

std::vector<std::byte> build(const Netflow5Message& message) {
  ByteWriter out;
  out.u16(message.version).u16(message.declared_count.value_or(message.records.size()));
  out.u32(message.uptime_ms).u32(message.seconds).u32(message.nanoseconds);
  if (message.version != 1) out.u32(message.sequence);
  if (message.version == 5) {
    out.u8(message.engine_type).u8(message.engine_id).u16(message.sampling);
  } else if (message.version == 7) {
    out.u32(0);
  }
  for (const Netflow5Record& r : message.records) {
    out.address(r.source).address(r.destination).address(r.next_hop);
    out.u16(r.input).u16(r.output).u32(r.packets).u32(r.octets).u32(r.first).u32(r.last);
    out.u16(r.source_port).u16(r.destination_port);
    if (message.version == 1) {
      out.u16(0).u8(r.protocol).u8(r.tos).u8(r.tcp_flags).zeros(7);
    } else {
      out.u8(0).u8(r.tcp_flags).u8(r.protocol).u8(r.tos);
      out.u16(r.source_as).u16(r.destination_as).u8(24).u8(25).u16(0);
      if (message.version == 7) out.address("203.0.113.77");
    }
  }
  return out.data();
}

Datagram datagram_of(std::span<const std::byte> payload) {
  return {.payload = payload,
          .source = IpAddress::parse("192.0.2.250").value(),
          .source_port = 50'000,
          .destination_port = 2'055,
          .arrival = traffic_time_ms(1'700'000'001'000)};
}

}  // namespace weir::test
