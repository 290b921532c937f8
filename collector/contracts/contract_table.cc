#include "collector/contracts/contract_table.h"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "collector/contracts/prefix_trie.h"

namespace weir::contracts {
namespace {

/// ifIndex below which an exporter's interfaces stand in a plain array.
constexpr std::uint32_t kDenseIndexes = 4'096;

/// A contract that some key leads to. The links of a key form a chain in the order of the file;
/// the first that holds at the asked time answers. Link 0 ends a chain. Keys whose chains end
/// alike share the links, so that a million prefixes of ten thousand contracts need ten
/// thousand links, which stay in cache.
struct Link {
  TrafficTime from = TrafficTime::min();
  TrafficTime until = TrafficTime::max();
  std::uint32_t slot = kNoSlot;
  std::uint32_t next = 0;
};

/// The attachments of one interface.
struct AttachedInterface {
  std::uint32_t untagged = 0;  ///< chain of those without a VLAN
  bool has_vlans = false;      ///< others stand in State::vlan_chains
};

/// Where the interfaces of one exporter stand.
struct InterfacePlaces {
  std::uint32_t dense_begin = 0;  ///< in State::dense
  std::uint32_t dense_size = 0;
  bool has_sparse = false;
  bool has_roles = false;  ///< then an interface without a role is inside the backbone
};

constexpr std::uint64_t interface_key(std::uint32_t exporter, std::uint32_t ifindex) noexcept {
  return std::uint64_t{exporter} << 32 | ifindex;
}

constexpr std::uint64_t vlan_key(std::uint32_t attached, std::uint16_t vlan) noexcept {
  return std::uint64_t{attached} << 16 | vlan;
}

/// One attachment while the table is built: which contract a key leads to.
template <class Key>
struct Claim {
  Key key;
  std::uint32_t contract = 0;  ///< number in State::contracts
};

/// Makes the links, each of (contract, rest of the chain) once.
class LinkBuilder {
 public:
  LinkBuilder(std::vector<Link>& links, const std::vector<SlottedContract>& contracts)
      : links_(links), contracts_(contracts) {
    links_.assign(1, Link{});
  }

  /// The chain of all claims of one key, which goes on with `rest`.
  template <class Key>
  [[nodiscard]] std::uint32_t chain(std::span<const Claim<Key>> claims, std::uint32_t rest) {
    for (auto claim = claims.rbegin(); claim != claims.rend(); ++claim)
      rest = link(claim->contract, rest);
    return rest;
  }

 private:
  [[nodiscard]] std::uint32_t link(std::uint32_t contract, std::uint32_t next) {
    const auto number = static_cast<std::uint32_t>(links_.size());
    const auto [known, is_new] = known_.emplace(std::uint64_t{contract} << 32 | next, number);
    if (is_new) {
      const SlottedContract& entry = contracts_[contract];
      links_.push_back(
          {entry.contract.valid_from, entry.contract.valid_until, entry.slot.value(), next});
    }
    return known->second;
  }

  std::vector<Link>& links_;
  const std::vector<SlottedContract>& contracts_;
  boost::unordered_flat_map<std::uint64_t, std::uint32_t> known_;
};

/// Calls `take` with the claims of each key, in the order of the keys, those of one key in the
/// order of the file.
template <class Key, class Take>
void for_each_key(std::vector<Claim<Key>>& claims, Take take) {
  std::stable_sort(claims.begin(), claims.end(),
                   [](const auto& a, const auto& b) { return a.key < b.key; });
  const std::span<const Claim<Key>> all(claims);
  for (std::size_t begin = 0; begin < all.size();) {
    std::size_t end = begin + 1;
    while (end < all.size() && all[end].key == all[begin].key) ++end;
    take(all[begin].key, all.subspan(begin, end - begin));
    begin = end;
  }
}

/// Chains the claims of one family's prefixes. Each chain goes on with that of the longest prefix
/// around it: where no contract of a prefix holds at a time, the prefix around it answers.
void add_prefixes(std::vector<Claim<IpPrefix>>& claims, LinkBuilder& links,
                  std::vector<PrefixTrie::Entry>& entries) {
  // In their order a prefix comes after all that contain it, and between the two come only
  // others that the containing one contains too.
  std::vector<std::pair<IpPrefix, std::uint32_t>> around;
  for_each_key(claims, [&](const IpPrefix& prefix, std::span<const Claim<IpPrefix>> same) {
    while (!around.empty() && !around.back().first.contains(prefix.address())) around.pop_back();
    const std::uint32_t chain = links.chain(same, around.empty() ? 0 : around.back().second);
    around.emplace_back(prefix, chain);
    entries.push_back({prefix, chain});
  });
}

}  // namespace

struct ContractTable::State {
  std::vector<RouterTerms> routers;
  std::vector<SlottedContract> contracts;
  std::vector<TrackedInterface> tracked;
  std::uint32_t slot_count = 0;

