#include "collector/config/contract_draft.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "collector/config/values.h"

namespace weir::config {
namespace {

using contracts::AsAttachment;
using contracts::Attachment;
using contracts::BillingSource;
using contracts::BillingTerms;
using contracts::Contract;
using contracts::DirectionRule;
using contracts::InterfaceAttachment;
using contracts::PrefixAttachment;

Parsed<DirectionRule> parse_direction(std::string_view text) {
  return parse_choice<DirectionRule>(text, {{"max_of_percentiles", DirectionRule::MaxOfPercentiles},
                                            {"percentile_of_max", DirectionRule::PercentileOfMax},
                                            {"percentile_of_sum", DirectionRule::PercentileOfSum},
                                            {"from_customer", DirectionRule::FromCustomer},
                                            {"to_customer", DirectionRule::ToCustomer}});
}

Parsed<BillingSource> parse_source(std::string_view text) {
  return parse_choice<BillingSource>(
      text, {{"flow", BillingSource::Flow}, {"counter", BillingSource::Counter}});
}

/// Reads words as values and tells what is wrong.
class WordReader {
 public:
  explicit WordReader(ProblemList& problems) : problems_(problems) {}

  template <class Parse>
  [[nodiscard]] auto read(const std::optional<Word>& word, std::string_view name, Parse parse) const
      -> std::optional<typename decltype(parse(std::string_view{}))::value_type> {
    if (!word) return std::nullopt;
    auto value = parse(std::string_view(word->text));
    if (value) return std::move(*value);
    problems_.error(word->place, fmt::format("`{}`: {}", name, value.error().message),
                    value.error().mend);
    return std::nullopt;
  }

  template <class Parse>
  [[nodiscard]] auto read(const ContractDraft& draft, ContractField field, Parse parse) const {
    return read(draft.word(field), kContractFieldNames[static_cast<std::size_t>(field)], parse);
  }

  template <class Parse>
  [[nodiscard]] auto read(const AttachmentDraft& draft, AttachmentField field, Parse parse) const {
    return read(draft.words[static_cast<std::size_t>(field)],
                kAttachmentFieldNames[static_cast<std::size_t>(field)], parse);
  }

