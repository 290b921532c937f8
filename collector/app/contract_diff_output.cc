#include "collector/app/contract_diff_output.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <string_view>

namespace weir::app {
namespace {

namespace json = boost::json;
using config::AttachmentText;
using config::ContractDiff;
using config::ContractField;
using config::ContractText;
using config::kAttachmentFieldNames;
using config::kContractFieldNames;

std::string_view shown(const std::string& text) noexcept {
  return text.empty() ? std::string_view("(none)") : std::string_view(text);
}

std::string line_of(char sign, const ContractText& contract) {
  std::string line = fmt::format("{} {}  {}", sign, contract.field(ContractField::Id),
                                 contract.field(ContractField::Committed));
  if (const auto& customer = contract.field(ContractField::Customer); !customer.empty())
    line += "  " + customer;
  for (const AttachmentText& attachment : contract.attach)
    line += fmt::format("\n    {} {}", sign, config::describe(attachment));
  return line + '\n';
}

json::object to_json(const AttachmentText& attachment) {
  json::object object;
  for (std::size_t i = 0; i < attachment.size(); ++i)
    if (!attachment[i].empty()) object[kAttachmentFieldNames[i]] = attachment[i];
  return object;
}

json::array to_json(const std::vector<AttachmentText>& attachments) {
  json::array array;
  for (const AttachmentText& attachment : attachments) array.push_back(to_json(attachment));
  return array;
}

json::array to_json(const std::vector<ContractText>& contracts) {
  json::array array;
  for (const ContractText& contract : contracts) {
    json::object object;
    for (std::size_t i = 0; i < contract.fields.size(); ++i)
      if (!contract.fields[i].empty()) object[kContractFieldNames[i]] = contract.fields[i];
    object["attach"] = to_json(contract.attach);
    array.push_back(std::move(object));
  }
  return array;
}

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

}  // namespace

std::string diff_text(const ContractDiff& diff) {
  if (diff.is_empty()) return fmt::format("no change, {} contracts\n", diff.after);
  std::string out;
  for (const ContractText& contract : diff.removed) out += line_of('-', contract);
  for (const auto& change : diff.changed) {
    out += fmt::format("~ {}\n", change.id);
    for (const auto& field : change.fields)
      out +=
          fmt::format("    {}: {} -> {}\n", field.field, shown(field.before), shown(field.after));
    for (const AttachmentText& gone : change.detached)
      out += fmt::format("    - {}\n", config::describe(gone));
    for (const AttachmentText& fresh : change.attached)
      out += fmt::format("    + {}\n", config::describe(fresh));
  }
  for (const ContractText& contract : diff.added) out += line_of('+', contract);
  return out + fmt::format("{} added, {} removed, {} changed; {} contracts, {} before\n",
                           diff.added.size(), diff.removed.size(), diff.changed.size(), diff.after,
                           diff.before);
}

std::string diff_json(const ContractDiff& diff) {
  json::array changed;
  for (const auto& change : diff.changed) {
    json::object fields;
    for (const auto& field : change.fields)
      fields[field.field] = json::object{{"before", text_or_null(field.before)},
                                         {"after", text_or_null(field.after)}};
    changed.push_back(json::object{{"id", change.id},
                                   {"fields", std::move(fields)},
                                   {"detached", to_json(change.detached)},
                                   {"attached", to_json(change.attached)}});
  }
  const json::object object{{"before", diff.before},
                            {"after", diff.after},
                            {"added", to_json(diff.added)},
                            {"removed", to_json(diff.removed)},
                            {"changed", std::move(changed)}};
  return json::serialize(object) + "\n";
}

}  // namespace weir::app
