#include "collector/app/decode_summary.h"

#include <algorithm>
#include <boost/json.hpp>
#include <limits>

namespace weir::app {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

std::uint64_t sum(std::uint64_t a, std::uint64_t b) noexcept {
  return a > kMost - b ? kMost : a + b;
}

std::uint64_t product(std::uint64_t a, std::uint32_t b) noexcept {
  return b != 0 && a > kMost / b ? kMost : a * b;
}

boost::json::value number_or_null(const std::optional<std::uint32_t>& number) {
  return number ? boost::json::value(*number) : boost::json::value(nullptr);
}

}  // namespace

void DecodeSummary::take(const MessageContext& context, std::span<const FlowRecord> records) {
  const bool has_samples = context.protocol == Protocol::Sflow5;
  for (const FlowRecord& record : records) {
    if (has_samples) {
      add_to_source(context, record);
    } else {
      add_to_group(context, record);
    }
  }
}

void DecodeSummary::take(const MessageContext& context, const CounterRecord& record) {
  ++sources_[{.agent = context.agent,
              .sub_agent = context.domain,
              .source_class = record.source_class,
              .source_index = record.source_index}]
        .counter_samples;
}

void DecodeSummary::count(const wire::DecodeOutcome& outcome) noexcept {
  ++datagrams_;
  if (outcome.malformed_total != 0) ++malformed_;
  templates_ += outcome.new_templates;
  options_templates_ += outcome.new_options_templates;
  options_records_ += outcome.options_records;
  sets_without_template_ += outcome.sets_without_template;
  lost_ += outcome.lost;
  recovered_ += outcome.recovered;
}

void DecodeSummary::add_to_group(const MessageContext& context, const FlowRecord& record) {
  GroupKey key{.exporter = context.agent,
               .protocol = context.protocol,
               .domain = context.domain,
               .input = std::nullopt,
               .output = std::nullopt};
  if (record.has(Has::Input)) key.input = record.input;
  if (record.has(Has::Output)) key.output = record.output;
  Group& group = groups_[key];
  ++group.records;
  // What was read from a section of the packet is no counter of the exporter's.
  if (record.has(Has::PacketSection)) return;
  group.octets = sum(group.octets, record.octets);
  group.packets = sum(group.packets, record.packets);
  group.total_octets = sum(group.total_octets, record.total_octets);
  group.total_packets = sum(group.total_packets, record.total_packets);
  group.reverse_octets = sum(group.reverse_octets, record.reverse_octets);
  group.reverse_packets = sum(group.reverse_packets, record.reverse_packets);
  const std::uint32_t interval = record.sampling_interval;  // 0: unknown, adds nothing
  group.scaled_octets =
      sum(group.scaled_octets, product(sum(record.octets, record.total_octets), interval));
  group.scaled_packets =
      sum(group.scaled_packets, product(sum(record.packets, record.total_packets), interval));
}

void DecodeSummary::add_to_source(const MessageContext& context, const FlowRecord& record) {
  Source& source = sources_[{.agent = context.agent,
                             .sub_agent = context.domain,
                             .source_class = record.source_class,
                             .source_index = record.source_index}];
  // Where no link layer was sampled, the length that was sent is the IP packet's.
  const std::uint64_t length = record.has(Has::Layer2Octets) ? record.layer2_octets : record.octets;
  ++source.flow_samples;
  source.frame_bytes = sum(source.frame_bytes, length);
  source.frame_bytes_scaled =
      sum(source.frame_bytes_scaled, product(length, record.sampling_interval));
}

std::string DecodeSummary::json() const {
  boost::json::array groups;
  boost::json::array older_groups;
  for (const auto& [key, group] : groups_) {
    const bool is_older = key.protocol == Protocol::Netflow1 || key.protocol == Protocol::Netflow7;
    (is_older ? older_groups : groups)
        .push_back({{"exporter", key.exporter.to_string()},
                    {"protocol", protocol_name(key.protocol)},
                    {"domain", key.domain},
                    {"input", number_or_null(key.input)},
                    {"output", number_or_null(key.output)},
                    {"records", group.records},
                    {"octets", group.octets},
                    {"packets", group.packets},
                    {"total_octets", group.total_octets},
                    {"total_packets", group.total_packets},
                    {"reverse_octets", group.reverse_octets},
                    {"reverse_packets", group.reverse_packets},
                    {"scaled_octets", group.scaled_octets},
                    {"scaled_packets", group.scaled_packets}});
  }
  boost::json::array sources;
  for (const auto& [key, source] : sources_) {
    sources.push_back({{"agent", key.agent.to_string()},
                       {"sub_agent", key.sub_agent},
                       {"source_class", key.source_class},
                       {"source_index", key.source_index},
                       {"flow_samples", source.flow_samples},
                       {"counter_samples", source.counter_samples},
                       {"frame_bytes", source.frame_bytes},
                       {"frame_bytes_scaled", source.frame_bytes_scaled}});
  }
  boost::json::object summary{{"datagrams", datagrams_},
                              {"malformed", malformed_},
                              {"templates", templates_},
                              {"options_templates", options_templates_},
                              {"options_records", options_records_},
                              {"sets_without_template", sets_without_template_},
                              {"lost", lost_ - std::min(lost_, recovered_)},
                              {"groups", std::move(groups)},
                              {"sources", std::move(sources)}};
  // `groups` is promised to hold the protocols that routers send today.
  if (!older_groups.empty()) summary["older_groups"] = std::move(older_groups);
  return boost::json::serialize(summary);
}

}  // namespace weir::app