 private:
  ProblemList& problems_;
};

BillingTerms billing_of(const ContractDraft& draft, const WordReader& reader) {
  BillingTerms billing;
  billing.percentile_hundredths = reader.read(draft, ContractField::Method, parse_percentile)
                                      .value_or(billing.percentile_hundredths);
  billing.direction =
      reader.read(draft, ContractField::Direction, parse_direction).value_or(billing.direction);
  billing.timezone =
      reader.read(draft, ContractField::Timezone, parse_timezone).value_or(billing.timezone);
  billing.source = reader.read(draft, ContractField::Source, parse_source).value_or(billing.source);
  // Every month has these days, so every period has a first one.
  const auto parse_day = [](std::string_view text) {
    return parse_integer_as<std::uint8_t>(text, {1, 28});
  };
  billing.day = reader.read(draft, ContractField::Day, parse_day).value_or(billing.day);
  return billing;
}

void read_validity(const ContractDraft& draft, const WordReader& reader, Contract& contract,
                   ProblemList& problems) {
  const auto from = reader.read(draft, ContractField::From, parse_date);
  const auto until = reader.read(draft, ContractField::Until, parse_date);
  if (from && until && *until < *from) {
    problems.error(
        draft.word(ContractField::Until)->place,
        fmt::format("`until` {} is before `from` {}", draft.word(ContractField::Until)->text,
                    draft.word(ContractField::From)->text),
        "write the last day on which the contract holds");
    return;
  }
  const auto instant = [&](ContractField field, date::local_days day) {
    return reader.read(draft, field,
                       [&](std::string_view) { return midnight(day, contract.billing.timezone); });
  };
  if (from)
    contract.valid_from =
        instant(ContractField::From, date::local_days{*from}).value_or(contract.valid_from);
  if (until)
    contract.valid_until = instant(ContractField::Until, date::local_days{*until} + date::days{1})
                               .value_or(contract.valid_until);
}

std::optional<Attachment> to_attachment(const AttachmentDraft& draft, const WordReader& reader,
                                        ProblemList& problems) {
  const auto has = [&](AttachmentField field) {
    return draft.words[static_cast<std::size_t>(field)].has_value();
  };
  const bool has_interface = has(AttachmentField::Exporter) || has(AttachmentField::Interface) ||
                             has(AttachmentField::Vlan);
  const int kinds =
      int{has_interface} + int{has(AttachmentField::Prefix)} + int{has(AttachmentField::As)};
  if (kinds != 1) {
    problems.error(
        draft.place,
        kinds == 0 ? "the attachment names nothing" : "the attachment names several things at once",
        "write {exporter, interface}, {exporter, interface, vlan}, {prefix} or {as}, "
        "each as an attachment of its own");
    return std::nullopt;
  }
  const std::uint32_t line = draft.place.line;
  if (has(AttachmentField::Prefix)) {
    const auto prefix = reader.read(draft, AttachmentField::Prefix, parse_prefix);
    if (!prefix) return std::nullopt;
    return Attachment{PrefixAttachment{*prefix}, line};
  }
  if (has(AttachmentField::As)) {
    const auto parse_asn = [](std::string_view text) {
      if (text.starts_with("AS") || text.starts_with("as")) text.remove_prefix(2);
      return parse_integer_as<std::uint32_t>(text, {1, std::numeric_limits<std::uint32_t>::max()});
    };
    const auto asn = reader.read(draft, AttachmentField::As, parse_asn);
    if (!asn) return std::nullopt;
    return Attachment{AsAttachment{*asn}, line};
  }
  if (!has(AttachmentField::Exporter) || !has(AttachmentField::Interface)) {
    problems.error(draft.place,
                   has(AttachmentField::Exporter) ? "the attachment names no interface"
                                                  : "the attachment names no exporter",
                   "write both `exporter` and `interface`");
    return std::nullopt;
  }
  const auto exporter = reader.read(draft, AttachmentField::Exporter, parse_label);
  const auto interface = reader.read(draft, AttachmentField::Interface, parse_interface);
  const auto vlan = reader.read(draft, AttachmentField::Vlan, [](std::string_view text) {
    return parse_integer_as<std::uint16_t>(text, {1, 4'094});
  });
  if (!exporter || !interface || (has(AttachmentField::Vlan) && !vlan)) return std::nullopt;
  return Attachment{InterfaceAttachment{*exporter, *interface, vlan}, line};
}

}  // namespace

Contract to_contract(const ContractDraft& draft, ProblemList& problems) {
  const WordReader reader(problems);
  Contract contract;
  contract.line = draft.place.line;
  contract.id = reader.read(draft, ContractField::Id, parse_label).value_or("");
  contract.customer = reader.read(draft, ContractField::Customer, parse_label).value_or("");
  contract.service = reader.read(draft, ContractField::Service, parse_label).value_or("");
  contract.pop = reader.read(draft, ContractField::Pop, parse_label).value_or("");
  contract.committed =
      reader.read(draft, ContractField::Committed, parse_rate).value_or(contract.committed);
  contract.ceiling =
      reader.read(draft, ContractField::Ceiling, parse_rate).value_or(contract.ceiling);
  contract.billing = billing_of(draft, reader);
  read_validity(draft, reader, contract, problems);

  if (!draft.word(ContractField::Id))
    problems.error(draft.place, "the contract has no `id`", "give it one of its own");
  const std::string name = contract.id.empty() ? "the contract" : "contract " + contract.id;
  if (!draft.word(ContractField::Committed))
    problems.error(draft.place, name + " has no `committed` rate", "write `committed: 1G`");
  if (contract.ceiling.value() != 0 && contract.ceiling < contract.committed)
    problems.error(
        draft.word(ContractField::Ceiling)->place,
        fmt::format("the ceiling {} of {} is below its committed rate {}",
                    format_rate(contract.ceiling), name, format_rate(contract.committed)),
        "write a ceiling of at least the committed rate, or none");

  contract.attach.reserve(draft.attach.size());
  for (const AttachmentDraft& written : draft.attach)
    if (auto attachment = to_attachment(written, reader, problems))
      contract.attach.push_back(std::move(*attachment));
  if (draft.attach.empty())
    problems.error(draft.place, name + " is attached nowhere",
                   "add an attachment: an exporter's interface, a prefix or an AS");
  return contract;
}

}  // namespace weir::config
