#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "collector/contracts/contract.h"
#include "collector/model/ip_address.h"

namespace weir::app {

/// The port whose counters bill a contract, as the ledger names it.
struct CountedPort {
  std::string exporter;
  std::uint32_t interface = 0;
};

/// Nothing for a contract that is billed from flows. `routers` are those of a configuration that
/// has been checked, or of the table that was made of one.
///
/// Threads: any; a pure function.
template <class Routers>
[[nodiscard]] std::optional<CountedPort> counted_port(const contracts::Contract& contract,
                                                      const Routers& routers) {
  if (contract.billing.source != contracts::BillingSource::Counter || contract.attach.size() != 1)
    return std::nullopt;
  const auto* where = std::get_if<contracts::InterfaceAttachment>(&contract.attach.front().where);
  if (where == nullptr) return std::nullopt;
  CountedPort port{.exporter = where->exporter};
  if (const auto* index = std::get_if<std::uint32_t>(&where->interface)) port.interface = *index;
  const auto* name = std::get_if<std::string>(&where->interface);
  for (const auto& router : routers) {
    if (router.name != where->exporter && router.address != IpAddress::parse(where->exporter))
      continue;
    port.exporter = router.name;
    for (const auto& terms : router.interfaces)
      if (name != nullptr && terms.name == *name) port.interface = terms.index;
  }
  return port;
}

}  // namespace weir::app
