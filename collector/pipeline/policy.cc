#include "collector/pipeline/policy.h"

#include <fmt/format.h>

#include <algorithm>

#include "collector/accounting/plausibility.h"

namespace weir::pipeline {
namespace {

accounting::SamplingTerms terms_of(const config::SamplingTerms& terms) noexcept {
  return {.default_interval = terms.default_interval, .force_interval = terms.force_interval};
}

/// Says where routers and contracts are. A contract of several versions is where the last says.
void place_pops(const config::Config& config, const contracts::ContractTable::Input& input,
                PopRegistry& pops, Policy& policy) {
  const auto& routers = config.exporters.routers;
  if (std::all_of(routers.begin(), routers.end(),
                  [](const config::Router& router) { return router.pop.empty(); }))
    return;
  const auto put = [&pops](std::vector<PopPlace>& places, std::uint32_t at,
                           const std::string& name) {
    if (places.size() <= at) places.resize(std::size_t{at} + 1, kUnknownPop);
    places[at] = pops.place_of(name);
  };
  for (const auto& router : input.routers)
    put(policy.router_pops, router.exporter.value(), router.pop);
  for (const auto& slotted : input.contracts)
    put(policy.contract_pops, slotted.slot.value(), slotted.contract.pop);
}

}  // namespace

bool Policy::allows(const IpAddress& source) const noexcept {
  if (allow.empty()) return true;
  return std::any_of(allow.begin(), allow.end(),
                     [&](const IpPrefix& prefix) { return prefix.contains(source); });
}

accounting::SamplingTerms Policy::sampling_of(const IpAddress& exporter) const {
  const auto found = router_sampling.find(exporter);
  return found == router_sampling.end() ? sampling : found->second;
}

IpAddress Policy::exporter_address(const IpAddress& source, const IpAddress& agent) const {
  if (agent == source || agent.is_unspecified()) return source;
  return router_sampling.contains(agent) || relays.contains(source) ? agent : source;
}

Result<std::shared_ptr<const Policy>> make_policy(const config::Config& config,
                                                  Registries& registries,
                                                  const wire::InterfaceTable& learned) {
  auto policy = std::make_shared<Policy>();
  policy->interfaces = interfaces_of(config, learned);
  contracts::ContractTable::Input input;
  policy->allow = config.exporters.allow;
  for (const auto& router : config.exporters.routers) {
    const auto exporter = registries.exporters.intern(router.address);
    if (!exporter)
      return failure(ErrorCode::Usage,
                     fmt::format("{}:{}: more than {} exporters; split the routers over several "
                                 "collectors",
                                 config.path, router.line, kMaxExporters));
    registries.exporters.name(*exporter, router.name);
    input.routers.push_back({.exporter = *exporter,
                             .address = router.address,
                             .name = router.name,
                             .pop = router.pop,
                             .interfaces = policy->interfaces.by_router[input.routers.size()]});
    policy->router_sampling[router.address] =
        terms_of(router.sampling.value_or(config.exporters.sampling));
    // A router that is configured is welcome, whether or not the allow-list repeats it.
    if (!policy->allow.empty() && !policy->allows(router.address))
      policy->allow.emplace_back(router.address, router.address.is_v4() ? 32 : 128);
  }
  for (const auto& contract : config.contracts) {
    const auto slot = registries.slots.intern(contract.id);
    if (!slot)
      return failure(ErrorCode::Usage,
                     fmt::format("contract {}: more than {} contracts in the life of this process; "
                                 "restart the collector or split the contracts",
                                 contract.id, kMaxSlots));
    input.contracts.push_back({.slot = *slot, .contract = contract});
  }
  place_pops(config, input, registries.pops, *policy);
  policy->table = contracts::ContractTable::build(std::move(input));
  policy->interface_numbers = registries.interfaces.numbers_of(policy->table->tracked_interfaces());
  policy->relays.insert(config.exporters.relays.begin(), config.exporters.relays.end());
  policy->sampling = terms_of(config.exporters.sampling);
  policy->layer = config.accounting.layer;
  policy->largest_packet_bytes = config.accounting.largest_packet_bytes;
  policy->clock_skew_limit = config.accounting.clock_skew_limit;
  policy->longest_flow = accounting::longest_flow(config.accounting.active_timeout);
  if (config.accounting.lateness) policy->lateness = *config.accounting.lateness;
  return std::shared_ptr<const Policy>(std::move(policy));
}

}  // namespace weir::pipeline
