#include <fmt/format.h>

#include <boost/json.hpp>
#include <variant>

#include "collector/app/explanation.h"
#include "collector/app/rfc3339.h"

namespace weir::app {
namespace {

namespace json = boost::json;

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

template <class Number>
json::value number_or_null(const std::optional<Number>& number) {
  return number ? json::value(*number) : json::value(nullptr);
}

json::object amount_json(const ExplainedAmount& amount) {
  return {{"bytes", amount.bytes},
          {"packets", amount.packets},
          {"records", amount.records},
          {"bits_per_second", amount.bits_per_second()},
          {"standard_deviation_bytes", amount.standard_deviation()},
          {"error_bits_per_second", amount.error_bits_per_second()}};
}

json::array directions_json(const std::vector<ExplainedDirection>& directions) {
  json::array all;
  for (const auto& direction : directions) {
    json::object one{{"direction", direction_name(direction.direction)}};
    for (auto& [key, value] : amount_json(direction.amount)) one.emplace(key, value);
    json::array& families = one["families"].emplace_array();
    for (const auto& family : direction.families) {
      json::object of{{"family", family_name(family.family)}};
      for (auto& [key, value] : amount_json(family.amount)) of.emplace(key, value);
      of["late"] = json::object{{"bytes", family.late.bytes},
                                {"packets", family.late.packets},
                                {"records", family.late.records}};
      of["amendments"] = family.amendments;
      families.push_back(std::move(of));
    }
    all.push_back(std::move(one));
  }
  return all;
}

json::value passed_json(const std::optional<ledger::InterfaceTotal>& passed) {
  if (!passed) return nullptr;
  json::object all;
  for (const InterfaceSide side : {InterfaceSide::Ingress, InterfaceSide::Egress}) {
    const auto place = static_cast<std::size_t>(side);
    all.emplace(side_name(side),
                json::object{{"flow_bytes", passed->flow_bytes[place]},
                             {"counter_bytes", number_or_null(passed->counter_bytes[place])}});
  }
  return all;
}

struct AttachmentJson {
  const ExplainedAttachment& one;

  json::object operator()(const contracts::InterfaceAttachment& at) const {
    return {{"exporter", at.exporter},
            {"interface", number_or_null(one.interface)},
            {"interface_name", text_or_null(one.interface_name)},
            {"vlan", number_or_null(at.vlan)},
            {"passed", passed_json(one.passed)}};
  }
  json::object operator()(const contracts::PrefixAttachment& at) const {
    return {{"prefix", at.prefix.to_string()}};
  }
  json::object operator()(const contracts::AsAttachment& at) const { return {{"as", at.asn}}; }
};

json::object export_json(const ledger::ExportRow& row, Layer layer) {
  const LayerRule rule = layer_rule(layer, row.protocol);
  json::object one{{"protocol", protocol_name(row.protocol)},
                   {"datagrams", row.datagrams},
                   {"records", row.records},
                   {"received", row.received},
                   {"lost", row.lost},
                   {"duplicate_datagrams", row.duplicate_datagrams},
                   {"restarts", row.restarts},
                   {"sampling_smallest", nullptr},
                   {"sampling_largest", nullptr}};
  if (row.smallest_sampling != 0) {
    one["sampling_smallest"] = row.smallest_sampling;
    one["sampling_largest"] = row.largest_sampling;
  }
  one["layer"] = json::object{{"reported", rule.reports_frames ? "frame" : "ip"},
                              {"adds_bytes_per_packet", rule.bytes_per_packet},
                              {"adds_bytes_per_tag", rule.bytes_per_tag},
                              {"shortest_packet_bytes", rule.shortest}};
  json::object& bytes = one["bytes"].emplace_object();
  for (std::size_t i = 0; i < kFates; ++i)
    bytes.emplace(fate_name(static_cast<Fate>(i)), row.bytes[i]);
  return one;
}

json::array exporters_json(const Explanation& all) {
  json::array exporters;
  for (const auto& exporter : all.exporters) {
    json::array protocols;
    for (const auto& row : exporter.exports) protocols.push_back(export_json(row, all.layer));
    exporters.push_back(json::object{{"exporter", exporter.name},
                                     {"state", exporter_state_name(exporter.state)},
                                     {"protocols", std::move(protocols)}});
  }
  return exporters;
}

json::array masks_json(const std::vector<ledger::Mask>& masks) {
  json::array all;
  for (const auto& mask : masks)
    all.push_back(json::object{{"from", rfc3339(traffic_time_ms(mask.from * 1'000))},
                               {"until", rfc3339(traffic_time_ms(mask.until * 1'000))},
                               {"author", mask.author},
                               {"reason", mask.reason}});
  return all;
}

}  // namespace

void print_json(std::FILE* out, const Explanation& all) {
  json::object object{{"contract", all.contract},
                      {"customer", all.customer},
                      {"start", rfc3339(all.start)},
                      {"seconds", ledger::kIntervalSeconds},
                      {"state", billing::interval_state_name(all.interval.state())},
                      {"completeness", static_cast<double>(all.interval.completeness.value()) /
                                           billing::kWhole.value()},
                      {"layer", layer_name(all.layer)}};
  json::array& coverage = object["coverage"].emplace_array();
  for (const auto& row : all.coverage)
    coverage.push_back(json::object{{"run", row.run}, {"seconds", row.seconds}});
  json::array& attachments = object["attachments"].emplace_array();
  for (const auto& one : all.attachments)
    attachments.push_back(std::visit(AttachmentJson{.one = one}, one.attachment.where));
  object["directions"] = directions_json(all.directions);
  object["exporters"] = exporters_json(all);
  object["masks"] = masks_json(all.masks);
  object["closed"] = all.closed_month.has_value();
  object["closed_month"] =
      all.closed_month
          ? json::value(fmt::format("{}-{:02}", *all.closed_month / 100, *all.closed_month % 100))
          : json::value(nullptr);
  fmt::print(out, "{}\n", json::serialize(object));
}

}  // namespace weir::app
