/// Contracts in JSON made of any text: no crash, contracts that are accepted without an error
/// keep the promises of their type, and both files that an import writes of them read back equal.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "collector/config/contract_check.h"
#include "collector/config/contract_file.h"
#include "collector/config/contract_text.h"
#include "collector/config/contract_writer.h"

namespace {

using weir::config::LoadedContracts;

bool has_error(const LoadedContracts& loaded) {
  return std::any_of(loaded.problems.begin(), loaded.problems.end(), [](const auto& problem) {
    return problem.severity == weir::config::Severity::Error;
  });
}

void need_equal(const LoadedContracts& again, const LoadedContracts& loaded) {
  const auto is_equal = [](const auto& one, const auto& other) {
    return weir::config::to_text(one) == weir::config::to_text(other);
  };
  if (has_error(again) || !std::equal(again.contracts.begin(), again.contracts.end(),
                                      loaded.contracts.begin(), loaded.contracts.end(), is_equal))
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const auto loaded = weir::config::read_contracts_json(text, "c.json");
  (void)weir::config::check_contracts(loaded.contracts, {}, "c.json");
  if (has_error(loaded)) return 0;
  for (const auto& contract : loaded.contracts)
    if (contract.id.empty() || contract.committed.value() == 0 || contract.attach.empty() ||
        contract.valid_until <= contract.valid_from)
      std::abort();
  using namespace weir::config;
  need_equal(read_contracts_yaml(write_contracts_yaml(loaded.contracts), "c.yaml"), loaded);
  need_equal(read_contracts_csv(write_contracts_csv(loaded.contracts), "c.csv"), loaded);
  return 0;
}
