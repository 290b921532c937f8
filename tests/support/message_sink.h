#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "collector/model/record_sink.h"

namespace weir::test {

/// Keeps all that a decoder hands on.
class MessageSink final : public RecordSink {
 public:
  struct Taken {
    MessageContext context;
    FlowRecord record;
  };

  void take(const MessageContext& context, std::span<const FlowRecord> records) override {
    for (const FlowRecord& record : records) flows.push_back({context, record});
  }
  void take(const MessageContext& /*context*/, const CounterRecord& record) override {
    counters.push_back(record);
  }

  std::vector<Taken> flows;
  std::vector<CounterRecord> counters;
};

/// Every member of a record as text, so that two records can be compared whole and a
/// difference be read.
[[nodiscard]] inline std::string text_of(const FlowRecord& r) {
  std::string text;
  const auto add = [&text](const char* name, const auto& value) {
    text += name;
    text += '=';
    text += std::to_string(value);
    text += '\n';
  };
  text += "source=" + r.source.to_string() + "\ndestination=" + r.destination.to_string() +
          "\nnext_hop=" + r.next_hop.to_string() + "\n";
  add("octets", r.octets);
  add("packets", r.packets);
  add("layer2_octets", r.layer2_octets);
  add("first", r.first);
  add("last", r.last);
  add("present", r.present);
  add("input", r.input);
  add("output", r.output);
  add("source_as", r.source_as);
  add("destination_as", r.destination_as);
  add("sampling_interval", r.sampling_interval);
  add("sampling_source", static_cast<int>(r.sampling_source));
  add("time_format", static_cast<int>(r.time_format));
  add("forwarding", static_cast<int>(r.forwarding));
  add("metered", static_cast<int>(r.metered));
  add("input_vlan", r.input_vlan);
  add("output_vlan", r.output_vlan);
  add("source_port", r.source_port);
  add("destination_port", r.destination_port);
  add("protocol", r.protocol);
  add("tos", r.tos);
  add("tcp_flags", r.tcp_flags);
  add("proven_tags", r.proven_tags);
  add("ip_version", r.ip_version);
  add("forwarding_status", r.forwarding_status);
  add("sampler_id", r.sampler_id);
  add("total_octets", r.total_octets);
  add("total_packets", r.total_packets);
  add("reverse_octets", r.reverse_octets);
  add("reverse_packets", r.reverse_packets);
  add("system_init_ms", r.system_init_ms);
  add("source_class", r.source_class);
  add("source_index", r.source_index);
  add("sample_pool", r.sample_pool);
  add("agent_drops", r.agent_drops);
  return text;
}

}  // namespace weir::test