  std::vector<Link> links;
  std::vector<TrafficTime> changes;  ///< sorted, each once

  std::vector<InterfacePlaces> exporters;  ///< by ExporterId
  std::vector<std::uint32_t> dense;        ///< one past the number in views, 0 none
  boost::unordered_flat_map<std::uint64_t, std::uint32_t> sparse;
  std::vector<InterfaceView> views;  ///< by tracked number

  std::vector<AttachedInterface> attached;  ///< by InterfaceView::attached; [0] has none
  boost::unordered_flat_map<std::uint64_t, std::uint32_t> vlan_chains;
  PrefixTrie prefixes;
  boost::unordered_flat_map<std::uint32_t, std::uint32_t> as_chains;

  [[nodiscard]] std::uint32_t first_holding(std::uint32_t link, TrafficTime time) const noexcept {
    while (link != 0) {
      const Link& candidate = links[link];
      if (time >= candidate.from && time < candidate.until) return candidate.slot;
      link = candidate.next;
    }
    return kNoSlot;
  }

  [[nodiscard]] std::uint32_t side(const InterfaceView& view, std::uint16_t vlan,
                                   const IpAddress& address, std::uint32_t asn,
                                   TrafficTime time) const noexcept {
    if (view.attached != 0) {
      const AttachedInterface& interface = attached[view.attached];
      if (interface.has_vlans && vlan != 0) {
        const auto found = vlan_chains.find(vlan_key(view.attached, vlan));
        if (found != vlan_chains.end()) {
          const std::uint32_t slot = first_holding(found->second, time);
          if (slot != kNoSlot) return slot;
        }
      }
      const std::uint32_t slot = first_holding(interface.untagged, time);
      if (slot != kNoSlot) return slot;
    }
    if (!view.is_edge) return kNoSlot;
    const std::uint32_t slot = first_holding(prefixes.find(address), time);
    if (slot != kNoSlot || as_chains.empty() || asn == 0) return slot;
    const auto found = as_chains.find(asn);
    return found == as_chains.end() ? kNoSlot : first_holding(found->second, time);
  }

  void add_routers();
  void add_contracts();
  void index_interfaces();
  [[nodiscard]] std::optional<std::uint32_t> tracked_number(const InterfaceAttachment& where);

  /// Only while building: tracked numbers by exporter and ifIndex, and routers by what
  /// attachments may call them.
  std::map<std::uint64_t, std::uint32_t> numbers;
  std::map<std::string, std::uint32_t, std::less<>> routers_by_name;
  std::map<IpAddress, std::uint32_t> routers_by_address;
};

void ContractTable::State::add_routers() {
  for (std::uint32_t r = 0; r < routers.size(); ++r) {
    const RouterTerms& router = routers[r];
    routers_by_name.emplace(router.name, r);
    routers_by_address.emplace(router.address, r);
    const std::uint32_t exporter = router.exporter.value();
    if (exporter >= exporters.size()) exporters.resize(std::size_t{exporter} + 1);
    exporters[exporter].has_roles |=
        std::any_of(router.interfaces.begin(), router.interfaces.end(),
                    [](const auto& terms) { return terms.role != InterfaceRole::Unknown; });
    for (const InterfaceTerms& terms : router.interfaces) {
      const auto number = static_cast<std::uint32_t>(tracked.size());
      if (!numbers.emplace(interface_key(exporter, terms.index), number).second) continue;
      tracked.push_back({router.exporter, router.name, terms});
    }
  }
}

std::optional<std::uint32_t> ContractTable::State::tracked_number(
    const InterfaceAttachment& where) {
  const RouterTerms* router = nullptr;
  if (const auto named = routers_by_name.find(where.exporter); named != routers_by_name.end()) {
    router = &routers[named->second];
  } else if (const auto address = IpAddress::parse(where.exporter)) {
    const auto found = routers_by_address.find(*address);
    if (found != routers_by_address.end()) router = &routers[found->second];
  }
  if (router == nullptr) return std::nullopt;
  const std::uint32_t exporter = router->exporter.value();
  if (const auto* name = std::get_if<std::string>(&where.interface)) {
    const auto& all = router->interfaces;
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const auto& terms) { return terms.name == *name; });
    if (found == all.end()) return std::nullopt;
    return numbers.at(interface_key(exporter, found->index));
  }
  const std::uint32_t index = std::get<std::uint32_t>(where.interface);
  const auto [entry, is_new] =
      numbers.emplace(interface_key(exporter, index), static_cast<std::uint32_t>(tracked.size()));
  if (is_new) {
    InterfaceTerms terms;
    terms.index = index;
    tracked.push_back({router->exporter, router->name, std::move(terms)});
  }
  return entry->second;
}

