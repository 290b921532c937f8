#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "collector/generator/packet_mix.h"
#include "collector/generator/profile.h"
#include "collector/model/exporter.h"
#include "collector/model/ip_address.h"
#include "collector/model/time.h"

namespace weir::generator {

/// Where an interface of a router leads.
enum class Role : std::uint8_t { Unknown, Customer, Peer, Transit, Backbone };

struct InterfacePlan {
  std::uint32_t index = 0;  ///< ifIndex
  std::string name;
  std::uint64_t speed = 10'000'000'000;  ///< bits per second
  Role role = Role::Unknown;
  bool is_tagged = false;  ///< its frames carry one 802.1Q tag
};

/// How an exporter tells its sampling interval.
enum class Announce : std::uint8_t {
  None,        ///< not at all: the collector must be told
  Header,      ///< NetFlow v5 header, or each sFlow sample
  Options,     ///< a sampler table in options data, named by each record
  Options305,  ///< packets taken and skipped (elements 305, 306) for the whole domain
  Record,      ///< element 34 in each data record
};

/// One router that exports.
struct ExporterPlan {
  std::string name;
  IpAddress address;  ///< source address of its datagrams
  Protocol protocol = Protocol::Netflow9;
  std::uint32_t domain = 0;    ///< v9 source id, IPFIX ODID, v5 type*256+id, sFlow sub-agent
  std::uint32_t sampling = 1;  ///< N of "1 packet in N"
  Announce announce = Announce::Options;
  TrafficSpan active_timeout = std::chrono::seconds{60};
  TrafficSpan inactive_timeout = std::chrono::seconds{15};
  TrafficSpan template_refresh = std::chrono::seconds{30};
  TrafficSpan clock_skew{0};              ///< its clock minus the true time
  double loss = 0;                        ///< share of data datagrams that never arrive
  double reorder = 0;                     ///< share that arrive after their successor
  double duplicate = 0;                   ///< share that arrive twice
  std::optional<TrafficSpan> restart_at;  ///< since the start of the scenario
  std::chrono::minutes utc_offset{0};     ///< local time where it stands
  std::vector<InterfacePlan> interfaces;
  std::uint32_t line = 0;
};

/// Where a contract touches the backbone, as the contracts file says.
struct InterfaceAttachment {
  std::string exporter;    ///< name or address
  std::string interface;   ///< ifIndex or name
  std::uint16_t vlan = 0;  ///< 0: none
};
struct PrefixAttachment {
  IpPrefix prefix;
};
struct AsAttachment {
  std::uint32_t asn = 0;
};
using Attachment = std::variant<InterfaceAttachment, PrefixAttachment, AsAttachment>;

/// What the generator needs of a contract.
struct ContractPlan {
  std::string id;
  std::string service;
  std::uint64_t committed = 0;  ///< bits per second
  std::vector<Attachment> attach;
  std::uint32_t line = 0;
};

/// The highest rate of a contract, drawn evenly between two bounds.
struct Peak {
  bool is_share = true;  ///< of the committed rate; otherwise bits per second
  double low = 0.7;
  double high = 0.7;
};

/// What traffic the contracts that it matches carry. The first rule that matches holds.
struct TrafficRule {
  std::string contract = "*";  ///< contract id, `*` for any characters
  std::string service;         ///< empty: any
  Profile profile = Profile::Corporate;
  Peak peak;
  double to_share = 1.0;    ///< of the peak, towards the customer
  double from_share = 0.3;  ///< of the peak, from the customer
  PacketMix packet_mix;
  double ipv6_share = 0;  ///< of the bytes
  std::uint32_t line = 0;
};

/// A backbone to play: exporters, contracts and their traffic. Plain data; what refers to
/// what has been checked (scenario_file.h), where it is played has not (traffic_plan.h).
struct Scenario {
  std::string path;
  std::uint64_t seed = 1;
  std::optional<TrafficTime> start;     ///< whole seconds; nullopt: now
  std::optional<TrafficSpan> duration;  ///< whole seconds; nullopt: until stopped
  double growth = 0;                    ///< per year since the start: 0.25 is +25 %
  std::vector<ExporterPlan> exporters;
  std::vector<ContractPlan> contracts;
  std::vector<TrafficRule> traffic;
};

}  // namespace weir::generator
