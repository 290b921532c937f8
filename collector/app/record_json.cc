#include "collector/app/record_json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <iterator>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "collector/app/rfc3339.h"

namespace weir::app {
namespace {

/// Writes one object. Keys and texts are our own words and need no escaping.
class ObjectWriter {
 public:
  void number(std::string_view key, std::uint64_t value) {
    fmt::format_to(std::back_inserter(text_), "{}\"{}\":{}", separator(), key, value);
  }
  void numbers(std::string_view key, std::span<const std::uint32_t> values) {
    fmt::format_to(std::back_inserter(text_), "{}\"{}\":[{}]", separator(), key,
                   fmt::join(values, ","));
  }
  void text(std::string_view key, std::string_view value) {
    fmt::format_to(std::back_inserter(text_), "{}\"{}\":\"{}\"", separator(), key, value);
  }
  [[nodiscard]] std::string finish() {
    text_ += '}';
    return std::move(text_);
  }

 private:
  [[nodiscard]] char separator() const noexcept { return text_.empty() ? '{' : ','; }

  std::string text_;
};

struct TimeKeys {
  std::string_view start;
  std::string_view end;
};

TimeKeys time_keys(TimeFormat format) noexcept {
  switch (format) {
    case TimeFormat::None:
    case TimeFormat::Resolved:
      break;
    case TimeFormat::UptimeMs:
      return {.start = "flow_start_sys_up_time", .end = "flow_end_sys_up_time"};
    case TimeFormat::Seconds:
      return {.start = "flow_start_seconds", .end = "flow_end_seconds"};
    case TimeFormat::Milliseconds:
      return {.start = "flow_start_milliseconds", .end = "flow_end_milliseconds"};
    case TimeFormat::NtpMicroseconds:
      return {.start = "flow_start_microseconds", .end = "flow_end_microseconds"};
    case TimeFormat::NtpNanoseconds:
      return {.start = "flow_start_nanoseconds", .end = "flow_end_nanoseconds"};
    case TimeFormat::DeltaMicroseconds:
      return {.start = "flow_start_delta_microseconds", .end = "flow_end_delta_microseconds"};
  }
  return {.start = "flow_start", .end = "flow_end"};
}

std::string_view sampling_source_name(SamplingSource source) noexcept {
  switch (source) {
    case SamplingSource::Unknown:
      break;
    case SamplingSource::Record:
      return "record";
    case SamplingSource::Sampler:
      return "sampler";
    case SamplingSource::Domain:
      return "domain";
    case SamplingSource::Header:
      return "header";
  }
  return "unknown";
}

void write_context(ObjectWriter& object, std::string_view kind, const MessageContext& context) {
  object.text("kind", kind);
  object.text("exporter", context.source.to_string());
  object.text("protocol", protocol_name(context.protocol));
  if (context.protocol == Protocol::Sflow5) {
    object.text("agent", context.agent.to_string());
    object.number("sub_agent", context.domain);
  } else {
    object.number("domain", context.domain);
  }
  object.text("arrival", rfc3339(context.arrival));
  if (context.has_export_time) object.text("export_time", rfc3339(context.export_time));
  if (context.has_uptime) object.number("sys_up_time", context.uptime_ms);
}

void write_endpoints(ObjectWriter& object, const FlowRecord& record) {
  if (record.has(Has::IpVersion)) object.number("ip_version", record.ip_version);
  if (record.has(Has::SourceAddress)) object.text("source_address", record.source.to_string());
  if (record.has(Has::DestinationAddress))
    object.text("destination_address", record.destination.to_string());
  // These have no mark of presence: zero stands for absent.
  if (record.protocol != 0) object.number("protocol_identifier", record.protocol);
  if (record.source_port != 0) object.number("source_transport_port", record.source_port);
  if (record.destination_port != 0)
    object.number("destination_transport_port", record.destination_port);
  if (record.tcp_flags != 0) object.number("tcp_control_bits", record.tcp_flags);
  if (record.tos != 0) object.number("ip_class_of_service", record.tos);
}

void write_amounts(ObjectWriter& object, const FlowRecord& record) {
  // What was read from a section of the packet is no counter of the exporter's.
  const bool is_section = record.has(Has::PacketSection);
  if (is_section) object.number("ip_bytes", record.octets);
  if (is_section && record.has(Has::Layer2Octets))
    object.number("frame_bytes", record.layer2_octets);
  if (is_section) return;
  if (record.has(Has::Octets)) object.number("octet_delta_count", record.octets);
  if (record.has(Has::Packets)) object.number("packet_delta_count", record.packets);
  if (record.has(Has::TotalOctets)) object.number("octet_total_count", record.total_octets);
  if (record.has(Has::TotalPackets)) object.number("packet_total_count", record.total_packets);
  if (record.has(Has::ReverseOctets))
    object.number("reverse_octet_delta_count", record.reverse_octets);
  if (record.has(Has::ReversePackets))
    object.number("reverse_packet_delta_count", record.reverse_packets);
  if (record.has(Has::Layer2Octets))
    object.number("layer2_octet_delta_count", record.layer2_octets);
}

void write_way(ObjectWriter& object, const FlowRecord& record) {
  if (record.has(Has::Input)) object.number("ingress_interface", record.input);
  if (record.has(Has::Output)) object.number("egress_interface", record.output);
  if (record.has(Has::InputVlan)) object.number("vlan_id", record.input_vlan);
  if (record.has(Has::OutputVlan)) object.number("post_vlan_id", record.output_vlan);
  if (record.has(Has::MeteredDirection))
    object.number("flow_direction", static_cast<std::uint8_t>(record.metered));
  if (record.has(Has::ForwardingStatus))
    object.number("forwarding_status", record.forwarding_status);
  if (record.forwarding == Forwarding::Dropped) object.text("forwarding", "dropped");
  if (record.forwarding == Forwarding::Consumed) object.text("forwarding", "consumed");
  if (record.forwarding == Forwarding::ManyOutputs) object.text("forwarding", "many_outputs");
  if (record.has(Has::SourceAs)) object.number("bgp_source_as_number", record.source_as);
  if (record.has(Has::DestinationAs))
    object.number("bgp_destination_as_number", record.destination_as);
  if (record.has(Has::NextHop)) object.text("ip_next_hop_address", record.next_hop.to_string());
}

/// The labels from the top down to the last that was sent; unused places are zero.
void write_labels(ObjectWriter& object, const FlowRecord& record) {
  std::vector<std::uint32_t> labels;
  for (const std::uint32_t entry : record.mpls_labels) {
    if (entry == 0) break;
    labels.push_back(entry >> 4);  // 20 bits of label, 3 of EXP, 1 for the bottom (RFC 3032, 2.1)
  }
  object.numbers("mpls_labels", labels);
}

/// What few exporters send, under the names of the IANA registry.
void write_details(ObjectWriter& object, const FlowRecord& record) {
  if (record.has(Has::InnerAddresses)) {
    if (!record.inner_source.is_unspecified())
      object.text("inner_source_address", record.inner_source.to_string());
    if (!record.inner_destination.is_unspecified())
      object.text("inner_destination_address", record.inner_destination.to_string());
  }
  if (record.details == 0) return;
  if (record.has(Detail::IngressVrf)) object.number("ingress_vrfid", record.ingress_vrf);
  if (record.has(Detail::EgressVrf)) object.number("egress_vrfid", record.egress_vrf);
  if (record.has(Detail::MplsLabels)) write_labels(object, record);
  if (record.has(Detail::EtherType)) object.number("ethernet_type", record.ether_type);
  if (record.has(Detail::Dot1qPriority)) object.number("dot1q_priority", record.dot1q_priority);
  if (record.has(Detail::CustomerVlan))
    object.number("dot1q_customer_vlan_id", record.customer_vlan);
  if (record.has(Detail::PostCustomerVlan))
    object.number("post_dot1q_customer_vlan_id", record.post_customer_vlan);
  if (record.has(Detail::FlowId)) object.number("flow_id", record.flow_id);
  if (record.has(Detail::EndReason)) object.number("flow_end_reason", record.end_reason);
  if (record.has(Detail::ReverseMetered))
    object.number("reverse_flow_direction", static_cast<std::uint8_t>(record.reverse_metered));
}

void write_times(ObjectWriter& object, const FlowRecord& record) {
  const TimeKeys keys = time_keys(record.time_format);
  if (record.has(Has::First)) object.number(keys.start, record.first);
  if (record.has(Has::Last)) object.number(keys.end, record.last);
  if (record.has(Has::SystemInit))
    object.number("system_init_time_milliseconds", record.system_init_ms);
}

void write_sampling(ObjectWriter& object, const FlowRecord& record) {
  if (record.has(Has::SamplerId)) object.number("sampler_id", record.sampler_id);
  if (record.sampling_interval == 0) return;
  object.number("sampling_interval", record.sampling_interval);
  object.text("sampling_source", sampling_source_name(record.sampling_source));
}

}  // namespace

std::string record_json(const MessageContext& context, const FlowRecord& record) {
  ObjectWriter object;
  write_context(object, "flow", context);
  write_times(object, record);
  write_endpoints(object, record);
  write_amounts(object, record);
  write_way(object, record);
  write_details(object, record);
  write_sampling(object, record);
  if (context.protocol == Protocol::Sflow5) {
    object.number("source_class", record.source_class);
    object.number("source_index", record.source_index);
    object.number("sample_pool", record.sample_pool);
    object.number("drops", record.agent_drops);
  }
  return object.finish();
}

std::string record_json(const MessageContext& context, const CounterRecord& record) {
  ObjectWriter object;
  write_context(object, "counters", context);
  object.number("source_class", record.source_class);
  object.number("source_index", record.source_index);
  if (!record.has_interface) return object.finish();
  object.number("if_index", record.interface);
  object.number("if_type", record.type);
  object.number("if_speed", record.speed);
  object.number("if_status", record.status);
  object.number("if_in_octets", record.in_octets);
  object.number("if_in_ucast_pkts", record.in_unicast_packets);
  object.number("if_in_discards", record.in_discards);
  object.number("if_in_errors", record.in_errors);
  object.number("if_out_octets", record.out_octets);
  object.number("if_out_ucast_pkts", record.out_unicast_packets);
  object.number("if_out_discards", record.out_discards);
  object.number("if_out_errors", record.out_errors);
  return object.finish();
}

}  // namespace weir::app
