#include "collector/config/contract_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "collector/config/problem_list.h"
#include "collector/config/values.h"
#include "collector/model/units.h"

namespace weir::config {
namespace {

using contracts::AsAttachment;
using contracts::Attachment;
using contracts::Contract;
using contracts::InterfaceAttachment;
using contracts::InterfaceRole;
using contracts::InterfaceTerms;
using contracts::PrefixAttachment;

/// An attachment of an interface, found in the configuration.
struct FoundInterface {
  std::size_t router = 0;
  std::uint64_t place = 0;  ///< ifIndex; above all of these, the number of a name without one
  std::string_view name;
  const InterfaceTerms* terms = nullptr;  ///< null: the configuration does not describe it
};

constexpr std::uint64_t kFirstName = std::uint64_t{1} << 32;

/// Who claims one place, for which time.
struct Claim {
  const Contract* contract = nullptr;
  std::uint32_t line = 0;
};

bool hold_together(const Contract& a, const Contract& b) noexcept {
  return a.valid_from < b.valid_until && b.valid_from < a.valid_until;
}

class Checker {
 public:
  Checker(const std::vector<Router>& routers, const std::string& file)
      : routers_(routers), problems_(file) {
    for (std::size_t r = 0; r < routers.size(); ++r) {
      by_name_.emplace(routers[r].name, r);
      by_address_.emplace(routers[r].address, r);
      names_.push_back(routers[r].name);
      for (const InterfaceTerms& terms : routers[r].interfaces) {
        if (terms.index != 0) by_index_.emplace(std::pair{r, terms.index}, &terms);
        if (!terms.name.empty()) by_interface_name_.emplace(std::pair{r, terms.name}, &terms);
        has_roles_ |= terms.role != InterfaceRole::Unknown;
      }
    }
  }

  void check(const Contract& contract) {
    check_source(contract);
    for (const Attachment& attachment : contract.attach) {
      if (problems_.is_full()) return;
      const Claim claim{&contract, attachment.line};
      if (const auto* interface = std::get_if<InterfaceAttachment>(&attachment.where))
        check_interface(*interface, claim);
      else if (const auto* prefix = std::get_if<PrefixAttachment>(&attachment.where))
        check_prefix(*prefix, claim);
      else
        check_as(std::get<AsAttachment>(attachment.where), claim);
    }
  }

  [[nodiscard]] bool is_full() const noexcept { return problems_.is_full(); }
  [[nodiscard]] std::vector<Problem> take() { return problems_.take(); }

  void refuse_too_many(const Contract& first_beyond) {
    problems_.error({first_beyond.line, 1},
                    fmt::format("there are more than {} contracts", kMaxSlots),
                    "split the contracts over several collectors");
  }

 private:
  /// Counters are those of a port: they know no VLAN, no prefix, and nothing of other ports.
  void check_source(const Contract& contract) {
    if (contract.billing.source != contracts::BillingSource::Counter || contract.attach.empty())
      return;
    const Attachment& first = contract.attach.front();
    const auto* interface = std::get_if<InterfaceAttachment>(&first.where);
    if (contract.attach.size() != 1 || interface == nullptr || interface->vlan) {
      problems_.error({first.line, 1},
                      fmt::format("contract {} is billed by counter, but is not attached to one "
                                  "whole port",
                                  contract.id),
                      "attach it to one exporter and interface without VLAN, or write `source: "
                      "flow`");
      return;
    }
    const auto* name = std::get_if<std::string>(&interface->interface);
    if (name == nullptr) return;
    const auto router = find_router(interface->exporter);
    if (!router) return;  // told as such
    const auto terms = by_interface_name_.find({*router, *name});
    if (terms != by_interface_name_.end() && terms->second->index != 0) return;
    problems_.error(
        {first.line, 1},
        fmt::format("contract {} is billed by counter, but the ifIndex of its interface `{}` is "
                    "not in the configuration",
                    contract.id, *name),
        "write the ifIndex in the attachment, or `index` beside the name under the router's "
        "interfaces");
  }

  void check_interface(const InterfaceAttachment& where, const Claim& claim) {
    const auto found = find(where, claim);
    if (!found) return;
    check_speed(*found, claim);
    std::string name =
        fmt::format("interface {} of {}", interface_name(*found), routers_[found->router].name);
    if (where.vlan) name += fmt::format(", VLAN {}", *where.vlan);
    check_claims(interfaces_[{found->router, found->place, where.vlan.value_or(0)}], claim, name);
  }

  void check_prefix(const PrefixAttachment& where, const Claim& claim) {
    check_edge(claim);
    check_claims(prefixes_[where.prefix], claim, "prefix " + where.prefix.to_string());
  }

  void check_as(const AsAttachment& where, const Claim& claim) {
    check_edge(claim);
    check_claims(systems_[where.asn], claim, fmt::format("AS {}", where.asn));
  }

