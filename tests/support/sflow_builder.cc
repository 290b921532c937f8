#include "tests/support/sflow_builder.h"

#include <utility>

namespace weir::test {
namespace {

void write_item(WordWriter& writer, std::uint32_t tag, std::span<const std::byte> body,
                std::optional<std::uint32_t> declared_length) {
  writer.u32(tag).u32(declared_length.value_or(static_cast<std::uint32_t>(body.size())));
  writer.bytes(body).pad();
}

void write_records(WordWriter& writer, const std::vector<SflowRecord>& records,
                   std::optional<std::uint32_t> declared) {
  writer.u32(declared.value_or(static_cast<std::uint32_t>(records.size())));
  for (const SflowRecord& record : records)
    write_item(writer, record.tag, record.body, record.declared_length);
}

void write_source(WordWriter& writer, SflowForm form, std::uint32_t source_class,
                  std::uint32_t source_index) {
  if (form == SflowForm::Expanded) {
    writer.u32(source_class).u32(source_index);
  } else {
    writer.u32(source_class << 24 | source_index);
  }
}

void write_interface(WordWriter& writer, SflowForm form, std::uint32_t format,
                     std::uint32_t value) {
  if (form == SflowForm::Expanded) {
    writer.u32(format).u32(value);
  } else {
    writer.u32(format << 30 | value);
  }
}

}  // namespace

SflowRecord raw_header_record(const RawHeader& raw) {
  WordWriter writer;
  writer.u32(raw.protocol).u32(raw.frame_length).u32(raw.stripped);
  writer.u32(raw.declared_header_length.value_or(static_cast<std::uint32_t>(raw.header.size())));
  writer.bytes(raw.header).pad();
  return {.tag = 1, .body = writer.written()};
}

SflowRecord ethernet_record(std::uint32_t length) {
  WordWriter writer;
  writer.u32(length).zeros(16).u32(0x0800);
  return {.tag = 2, .body = writer.written()};
}

SflowRecord sampled_ip_record(const SampledIp& ip) {
  WordWriter writer;
  writer.u32(ip.length).u32(ip.protocol).address(ip.source).address(ip.destination);
  writer.u32(ip.source_port).u32(ip.destination_port).u32(ip.tcp_flags).u32(ip.tos);
  return {.tag = ip.source.is_v4() ? 3U : 4U, .body = writer.written()};
}

SflowRecord switch_record(std::uint32_t input_vlan, std::uint32_t output_vlan) {
  WordWriter writer;
  writer.u32(input_vlan).u32(0).u32(output_vlan).u32(0);
  return {.tag = 1001, .body = writer.written()};
}

SflowRecord router_record(const IpAddress& next_hop) {
  WordWriter writer;
  writer.typed_address(next_hop).u32(24).u32(16);
  return {.tag = 1002, .body = writer.written()};
}

SflowRecord gateway_record(const Gateway& gateway) {
  WordWriter writer;
  writer.typed_address(gateway.next_hop);
  writer.u32(gateway.own_as).u32(gateway.source_as).u32(gateway.peer_as);
  writer.u32(gateway.declared_segments.value_or(static_cast<std::uint32_t>(gateway.path.size())));
  auto declared = gateway.declared_segment_length;
  for (const auto& segment : gateway.path) {
    writer.u32(2).u32(declared.value_or(static_cast<std::uint32_t>(segment.size())));
    declared.reset();
    for (const std::uint32_t as : segment) writer.u32(as);
  }
  writer.u32(gateway.declared_communities.value_or(
      static_cast<std::uint32_t>(gateway.communities.size())));
  for (const std::uint32_t community : gateway.communities) writer.u32(community);
  writer.u32(100);  // local preference
  return {.tag = 1003, .body = writer.written()};
}

SflowRecord generic_counters_record(const CounterRecord& counters) {
  WordWriter writer;
  writer.u32(counters.interface).u32(counters.type).u64(counters.speed).u32(1);
  writer.u32(counters.status);
  writer.u64(counters.in_octets).u32(counters.in_unicast_packets).u32(901).u32(902);
  writer.u32(counters.in_discards).u32(counters.in_errors).u32(903);
  writer.u64(counters.out_octets).u32(counters.out_unicast_packets).u32(904).u32(905);
  writer.u32(counters.out_discards).u32(counters.out_errors).u32(0);
  return {.tag = 1, .body = writer.written()};
}

SflowBuilder& SflowBuilder::agent(const IpAddress& agent) {
  agent_ = agent;
  return *this;
}

SflowBuilder& SflowBuilder::agent_type(std::uint32_t type) {
  agent_type_ = type;
  return *this;
}

SflowBuilder& SflowBuilder::sub_agent(std::uint32_t id) {
  sub_agent_ = id;
  return *this;
}

SflowBuilder& SflowBuilder::sequence(std::uint32_t sequence) {
  sequence_ = sequence;
  return *this;
}

SflowBuilder& SflowBuilder::uptime_ms(std::uint32_t uptime) {
  uptime_ms_ = uptime;
  return *this;
}

SflowBuilder& SflowBuilder::declared_samples(std::uint32_t count) {
  declared_samples_ = count;
  return *this;
}

SflowBuilder& SflowBuilder::add(const FlowSample& flow_sample) {
  WordWriter writer;
  writer.u32(flow_sample.sequence);
  write_source(writer, flow_sample.form, flow_sample.source_class, flow_sample.source_index);
  writer.u32(flow_sample.rate).u32(flow_sample.pool).u32(flow_sample.drops);
  write_interface(writer, flow_sample.form, flow_sample.input_format, flow_sample.input);
  write_interface(writer, flow_sample.form, flow_sample.output_format, flow_sample.output);
  write_records(writer, flow_sample.records, flow_sample.declared_records);
  return add_item(flow_sample.form == SflowForm::Expanded ? 3 : 1, writer.written());
}

SflowBuilder& SflowBuilder::add(const CounterSample& counter_sample) {
  WordWriter writer;
  writer.u32(1);
  write_source(writer, counter_sample.form, counter_sample.source_class,
               counter_sample.source_index);
  write_records(writer, counter_sample.records, counter_sample.declared_records);
  return add_item(counter_sample.form == SflowForm::Expanded ? 4 : 2, writer.written());
}

SflowBuilder& SflowBuilder::add_item(std::uint32_t tag, std::span<const std::byte> body,
                                     std::optional<std::uint32_t> declared_length) {
  if (!declared_length) declared_length = std::exchange(next_declares_, std::nullopt);
  write_item(body_, tag, body, declared_length);
  ++samples_;
  return *this;
}

SflowBuilder& SflowBuilder::next_declares(std::uint32_t length) {
  next_declares_ = length;
  return *this;
}

Bytes SflowBuilder::build() const {
  WordWriter writer;
  writer.u32(5);
  if (agent_type_) {
    writer.u32(*agent_type_);
  } else {
    writer.typed_address(agent_);
  }
  writer.u32(sub_agent_).u32(sequence_).u32(uptime_ms_);
  writer.u32(declared_samples_.value_or(samples_)).bytes(body_.written());
  return writer.written();
}

}  // namespace weir::test
