#include "collector/app/terms_text.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "collector/app/ledger_coverage.h"
#include "collector/app/statement_text.h"
#include "collector/billing/direction_rule.h"

namespace weir::app {
namespace {

namespace json = boost::json;

/// Null for what has no end on that side.
json::value time_or_null(TrafficTime time) {
  if (time == TrafficTime::min() || time == TrafficTime::max()) return nullptr;
  return since_epoch_ms(time);
}

TrafficTime time_or(const json::value& value, TrafficTime otherwise) {
  return value.is_null() ? otherwise : traffic_time_ms(value.to_number<std::int64_t>());
}

/// The port whose counters bill the contract; null if flows do.
json::value counted_text(const contracts::Contract& contract) {
  if (contract.billing.source != contracts::BillingSource::Counter || contract.attach.size() != 1)
    return nullptr;
  const auto* where = std::get_if<contracts::InterfaceAttachment>(&contract.attach.front().where);
  if (where == nullptr) return nullptr;
  json::object port{{"exporter", where->exporter}};
  if (const auto* index = std::get_if<std::uint32_t>(&where->interface))
    port["interface"] = *index;
  else
    port["interface"] = std::get<std::string>(where->interface);
  return port;
}

void take_counted(const json::value& value, contracts::Contract& contract) {
  if (!value.is_object()) return;
  const auto& port = value.as_object();
  contracts::InterfaceAttachment where{.exporter = json::value_to<std::string>(port.at("exporter")),
                                       .interface = std::uint32_t{0},
                                       .vlan = std::nullopt};
  const auto& interface = port.at("interface");
  if (interface.is_string())
    where.interface = json::value_to<std::string>(interface);
  else
    where.interface = interface.to_number<std::uint32_t>();
  contract.billing.source = contracts::BillingSource::Counter;
  contract.attach = {{.where = std::move(where)}};
}

}  // namespace

std::vector<contracts::Attachment> attachments_at(const std::set<std::string>& exporters) {
  std::vector<contracts::Attachment> attachments;
  attachments.reserve(exporters.size());
  for (const std::string& exporter : exporters)
    attachments.push_back(
        {.where = contracts::InterfaceAttachment{
             .exporter = exporter, .interface = std::uint32_t{0}, .vlan = std::nullopt}});
  return attachments;
}

std::string terms_text(const contracts::Contract& contract) {
  json::array exporters;
  for (const std::string& exporter : exporters_of(contract)) exporters.emplace_back(exporter);
  json::object object{{"customer", contract.customer},
                      {"service", contract.service},
                      {"committed_bits_per_second", contract.committed.value()},
                      {"ceiling_bits_per_second", contract.ceiling.value()},
                      {"percentile_hundredths", contract.billing.percentile_hundredths},
                      {"direction_rule", billing::direction_rule_name(contract.billing.direction)},
                      {"timezone", contract.billing.timezone},
                      {"day", contract.billing.day},
                      {"valid_from_ms", time_or_null(contract.valid_from)},
                      {"valid_until_ms", time_or_null(contract.valid_until)},
                      {"exporters", std::move(exporters)}};
  if (auto counted = counted_text(contract); !counted.is_null())
    object["counted"] = std::move(counted);
  return json::serialize(object);
}

Result<contracts::Contract> contract_from_text(const std::string& id, std::string_view text) {
  try {
    const json::object object =
        json::parse(json::string_view(text.data(), text.size())).as_object();
    contracts::Contract contract{.id = id};
    contract.customer = json::value_to<std::string>(object.at("customer"));
    contract.service = json::value_to<std::string>(object.at("service"));
    contract.committed =
        BitsPerSecond{object.at("committed_bits_per_second").to_number<std::uint64_t>()};
    contract.ceiling =
        BitsPerSecond{object.at("ceiling_bits_per_second").to_number<std::uint64_t>()};
    contract.billing.percentile_hundredths =
        object.at("percentile_hundredths").to_number<std::uint32_t>();
    const auto rule =
        parse_direction_rule(json::value_to<std::string>(object.at("direction_rule")));
    if (!rule) return failure(ErrorCode::Malformed, "a direction rule that is none");
    contract.billing.direction = *rule;
    contract.billing.timezone = json::value_to<std::string>(object.at("timezone"));
    contract.billing.day = object.at("day").to_number<std::uint8_t>();
    contract.valid_from = time_or(object.at("valid_from_ms"), TrafficTime::min());
    contract.valid_until = time_or(object.at("valid_until_ms"), TrafficTime::max());
    contract.attach = attachments_at(json::value_to<std::set<std::string>>(object.at("exporters")));
    if (const auto* counted = object.if_contains("counted")) take_counted(*counted, contract);
    return contract;
  } catch (const std::exception& error) {
    return failure(
        ErrorCode::Malformed,
        fmt::format("the ledger's terms of contract {} are malformed: {}", id, error.what()));
  }
}

}  // namespace weir::app
