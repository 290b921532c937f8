/// Contracts in CSV made of any text: no crash, and contracts that are accepted without an error
/// keep the promises of their type.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "collector/config/contract_check.h"
#include "collector/config/contract_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const auto loaded = weir::config::read_contracts_csv(text, "c.csv");
  (void)weir::config::check_contracts(loaded.contracts, {}, "c.csv");
  const bool has_error = std::any_of(
      loaded.problems.begin(), loaded.problems.end(),
      [](const auto& problem) { return problem.severity == weir::config::Severity::Error; });
  if (has_error) return 0;
  for (const auto& contract : loaded.contracts)
    if (contract.id.empty() || contract.committed.value() == 0 || contract.attach.empty() ||
        contract.valid_until <= contract.valid_from)
      std::abort();
  return 0;
}