  [[nodiscard]] std::optional<FoundInterface> find(const InterfaceAttachment& where,
                                                   const Claim& claim) {
    const auto router = find_router(where.exporter);
    const Place place{claim.line, 1};
    if (!router) {
      problems_.error(place,
                      fmt::format("contract {} names the exporter `{}`, which is not configured",
                                  claim.contract->id, where.exporter),
                      names_.empty() ? "describe the router under exporters.routers"
                                     : suggest(where.exporter, names_));
      return std::nullopt;
    }
    if (const auto* index = std::get_if<std::uint32_t>(&where.interface)) {
      const auto terms = by_index_.find({*router, *index});
      return FoundInterface{
          *router, *index, {}, terms == by_index_.end() ? nullptr : terms->second};
    }
    const auto& name = std::get<std::string>(where.interface);
    const auto terms = by_interface_name_.find({*router, name});
    if (terms != by_interface_name_.end() && terms->second->index != 0)
      return FoundInterface{*router, terms->second->index, name, terms->second};
    const bool is_described = terms != by_interface_name_.end();
    if (!is_described) warn_of_name(name, *router, claim);
    const auto [number, is_new] =
        numbers_.emplace(std::pair{*router, name}, kFirstName + numbers_.size());
    return FoundInterface{*router, number->second, name, is_described ? terms->second : nullptr};
  }

  void warn_of_name(const std::string& name, std::size_t router, const Claim& claim) {
    std::vector<std::string_view> known;
    for (const InterfaceTerms& terms : routers_[router].interfaces)
      if (!terms.name.empty()) known.push_back(terms.name);
    problems_.warning(
        {claim.line, 1},
        fmt::format("contract {} names the interface `{}`, which the configuration of router {} "
                    "does not describe; it counts nothing until the router announces that name",
                    claim.contract->id, name, routers_[router].name),
        known.empty() ? "write its ifIndex, or name it under the router's interfaces"
                      : suggest(name, known));
  }

  [[nodiscard]] std::optional<std::size_t> find_router(const std::string& name) const {
    if (const auto found = by_name_.find(name); found != by_name_.end()) return found->second;
    if (const auto address = IpAddress::parse(name))
      if (const auto found = by_address_.find(*address); found != by_address_.end())
        return found->second;
    return std::nullopt;
  }

  [[nodiscard]] static std::string interface_name(const FoundInterface& found) {
    if (found.terms != nullptr && !found.terms->name.empty()) return found.terms->name;
    return found.name.empty() ? std::to_string(found.place) : std::string(found.name);
  }

  void check_speed(const FoundInterface& found, const Claim& claim) {
    if (found.terms == nullptr || found.terms->speed.value() == 0) return;
    const Contract& contract = *claim.contract;
    const BitsPerSecond wanted = std::max(contract.committed, contract.ceiling);
    // A contract over several ports may well be larger than each of them.
    if (wanted <= found.terms->speed || contract.attach.size() > 1) return;
    problems_.warning(
        {claim.line, 1},
        fmt::format("the {} {} of contract {} is above the speed {} of interface {} of {}",
                    contract.committed > found.terms->speed ? "committed rate" : "ceiling",
                    format_rate(contract.committed > found.terms->speed ? contract.committed
                                                                        : contract.ceiling),
                    contract.id, format_rate(found.terms->speed), interface_name(found),
                    routers_[found.router].name),
        "mend the rate or the interface's speed");
  }

  /// DESIGN, "Configuration": prefixes and AS count only at the edge, which the roles tell.
  void check_edge(const Claim& claim) {
    if (has_roles_ || warned_of_edge_) return;
    warned_of_edge_ = true;
    problems_.warning(
        {claim.line, 1},
        fmt::format("contract {} is found by prefix or AS, but no interface has a role, so a "
                    "packet that crosses several routers counts at each of them",
                    claim.contract->id),
        "give the routers' interfaces the role customer, peer, transit or backbone");
  }

  void check_claims(std::vector<Claim>& claims, const Claim& claim, const std::string& what) {
    const auto rival = std::find_if(claims.begin(), claims.end(), [&](const Claim& other) {
      return hold_together(*other.contract, *claim.contract);
    });
    if (rival != claims.end()) {
      if (rival->contract == claim.contract)
        problems_.warning({claim.line, 1},
                          fmt::format("contract {} is attached to {} twice, first on line {}",
                                      claim.contract->id, what, rival->line),
                          "remove one of the two; the traffic counts once");
      else
        problems_.warning(
            {claim.line, 1},
            fmt::format("contract {} and contract {} (line {}) both claim {} at the same time",
                        claim.contract->id, rival->contract->id, rival->line, what),
            fmt::format("{} gets the traffic, since it stands first; remove one attachment or "
                        "end the older contract",
                        rival->contract->id));
    }
    claims.push_back(claim);
  }

  const std::vector<Router>& routers_;
  ProblemList problems_;
  bool has_roles_ = false;
  bool warned_of_edge_ = false;

  std::unordered_map<std::string, std::size_t> by_name_;
  std::unordered_map<IpAddress, std::size_t> by_address_;
  std::vector<std::string_view> names_;
  std::map<std::pair<std::size_t, std::uint32_t>, const InterfaceTerms*> by_index_;
  std::map<std::pair<std::size_t, std::string>, const InterfaceTerms*> by_interface_name_;

  std::map<std::pair<std::size_t, std::string>, std::uint64_t> numbers_;  ///< of names

  std::map<std::tuple<std::size_t, std::uint64_t, std::uint16_t>, std::vector<Claim>> interfaces_;
  std::map<IpPrefix, std::vector<Claim>> prefixes_;
  std::map<std::uint32_t, std::vector<Claim>> systems_;
};

}  // namespace

std::vector<Problem> check_contracts(const std::vector<contracts::Contract>& contracts,
                                     const std::vector<Router>& routers, const std::string& file) {
  Checker checker(routers, file);
  if (contracts.size() > kMaxSlots) checker.refuse_too_many(contracts[kMaxSlots]);
  for (const Contract& contract : contracts) {
    if (checker.is_full()) break;
    checker.check(contract);
  }
  return checker.take();
}

}  // namespace weir::config
