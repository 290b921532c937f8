#include "collector/generator/contract_list.h"

#include <fmt/format.h>

#include <set>

#include "collector/generator/quantities.h"

namespace weir::generator {
namespace {

std::string scalar_of(const YAML::Node& map, const char* key) {
  const YAML::Node found = map[key];
  return found.IsDefined() && found.IsScalar() ? found.Scalar() : std::string{};
}

std::optional<Attachment> read_attachment(const YAML::Node& node, FileProblems& problems) {
  if (!node.IsMap()) {
    problems.add(node, "an attachment must be a map, such as {exporter: r1, interface: 7}");
    return std::nullopt;
  }
  if (node["prefix"].IsDefined()) {
    const auto prefix = IpPrefix::parse(scalar_of(node, "prefix"));
    if (prefix) return PrefixAttachment{*prefix};
    problems.add(node, fmt::format("'{}' is not a prefix; write one such as 203.0.113.0/24",
                                   scalar_of(node, "prefix")));
    return std::nullopt;
  }
  if (node["as"].IsDefined()) {
    const auto asn = parse_integer(scalar_of(node, "as"));
    if (asn && *asn > 0 && *asn <= 0xffff'ffffU)
      return AsAttachment{static_cast<std::uint32_t>(*asn)};
    problems.add(node, fmt::format("'{}' is not an AS number", scalar_of(node, "as")));
    return std::nullopt;
  }
  InterfaceAttachment attachment{scalar_of(node, "exporter"), scalar_of(node, "interface"), 0};
  if (attachment.exporter.empty() || attachment.interface.empty()) {
    problems.add(node, "an attachment needs exporter and interface, or prefix, or as");
    return std::nullopt;
  }
  if (node["vlan"].IsDefined()) {
    const auto vlan = parse_integer(scalar_of(node, "vlan"));
    if (!vlan || *vlan < 1 || *vlan > 4'094) {
      problems.add(node, fmt::format("vlan '{}' is not 1 to 4094", scalar_of(node, "vlan")));
      return std::nullopt;
    }
    attachment.vlan = static_cast<std::uint16_t>(*vlan);
  }
  return attachment;
}

ContractPlan read_contract(const YAML::Node& node, FileProblems& problems) {
  ContractPlan contract;
  contract.line = line_of(node);
  contract.id = scalar_of(node, "id");
  contract.service = scalar_of(node, "service");
  if (contract.id.empty()) problems.add(node, "a contract needs an id");
  const auto committed = parse_rate(scalar_of(node, "committed"));
  if (committed && *committed > 0)
    contract.committed = *committed;
  else
    problems.add(node, fmt::format("contract '{}': committed '{}' is not a rate such as 3G",
                                   contract.id, scalar_of(node, "committed")));
  for (const YAML::Node& attachment : node["attach"])
    if (auto read = read_attachment(attachment, problems))
      contract.attach.push_back(std::move(*read));
  return contract;
}

}  // namespace

std::vector<ContractPlan> read_contracts(const YAML::Node& list, FileProblems& problems) {
  std::vector<ContractPlan> contracts;
  if (!list.IsSequence()) {
    problems.add(list, "contracts must be a list");
    return contracts;
  }
  std::set<std::string> ids;
  for (const YAML::Node& node : list) {
    if (!node.IsMap()) {
      problems.add(node, "a contract must be a map of keys");
      continue;
    }
    contracts.push_back(read_contract(node, problems));
    if (!ids.insert(contracts.back().id).second)
      problems.add(node, fmt::format("contract '{}' is given twice", contracts.back().id));
  }
  return contracts;
}

std::vector<ContractPlan> read_contract_file(const std::string& path, FileProblems& problems) {
  try {
    return read_contracts(YAML::LoadFile(path), problems);
  } catch (const YAML::BadFile&) {
    problems.add_line(0, "cannot be read; check the path under `contracts` in the scenario");
  } catch (const YAML::Exception& error) {
    problems.add_line(static_cast<std::uint32_t>(error.mark.line + 1), error.msg);
  }
  return {};
}

}  // namespace weir::generator
