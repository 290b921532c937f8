#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "collector/model/ip_address.h"
#include "collector/model/time.h"
#include "collector/model/units.h"

namespace weir::contracts {

/// Where a contract touches the backbone. The exporter is named as the configuration
/// names it (router name or address text); the interface by ifIndex or by name.
struct InterfaceAttachment {
  std::string exporter;
  std::variant<std::uint32_t, std::string> interface;
  std::optional<std::uint16_t> vlan;  ///< 1..4094
};
struct PrefixAttachment {
  IpPrefix prefix;
};
struct AsAttachment {
  std::uint32_t asn = 0;
};

struct Attachment {
  std::variant<InterfaceAttachment, PrefixAttachment, AsAttachment> where;
  std::uint32_t line = 0;  ///< of the contracts file, for messages
};

/// How the percentile of two directions becomes one (docs/billing.md).
enum class DirectionRule : std::uint8_t {
  MaxOfPercentiles,
  PercentileOfMax,
  PercentileOfSum,
  FromCustomer,
  ToCustomer
};

/// What a bill is made of: flow export, or the counters of the one port that the contract has.
enum class BillingSource : std::uint8_t { Flow, Counter };

struct BillingTerms {
  std::uint32_t percentile_hundredths = 9'500;  ///< p95 = 9500, p99.9 = 9990
  DirectionRule direction = DirectionRule::MaxOfPercentiles;
  std::string timezone = "UTC";  ///< IANA name
  std::uint8_t day = 1;          ///< 1..28: first day of the period
  BillingSource source = BillingSource::Flow;
};

/// What one customer bought, while it holds.
///
/// Validity is [valid_from, valid_until): the dates of the file at midnight in the
/// contract's own time zone, `until` inclusive there, so the midnight after it here.
struct Contract {
  std::string id;
  std::string customer;
  std::string service;
  std::string pop;
  BitsPerSecond committed;
  BitsPerSecond ceiling;  ///< 0: not said
  BillingTerms billing;
  TrafficTime valid_from = TrafficTime::min();
  TrafficTime valid_until = TrafficTime::max();
  std::vector<Attachment> attach;
  std::uint32_t line = 0;
};

}  // namespace weir::contracts
