#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "collector/config/contract_text.h"
#include "collector/contracts/contract.h"

namespace weir::config {

/// One field of a contract that says something else than before; empty: not said.
struct FieldChange {
  std::string field;
  std::string before;
  std::string after;

  friend bool operator==(const FieldChange&, const FieldChange&) = default;
};

struct ContractChange {
  std::string id;
  std::vector<FieldChange> fields;
  std::vector<AttachmentText> detached;
  std::vector<AttachmentText> attached;
};

/// What is different between two lists of contracts, by id. The order of contracts and of their
/// attachments is no difference.
struct ContractDiff {
  std::vector<ContractText> added;      ///< in the order of the new list
  std::vector<ContractText> removed;    ///< in the order of the old list
  std::vector<ContractChange> changed;  ///< in the order of the old list
  std::size_t before = 0;               ///< how many contracts there were
  std::size_t after = 0;                ///< how many there are to be

  [[nodiscard]] bool is_empty() const noexcept {
    return added.empty() && removed.empty() && changed.empty();
  }
};

/// Each list has every id once.
[[nodiscard]] ContractDiff diff_contracts(const std::vector<contracts::Contract>& before,
                                          const std::vector<contracts::Contract>& after);

/// The contracts of `after`: those that `before` has too in its order, then the new ones. Where
/// two contracts claim the same traffic the first gets it, which a source that lists its rows in
/// another order each time must not change.
[[nodiscard]] std::vector<contracts::Contract> in_order_of(
    const std::vector<contracts::Contract>& before, std::vector<contracts::Contract> after);

}  // namespace weir::config
