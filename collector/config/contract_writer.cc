#include "collector/config/contract_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "collector/config/contract_draft.h"
#include "collector/config/contract_text.h"

namespace weir::config {
namespace {

using contracts::Contract;

/// The billing terms stand in a mapping of their own.
constexpr std::array<ContractField, 5> kBilling{ContractField::Method, ContractField::Direction,
                                                ContractField::Timezone, ContractField::Day,
                                                ContractField::Source};

std::string_view name_of(ContractField field) {
  return kContractFieldNames[static_cast<std::size_t>(field)];
}

/// A word of letters, digits and signs that mean nothing to YAML, and not its word for nothing.
bool is_plain(std::string_view text) {
  const auto is_alnum = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  return !text.empty() && is_alnum(text.front()) && text != "null" && text != "Null" &&
         text != "NULL" && std::all_of(text.begin(), text.end(), [&](char c) {
           return is_alnum(c) || c == '.' || c == '_' || c == '/' || c == '-';
         });
}

std::string yaml_word(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string csv_cell(std::string_view text) {
  const bool is_bare = text.find_first_of(",\" \t\r\n") == std::string_view::npos;
  if (is_bare) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

void add_contract(std::string& out, const ContractText& text) {
  const auto line = [&](ContractField field) {
    if (!text.field(field).empty())
      out += fmt::format("  {}: {}\n", name_of(field), yaml_word(text.field(field)));
  };
  out += fmt::format("- id: {}\n", yaml_word(text.field(ContractField::Id)));
  for (const auto field : {ContractField::Customer, ContractField::Service, ContractField::Pop,
                           ContractField::Committed, ContractField::Ceiling})
    line(field);
  out += "  billing: {";
  for (const ContractField field : kBilling)
    out += fmt::format("{}{}: {}", field == kBilling.front() ? "" : ", ", name_of(field),
                       yaml_word(text.field(field)));
  out += "}\n";
  line(ContractField::From);
  line(ContractField::Until);
  out += "  attach:\n";
  for (const AttachmentText& attachment : text.attach) {
    std::string words;
    for (std::size_t i = 0; i < attachment.size(); ++i)
      if (!attachment[i].empty())
        words += fmt::format("{}{}: {}", words.empty() ? "" : ", ", kAttachmentFieldNames[i],
                             yaml_word(attachment[i]));
    out += fmt::format("    - {{{}}}\n", words);
  }
}

}  // namespace

std::string write_contracts_yaml(const std::vector<Contract>& contracts) {
  std::string out = "# Written by `weir import`; the next import writes it anew.\n";
  if (contracts.empty()) out += "[]\n";
  for (const Contract& contract : contracts) add_contract(out, to_text(contract));
  return out;
}

std::string write_contracts_csv(const std::vector<Contract>& contracts) {
  std::string out;
  for (const std::string_view name : kContractFieldNames) out += fmt::format("{},", name);
  for (const std::string_view name : kAttachmentFieldNames)
    out += fmt::format("{}{}", name, name == kAttachmentFieldNames.back() ? "\n" : ",");
  for (const Contract& contract : contracts) {
    const ContractText text = to_text(contract);
    for (const AttachmentText& attachment : text.attach) {
      for (const std::string& field : text.fields) out += csv_cell(field) + ",";
      for (std::size_t i = 0; i < attachment.size(); ++i)
        out += csv_cell(attachment[i]) + (i + 1 == attachment.size() ? "\n" : ",");
    }
  }
  return out;
}

}  // namespace weir::config
