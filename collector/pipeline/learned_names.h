#pragma once

#include <string>
#include <vector>

#include "collector/config/config.h"
#include "collector/contracts/contract_table.h"
#include "collector/wire/interface_table.h"

namespace weir::pipeline {

/// An interface that the configuration names without an ifIndex, and whose exporter has not
/// told one yet: what is attached to it counts nothing.
struct AwaitedInterface {
  std::string exporter;  ///< the router's name
  std::string interface;

  friend bool operator==(const AwaitedInterface&, const AwaitedInterface&) = default;
};

/// The interfaces of the configured routers, with what routers told of them: the ifIndex where
/// only a name is configured, name and speed where they are not. What is configured holds; an
/// interface that is neither described nor attached to is left out, so that nothing that is told
/// adds a series to the metrics.
///
/// Threads: any; a plain value, made off the data path.
struct RouterInterfaces {
  std::vector<std::vector<contracts::InterfaceTerms>> by_router;  ///< in the order configured
  std::vector<AwaitedInterface> awaited;

  friend bool operator==(const RouterInterfaces&, const RouterInterfaces&) = default;
};

[[nodiscard]] RouterInterfaces interfaces_of(const config::Config& config,
                                             const wire::InterfaceTable& learned);

}  // namespace weir::pipeline