void ContractTable::State::add_contracts() {
  std::vector<Claim<std::pair<std::uint32_t, std::uint16_t>>> interface_claims;
  std::vector<Claim<IpPrefix>> v4_claims;
  std::vector<Claim<IpPrefix>> v6_claims;
  std::vector<Claim<std::uint32_t>> as_claims;
  for (std::uint32_t number = 0; number < contracts.size(); ++number) {
    const Contract& contract = contracts[number].contract;
    slot_count = std::max(slot_count, contracts[number].slot.value() + 1);
    if (contract.valid_from != TrafficTime::min()) changes.push_back(contract.valid_from);
    if (contract.valid_until != TrafficTime::max()) changes.push_back(contract.valid_until);
    for (const Attachment& attachment : contract.attach) {
      if (const auto* interface = std::get_if<InterfaceAttachment>(&attachment.where)) {
        if (const auto tracked_as = tracked_number(*interface))
          interface_claims.push_back({{*tracked_as, interface->vlan.value_or(0)}, number});
      } else if (const auto* prefix = std::get_if<PrefixAttachment>(&attachment.where)) {
        (prefix->prefix.is_v4() ? v4_claims : v6_claims).push_back({prefix->prefix, number});
      } else {
        as_claims.push_back({std::get<AsAttachment>(attachment.where).asn, number});
      }
    }
  }
  std::sort(changes.begin(), changes.end());
  changes.erase(std::unique(changes.begin(), changes.end()), changes.end());

  LinkBuilder builder(links, contracts);
  views.resize(tracked.size());
  attached.emplace_back();
  for_each_key(interface_claims, [&](const auto& key, auto same) {
    const auto [number, vlan] = key;
    InterfaceView& view = views[number];
    if (view.attached == 0) {
      view.attached = static_cast<std::uint32_t>(attached.size());
      attached.emplace_back();
    }
    AttachedInterface& interface = attached[view.attached];
    const std::uint32_t chain = builder.chain(same, 0);
    if (vlan == 0) {
      interface.untagged = chain;
    } else {
      interface.has_vlans = true;
      vlan_chains.emplace(vlan_key(view.attached, vlan), chain);
    }
  });
  for (InterfaceView& view : views) {
    if (view.attached == 0 || attached[view.attached].has_vlans) continue;
    const Link& first = links[attached[view.attached].untagged];
    view.only_slot = first.slot;
    view.only_from = first.from;
    view.only_until = first.until;
  }
  std::vector<PrefixTrie::Entry> entries;
  add_prefixes(v4_claims, builder, entries);
  add_prefixes(v6_claims, builder, entries);
  prefixes = PrefixTrie(std::move(entries));
  for_each_key(as_claims, [&](std::uint32_t asn, auto same) {
    as_chains.emplace(asn, builder.chain(same, 0));
  });
}

