#include "collector/config/contract_text.h"

#include <date/date.h>
#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>

#include "collector/config/values.h"

namespace weir::config {
namespace {

using contracts::AsAttachment;
using contracts::Attachment;
using contracts::Contract;
using contracts::DirectionRule;
using contracts::InterfaceAttachment;
using contracts::PrefixAttachment;

/// `3G`, `1.5G`: exact, as parse_rate() reads it. Empty for none.
std::string rate_text(BitsPerSecond rate) {
  if (rate.value() == 0) return {};
  std::string text = format_rate(rate);
  text.resize(text.size() - std::string_view("bps").size());
  text.erase(text.find(' '), 1);
  return text;
}

std::string_view direction_text(DirectionRule rule) noexcept {
  switch (rule) {
    case DirectionRule::MaxOfPercentiles:
      return "max_of_percentiles";
    case DirectionRule::PercentileOfMax:
      return "percentile_of_max";
    case DirectionRule::PercentileOfSum:
      return "percentile_of_sum";
    case DirectionRule::FromCustomer:
      return "from_customer";
    case DirectionRule::ToCustomer:
      return "to_customer";
  }
  return "unknown";
}

std::string percentile_text(std::uint32_t hundredths) {
  std::string text = fmt::format("p{}.{:02}", hundredths / 100, hundredths % 100);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

/// The day in `zone` that is under way at `time`, moved by `days`. parse_timezone() has accepted
/// the name.
std::string day_text(TrafficTime time, const std::string& zone, int days) {
  const date::sys_time<std::chrono::milliseconds> instant{
      std::chrono::milliseconds{since_epoch_ms(time)}};
  const auto local = date::locate_zone(zone)->to_local(instant);
  return date::format("%F", date::floor<date::days>(local) + date::days{days});
}

AttachmentText to_text(const Attachment& attachment) {
  AttachmentText text;
  const auto field = [&](AttachmentField which) -> std::string& {
    return text[static_cast<std::size_t>(which)];
  };
  if (const auto* interface = std::get_if<InterfaceAttachment>(&attachment.where)) {
    field(AttachmentField::Exporter) = interface->exporter;
    const auto* index = std::get_if<std::uint32_t>(&interface->interface);
    field(AttachmentField::Interface) =
        index != nullptr ? std::to_string(*index) : std::get<std::string>(interface->interface);
    if (interface->vlan) field(AttachmentField::Vlan) = std::to_string(*interface->vlan);
  } else if (const auto* prefix = std::get_if<PrefixAttachment>(&attachment.where)) {
    field(AttachmentField::Prefix) = prefix->prefix.to_string();
  } else {
    field(AttachmentField::As) = std::to_string(std::get<AsAttachment>(attachment.where).asn);
  }
  return text;
}

}  // namespace

ContractText to_text(const Contract& contract) {
  ContractText text;
  const auto field = [&](ContractField which) -> std::string& {
    return text.fields[static_cast<std::size_t>(which)];
  };
  field(ContractField::Id) = contract.id;
  field(ContractField::Customer) = contract.customer;
  field(ContractField::Service) = contract.service;
  field(ContractField::Pop) = contract.pop;
  field(ContractField::Committed) = rate_text(contract.committed);
  field(ContractField::Ceiling) = rate_text(contract.ceiling);
  field(ContractField::Method) = percentile_text(contract.billing.percentile_hundredths);
  field(ContractField::Direction) = direction_text(contract.billing.direction);
  field(ContractField::Timezone) = contract.billing.timezone;
  field(ContractField::Day) = std::to_string(contract.billing.day);
  field(ContractField::Source) =
      contract.billing.source == contracts::BillingSource::Counter ? "counter" : "flow";
  if (contract.valid_from != TrafficTime::min())
    field(ContractField::From) = day_text(contract.valid_from, contract.billing.timezone, 0);
  // The file names the last day; the contract ends with the midnight after it.
  if (contract.valid_until != TrafficTime::max())
    field(ContractField::Until) = day_text(contract.valid_until, contract.billing.timezone, -1);
  text.attach.reserve(contract.attach.size());
  for (const Attachment& attachment : contract.attach) text.attach.push_back(to_text(attachment));
  std::sort(text.attach.begin(), text.attach.end());
  return text;
}

std::string describe(const AttachmentText& attachment) {
  std::string text;
  for (std::size_t i = 0; i < attachment.size(); ++i)
    if (!attachment[i].empty())
      text +=
          fmt::format("{}{} {}", text.empty() ? "" : " ", kAttachmentFieldNames[i], attachment[i]);
  return text;
}

}  // namespace weir::config
