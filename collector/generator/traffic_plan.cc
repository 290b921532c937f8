#include "collector/generator/traffic_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <string_view>
#include <utility>

#include "collector/generator/quantities.h"
#include "collector/generator/random.h"

namespace weir::generator {
namespace {

/// Far ends carry one of these AS numbers (RFC 5398, documentation).
constexpr std::uint32_t kFirstFarAs = 64'496;
constexpr std::uint32_t kFarAses = 4;
/// What an AS attachment needs of NetFlow v5, whose AS fields have 16 bits.
constexpr std::uint32_t kLargestNetflow5As = 0xffff;

bool matches(std::string_view pattern, std::string_view text) noexcept {
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  std::size_t p = 0;
  std::size_t t = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

/// Place of an attachment in the scenario: router and customer interface.
struct Site {
  std::uint32_t exporter = 0;
  std::uint32_t interface = 0;
  std::uint16_t vlan = 0;
  std::uint32_t asn = 0;
  std::optional<IpPrefix> prefix;
};

class Planner {
 public:
  explicit Planner(const Scenario& scenario) : scenario_(scenario) {
    std::vector<std::uint32_t> order(scenario.contracts.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(), [&](std::uint32_t left, std::uint32_t right) {
      return scenario.contracts[left].id < scenario.contracts[right].id;
    });
    order_ = std::move(order);
    for (const ContractPlan& contract : scenario.contracts) note_attachments(contract);
  }

  TrafficPlan plan() {
    std::vector<std::uint32_t> uses(scenario_.traffic.size(), 0);
    for (std::uint32_t place = 0; place < order_.size(); ++place) {
      const ContractPlan& contract = scenario_.contracts[order_[place]];
      plan_.contract_ids.push_back(contract.id);
      const auto rule = rule_of(contract);
      if (!rule) {
        plan_.notes.push_back(fmt::format("contract {}: no traffic rule matches it", contract.id));
        continue;
      }
      ++uses[*rule];
      add_contract(place, contract, *rule);
    }
    for (std::size_t i = 0; i < uses.size(); ++i) {
      if (uses[i] != 0) continue;
      const TrafficRule& rule = scenario_.traffic[i];
      problem(rule.line, fmt::format("traffic for contract '{}' service '{}' matches no contract "
                                     "that an earlier rule left; mend or remove it",
                                     rule.contract, rule.service));
    }
    return std::move(plan_);
  }

 private:
  void problem(std::uint32_t line, std::string_view message) {
    plan_.problems.push_back(fmt::format("{}:{}: {}", scenario_.path, line, message));
  }

  void note_attachments(const ContractPlan& contract) {
    for (const Attachment& attachment : contract.attach) {
      if (const auto* at = std::get_if<InterfaceAttachment>(&attachment)) {
        if (const auto exporter = find_exporter(at->exporter))
          if (const auto interface = find_interface(*exporter, at->interface))
            attached_.insert({*exporter, *interface});
      } else if (const auto* prefix = std::get_if<PrefixAttachment>(&attachment)) {
        for (const Family family : {Family::Ipv4, Family::Ipv6}) {
          const IpPrefix far = far_hosts(family);
          if (far.contains(prefix->prefix.address()) || prefix->prefix.contains(far.address()))
            plan_.problems.push_back(fmt::format(
                "{}: contract {}: prefix {} overlaps {}, which the generator gives to far ends",
                scenario_.path, contract.id, prefix->prefix.to_string(), far.to_string()));
        }
      } else if (const auto* as = std::get_if<AsAttachment>(&attachment)) {
        attached_ases_.insert(as->asn);
      }
    }
  }

  std::optional<std::uint32_t> find_exporter(std::string_view name) const {
    for (std::uint32_t i = 0; i < scenario_.exporters.size(); ++i) {
      const ExporterPlan& exporter = scenario_.exporters[i];
      if (exporter.name == name || exporter.address.to_string() == name) return i;
    }
    return std::nullopt;
  }

  std::optional<std::uint32_t> find_interface(std::uint32_t exporter, std::string_view name) const {
    const auto& interfaces = scenario_.exporters[exporter].interfaces;
    const auto index = parse_integer(name);
    for (std::uint32_t i = 0; i < interfaces.size(); ++i)
      if (interfaces[i].name == name || (index && interfaces[i].index == *index)) return i;
    return std::nullopt;
  }

  std::optional<std::uint32_t> rule_of(const ContractPlan& contract) const {
    for (std::uint32_t i = 0; i < scenario_.traffic.size(); ++i) {
      const TrafficRule& rule = scenario_.traffic[i];
      if (matches(rule.contract, contract.id) &&
          (rule.service.empty() || rule.service == contract.service))
        return i;
    }
    return std::nullopt;
  }

  /// An interface of an exporter where prefix and AS attachments count and none is attached.
  std::optional<std::uint32_t> free_edge(std::uint32_t exporter) const {
    const auto& interfaces = scenario_.exporters[exporter].interfaces;
    for (const Role wanted : {Role::Customer, Role::Unknown, Role::Peer, Role::Transit})
      for (std::uint32_t i = 0; i < interfaces.size(); ++i)
        if (interfaces[i].role == wanted && !attached_.contains({exporter, i})) return i;
    return std::nullopt;
  }

  /// A way out of the backbone that is not `near` and has no contract.
  std::optional<std::uint32_t> far_interface(std::uint32_t exporter, std::uint32_t near,
                                             std::uint32_t turn) const {
    const auto& interfaces = scenario_.exporters[exporter].interfaces;
    std::vector<std::uint32_t> choice;
    const auto collect = [&](bool wants_customers) {
      for (std::uint32_t i = 0; i < interfaces.size(); ++i)
        if (i != near && !attached_.contains({exporter, i}) &&
            (interfaces[i].role == Role::Customer) == wants_customers)
          choice.push_back(i);
    };
    collect(false);
    if (choice.empty()) collect(true);
    if (choice.empty()) return std::nullopt;
    return choice[turn % choice.size()];
  }

  std::optional<Site> site_of(const ContractPlan& contract, const Attachment& attachment,
                              std::uint32_t place) {
    if (const auto* at = std::get_if<InterfaceAttachment>(&attachment)) {
      const auto exporter = find_exporter(at->exporter);
      if (!exporter) return std::nullopt;
      const auto interface = find_interface(*exporter, at->interface);
      if (!interface) {
        plan_.notes.push_back(fmt::format("contract {}: exporter {} has no interface {} here",
                                          contract.id, at->exporter, at->interface));
        return std::nullopt;
      }
      if (at->vlan != 0 && scenario_.exporters[*exporter].protocol == Protocol::Netflow5) {
        plan_.problems.push_back(
            fmt::format("{}: contract {}: VLAN {} on exporter {}, but netflow5 carries no VLAN; "
                        "attach the interface alone or use another protocol",
                        scenario_.path, contract.id, at->vlan, at->exporter));
        return std::nullopt;
      }
      return Site{*exporter, *interface, at->vlan, 0, std::nullopt};
    }
    const auto* prefix = std::get_if<PrefixAttachment>(&attachment);
    const auto* as = std::get_if<AsAttachment>(&attachment);
    const auto count = static_cast<std::uint32_t>(scenario_.exporters.size());
    for (std::uint32_t step = 0; step < count; ++step) {
      const std::uint32_t exporter = (place + step) % count;
      if (scenario_.exporters[exporter].protocol == Protocol::Netflow5 &&
          ((prefix != nullptr && !prefix->prefix.is_v4()) ||
           (as != nullptr && as->asn > kLargestNetflow5As)))
        continue;
      const auto interface = free_edge(exporter);
      if (!interface || !far_interface(exporter, *interface, 0)) continue;
      return Site{exporter, *interface, 0, as != nullptr ? as->asn : 0,
                  prefix != nullptr ? std::optional<IpPrefix>{prefix->prefix} : std::nullopt};
    }
    plan_.notes.push_back(fmt::format(
        "contract {}: no exporter has an interface without a contract for its prefix or AS",
        contract.id));
    return std::nullopt;
  }

  /// Addresses of a contract's own hosts, apart from every other contract's.
  static IpPrefix near_hosts(std::uint32_t place, Family family) noexcept {
    if (family == Family::Ipv4) return {IpAddress::v4(0x0a00'0000U | ((place & 0xffffU) << 8)), 24};
    return {IpAddress::v6(0x2001'0db8'0000'0000ULL | (place & 0xffffU) << 16, 0), 64};
  }

  void add_contract(std::uint32_t place, const ContractPlan& contract, std::uint32_t rule_number) {
    std::vector<Site> sites;
    for (const Attachment& attachment : contract.attach)
      if (const auto site = site_of(contract, attachment, place)) sites.push_back(*site);
    if (sites.empty()) {
      plan_.notes.push_back(
          fmt::format("contract {}: none of its attachments is played here", contract.id));
      return;
    }
    const TrafficRule& rule = scenario_.traffic[rule_number];
    Random random(derive_seed(scenario_.seed, 0x1'0000'0000ULL + place));
    const double drawn = rule.peak.low + (rule.peak.high - rule.peak.low) * random.unit();
    const double peak =
        rule.peak.is_share ? drawn * static_cast<double>(contract.committed) : drawn;
    const double site_peak = peak / static_cast<double>(sites.size());
    for (const Site& site : sites) {
      const auto far = far_interface(site.exporter, site.interface, random.below(1'000));
      if (!far) {
        problem(scenario_.exporters[site.exporter].line,
                fmt::format("exporter '{}' has no interface without a contract for the far end; "
                            "add one with role peer, transit or backbone",
                            scenario_.exporters[site.exporter].name));
        return;
      }
      for (const Direction direction : {Direction::FromCustomer, Direction::ToCustomer})
        for (const Family family : {Family::Ipv4, Family::Ipv6})
          add_stream(place, rule_number, site, *far, direction, family, site_peak);
    }
  }

  void add_stream(std::uint32_t place, std::uint32_t rule_number, const Site& site,
                  std::uint32_t far, Direction direction, Family family, double peak) {
    const TrafficRule& rule = scenario_.traffic[rule_number];
    // NetFlow v5 carries IPv4 alone, and a prefix has one family.
    double ipv6_share = rule.ipv6_share;
    if (scenario_.exporters[site.exporter].protocol == Protocol::Netflow5) ipv6_share = 0;
    if (site.prefix) ipv6_share = site.prefix->is_v4() ? 0 : 1;
    const double family_share = family == Family::Ipv6 ? ipv6_share : 1 - ipv6_share;
    const double rate = peak * family_share *
                        (direction == Direction::ToCustomer ? rule.to_share : rule.from_share);
    if (rate <= 0) return;
    StreamEnd near{.interface = site.interface,
                   .vlan = site.vlan,
                   .asn = site.asn,
                   .hosts = site.prefix ? *site.prefix : near_hosts(place, family)};
    StreamEnd away{.interface = far, .vlan = 0, .asn = far_as(place), .hosts = far_hosts(family)};
    const bool is_from = direction == Direction::FromCustomer;
    plan_.streams.push_back({.key = {place, direction, family},
                             .exporter = site.exporter,
                             .source = is_from ? near : away,
                             .destination = is_from ? away : near,
                             .rule = rule_number,
                             .peak_bits_per_second = rate});
  }

  std::uint32_t far_as(std::uint32_t place) const noexcept {
    for (std::uint32_t step = 0; step < 16; ++step) {
      const std::uint32_t asn =
          kFirstFarAs + (place + step) % kFarAses + step / kFarAses * kFarAses;
      if (!attached_ases_.contains(asn)) return asn;
    }
    return 0;
  }

  const Scenario& scenario_;
  std::vector<std::uint32_t> order_;  ///< contracts by id
  std::set<std::pair<std::uint32_t, std::uint32_t>> attached_;
  std::set<std::uint32_t> attached_ases_;
  TrafficPlan plan_;
};

}  // namespace

IpPrefix far_hosts(Family family) noexcept {
  // RFC 2544 benchmarking range; the last /48 of the documentation prefix.
  if (family == Family::Ipv4) return {IpAddress::v4(0xc612'0000U), 15};
  return {IpAddress::v6(0x2001'0db8'ffff'0000ULL, 0), 48};
}

TrafficPlan make_traffic_plan(const Scenario& scenario) { return Planner(scenario).plan(); }

}  // namespace weir::generator