void ContractTable::State::index_interfaces() {
  for (const TrackedInterface& interface : tracked) {
    InterfacePlaces& exporter = exporters[interface.exporter.value()];
    if (interface.terms.index < kDenseIndexes)
      exporter.dense_size = std::max(exporter.dense_size, interface.terms.index + 1);
    else
      exporter.has_sparse = true;
  }
  std::uint32_t begin = 0;
  for (InterfacePlaces& exporter : exporters) {
    exporter.dense_begin = begin;
    begin += exporter.dense_size;
  }
  dense.resize(begin);
  for (std::uint32_t number = 0; number < tracked.size(); ++number) {
    const TrackedInterface& interface = tracked[number];
    const InterfacePlaces& exporter = exporters[interface.exporter.value()];
    InterfaceView& view = views[number];
    view.number = number;
    view.role = interface.terms.role;
    view.tagged = interface.terms.tagged;
    view.is_edge = !exporter.has_roles || is_edge_role(view.role);
    if (interface.terms.index < kDenseIndexes)
      dense[exporter.dense_begin + interface.terms.index] = number + 1;
    else
      sparse.emplace(interface_key(interface.exporter.value(), interface.terms.index), number);
  }
}

ContractTable::ContractTable(std::unique_ptr<State> state) : state_(std::move(state)) {}
ContractTable::~ContractTable() = default;

std::shared_ptr<const ContractTable> ContractTable::build(Input input) {
  auto state = std::make_unique<State>();
  state->routers = std::move(input.routers);
  state->contracts = std::move(input.contracts);
  state->add_routers();
  state->add_contracts();
  state->index_interfaces();
  state->numbers.clear();
  state->routers_by_name.clear();
  state->routers_by_address.clear();
  return std::shared_ptr<const ContractTable>(new ContractTable(std::move(state)));
}

const InterfaceView& ExporterInterfaces::find_sparse(std::uint32_t ifindex) const noexcept {
  const auto found = sparse_->find(interface_key(exporter_, ifindex));
  return found == sparse_->end() ? *unknown_ : views_[found->second];
}

ExporterInterfaces ContractTable::interfaces_of(ExporterId exporter) const noexcept {
  static constexpr InterfaceView kUnknownInside{.is_edge = false};
  const State& state = *state_;
  ExporterInterfaces interfaces;
  if (exporter.value() >= state.exporters.size()) return interfaces;
  const InterfacePlaces& places = state.exporters[exporter.value()];
  interfaces.dense_ = std::span(state.dense).subspan(places.dense_begin, places.dense_size);
  interfaces.views_ = state.views.data();
  if (places.has_roles) interfaces.unknown_ = &kUnknownInside;
  if (places.has_sparse) interfaces.sparse_ = &state.sparse;
  interfaces.exporter_ = exporter.value();
  return interfaces;
}

std::uint32_t ContractTable::find_sender(const MatchKey& key, TrafficTime time) const noexcept {
  return state_->side(*key.input, key.input_vlan, key.source, key.source_as, time);
}

std::uint32_t ContractTable::find_receiver(const MatchKey& key, TrafficTime time) const noexcept {
  return state_->side(*key.output, key.output_vlan, key.destination, key.destination_as, time);
}

Match ContractTable::match(const MatchKey& key, TrafficTime time) const noexcept {
  Match match{.from = sender(key, time), .to = receiver(key, time)};
  match.fate =
      match.from == kNoSlot && match.to == kNoSlot ? fate_of_unmatched(key) : Fate::Attributed;
  return match;
}

TrafficTime ContractTable::next_change_after(TrafficTime time) const noexcept {
  const auto& changes = state_->changes;
  const auto next = std::upper_bound(changes.begin(), changes.end(), time);
  return next == changes.end() ? TrafficTime::max() : *next;
}

bool ContractTable::has_prefixes() const noexcept { return !state_->prefixes.is_empty(); }

void ContractTable::prefetch(const IpAddress& source, const IpAddress& destination) const noexcept {
  if (state_->prefixes.is_empty()) return;
  state_->prefixes.prefetch(source);
  state_->prefixes.prefetch(destination);
}

std::span<const SlottedContract> ContractTable::contracts() const noexcept {
  return state_->contracts;
}
std::span<const RouterTerms> ContractTable::routers() const noexcept { return state_->routers; }
std::span<const TrackedInterface> ContractTable::tracked_interfaces() const noexcept {
  return state_->tracked;
}
std::uint32_t ContractTable::slot_count() const noexcept { return state_->slot_count; }

}  // namespace weir::contracts
