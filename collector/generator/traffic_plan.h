#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collector/generator/scenario.h"
#include "collector/generator/truth.h"

namespace weir::generator {

/// One end of a stream's packets on its router.
struct StreamEnd {
  std::uint32_t interface = 0;  ///< place in ExporterPlan::interfaces
  std::uint16_t vlan = 0;       ///< 0: none
  std::uint32_t asn = 0;
  IpPrefix hosts{IpAddress{}, 128};  ///< where its addresses are drawn from
};

/// Traffic of one contract in one direction and family over one router.
struct StreamPlan {
  TruthKey key;
  std::uint32_t exporter = 0;       ///< place in Scenario::exporters
  StreamEnd source;                 ///< where packets enter
  StreamEnd destination;            ///< where they leave
  std::uint32_t rule = 0;           ///< place in Scenario::traffic
  double peak_bits_per_second = 0;  ///< at the IP layer
};

/// Which streams a scenario's rules give, bound to routers and interfaces.
///
/// A contract's traffic is split evenly over its attachments. Prefix and AS attachments get
/// a customer interface of a router that no contract is attached to, since an interface goes
/// before a prefix. The far end is a peer, transit or backbone interface of the same router.
struct TrafficPlan {
  std::vector<std::string> contract_ids;  ///< sorted: TruthKey::contract counts in it
  std::vector<StreamPlan> streams;
  std::vector<std::string> problems;  ///< why it cannot be played: "file:line: ..."
  std::vector<std::string> notes;     ///< contracts that get no traffic here
};

[[nodiscard]] TrafficPlan make_traffic_plan(const Scenario& scenario);

/// Addresses of the far ends; contracts' prefixes must not overlap them.
[[nodiscard]] IpPrefix far_hosts(Family family) noexcept;

}  // namespace weir::generator
