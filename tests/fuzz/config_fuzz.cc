/// Configuration and contracts in YAML made of any text: no crash, and what is accepted without
/// an error keeps the promises of the types.

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "collector/config/config_file.h"
#include "collector/config/contract_check.h"
#include "collector/config/contract_file.h"

namespace {

bool has_error(const std::vector<weir::config::Problem>& problems) {
  return std::any_of(problems.begin(), problems.end(), [](const auto& problem) {
    return problem.severity == weir::config::Severity::Error;
  });
}

void check_contracts_file(std::string_view text) {
  const auto loaded = weir::config::read_contracts_yaml(text, "c.yaml");
  (void)weir::config::check_contracts(loaded.contracts, {}, "c.yaml");
  if (has_error(loaded.problems)) return;
  for (const auto& contract : loaded.contracts)
    if (contract.id.empty() || contract.committed.value() == 0 || contract.attach.empty() ||
        contract.valid_until <= contract.valid_from)
      std::abort();
}

void check_configuration_file(const std::uint8_t* data, std::size_t size) {
  const int memory = ::memfd_create("configuration", MFD_CLOEXEC);
  if (memory < 0) return;
  if (::write(memory, data, size) == static_cast<ssize_t>(size)) {
    const auto loaded = weir::config::load("/proc/self/fd/" + std::to_string(memory));
    if (loaded.config.has_value() == has_error(loaded.problems)) std::abort();
    if (loaded.config && (300 % loaded.config->accounting.bucket.count() != 0)) std::abort();
  }
  ::close(memory);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  check_contracts_file(text);
  check_configuration_file(data, size);
  return 0;
}
