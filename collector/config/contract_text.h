#pragma once

#include <array>
#include <string>
#include <vector>

#include "collector/config/contract_draft.h"
#include "collector/contracts/contract.h"

namespace weir::config {

/// An attachment in words, by AttachmentField; empty: not said.
using AttachmentText = std::array<std::string, kAttachmentFieldNames.size()>;

/// A contract in words, every default spelled out. Equal contracts have equal words, whatever
/// file they came from, and the words read back give an equal contract; the lines of the file are
/// no part of it. What compares or writes contracts works on these.
struct ContractText {
  std::array<std::string, kContractFieldNames.size()> fields;  ///< by ContractField
  std::vector<AttachmentText> attach;                          ///< sorted

  [[nodiscard]] const std::string& field(ContractField which) const {
    return fields[static_cast<std::size_t>(which)];
  }

  friend bool operator==(const ContractText&, const ContractText&) = default;
};

/// `contract` as to_contract() gave it without a problem.
[[nodiscard]] ContractText to_text(const contracts::Contract& contract);

/// `exporter edge1 interface 512 vlan 100`, for people.
[[nodiscard]] std::string describe(const AttachmentText& attachment);

}  // namespace weir::config
