#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "collector/contracts/contract.h"
#include "collector/model/exporter.h"
#include "collector/model/fate.h"
#include "collector/model/ip_address.h"
#include "collector/model/time.h"
#include "collector/model/units.h"

namespace weir::contracts {

enum class InterfaceRole : std::uint8_t { Unknown, Customer, Peer, Transit, Backbone };

/// True of what leads out of the backbone.
[[nodiscard]] constexpr bool is_edge_role(InterfaceRole role) noexcept {
  return role == InterfaceRole::Customer || role == InterfaceRole::Peer ||
         role == InterfaceRole::Transit;
}

/// One interface of a router as the operator describes it.
struct InterfaceTerms {
  std::uint32_t index = 0;  ///< in a configuration 0 for "the router tells it"; never in a table
  std::string name;
  BitsPerSecond speed;
  InterfaceRole role = InterfaceRole::Unknown;
  bool tagged = false;  ///< every frame carries one 802.1Q tag

  friend bool operator==(const InterfaceTerms&, const InterfaceTerms&) = default;
};

/// A router as the table needs it.
struct RouterTerms {
  ExporterId exporter;
  IpAddress address;
  std::string name;
  std::string pop;
  std::vector<InterfaceTerms> interfaces;
};

/// A contract that gets traffic, by slot.
struct SlottedContract {
  Slot slot;
  Contract contract;
};

inline constexpr std::uint32_t kNoSlot = ~std::uint32_t{0};
inline constexpr std::uint32_t kNoInterface = ~std::uint32_t{0};

/// What the table knows of one end (ingress or egress interface) of a record. All that the
/// common record asks of an interface stands in these 32 bytes.
struct alignas(32) InterfaceView {
  std::uint32_t number = kNoInterface;  ///< dense number of a tracked interface, for counters
  std::uint32_t attached = 0;           ///< internal: first attachment of this interface, 0 none
  /// Internal: the contract that has the whole interface, whatever the VLAN, while `only_from`
  /// <= time < `only_until`; kNoSlot where that cannot be said.
  std::uint32_t only_slot = kNoSlot;
  InterfaceRole role = InterfaceRole::Unknown;
  bool tagged = false;
  bool is_edge = true;  ///< prefix and AS attachments count here
  TrafficTime only_from = TrafficTime::max();
  TrafficTime only_until = TrafficTime::min();
};

/// Of a record that names no interface at this end.
inline constexpr InterfaceView kNoInterfaceView{};

/// What of a record decides whose it is.
struct MatchKey {
  IpAddress source;
  IpAddress destination;
  std::uint32_t source_as = 0;
  std::uint32_t destination_as = 0;
  std::uint16_t input_vlan = 0;
  std::uint16_t output_vlan = 0;
  const InterfaceView* input = &kNoInterfaceView;  ///< of the table that is asked
  const InterfaceView* output = &kNoInterfaceView;
};

/// Whose a record is at one instant: the sender's contract and the receiver's.
struct Match {
  std::uint32_t from = kNoSlot;  ///< slot that counts it from_customer
  std::uint32_t to = kNoSlot;    ///< slot that counts it to_customer
  Fate fate = Fate::NoContract;  ///< Attributed if either slot is set, else the reason
};

/// An interface whose bytes are counted by themselves: named in the configuration or
/// carrying a contract.
struct TrackedInterface {
  ExporterId exporter;
  std::string exporter_name;
  InterfaceTerms terms;
};

/// The interfaces of one exporter, found once for many records. Lives as long as its table.
class ExporterInterfaces {
 public:
  ExporterInterfaces() = default;

  /// One end of a record of this exporter.
  [[nodiscard]] const InterfaceView& find(std::uint32_t ifindex) const noexcept {
    if (ifindex < dense_.size()) [[likely]] {
      const std::uint32_t number = dense_[ifindex];
      return number != 0 ? views_[number - 1] : *unknown_;
    }
    return sparse_ == nullptr ? *unknown_ : find_sparse(ifindex);
  }

 private:
  friend class ContractTable;
  using Sparse = boost::unordered_flat_map<std::uint64_t, std::uint32_t>;

  [[nodiscard]] const InterfaceView& find_sparse(std::uint32_t ifindex) const noexcept;

  std::span<const std::uint32_t> dense_;  ///< one past the number in views_, 0 none
  const InterfaceView* views_ = nullptr;
  const InterfaceView* unknown_ = &kNoInterfaceView;
  const Sparse* sparse_ = nullptr;  ///< of all exporters; null if this one has none
  std::uint32_t exporter_ = 0;
};

/// Immutable answer to "whose is this record?", built off the data path and published by
/// generation (model/published.h). Precedence: interface with VLAN, interface, longest
/// prefix, AS; among equals the contract that stands first in the file.
///
/// Threads: any, once built.
class ContractTable {
 public:
  struct Input {
    std::vector<RouterTerms> routers;
    std::vector<SlottedContract> contracts;
  };

  /// Never fails: attachments that name an unknown router or interface name match nothing
  /// (the configuration reports them).
  [[nodiscard]] static std::shared_ptr<const ContractTable> build(Input input);

  /// The ends of one exporter's records.
  [[nodiscard]] ExporterInterfaces interfaces_of(ExporterId exporter) const noexcept;
  /// One end of a record. Lives as long as the table.
  [[nodiscard]] const InterfaceView& interface(ExporterId exporter,
                                               std::uint32_t ifindex) const noexcept {
    return interfaces_of(exporter).find(ifindex);
  }

  /// Whose it is as its sender, at `time`, by the input side; kNoSlot if nobody's.
  [[nodiscard]] std::uint32_t sender(const MatchKey& key, TrafficTime time) const noexcept {
    return has_only(*key.input, time) ? key.input->only_slot : find_sender(key, time);
  }
  /// Whose it is as its receiver, by the output side.
  [[nodiscard]] std::uint32_t receiver(const MatchKey& key, TrafficTime time) const noexcept {
    return has_only(*key.output, time) ? key.output->only_slot : find_receiver(key, time);
  }
  /// The same for a key that is made only if it is asked: most interfaces are one contract's.
  template <class MakeKey>
  [[nodiscard]] std::uint32_t sender(const InterfaceView& input, TrafficTime time,
                                     MakeKey&& make_key) const noexcept {
    return has_only(input, time) ? input.only_slot : find_sender(make_key(), time);
  }
  template <class MakeKey>
  [[nodiscard]] std::uint32_t receiver(const InterfaceView& output, TrafficTime time,
                                       MakeKey&& make_key) const noexcept {
    return has_only(output, time) ? output.only_slot : find_receiver(make_key(), time);
  }
  /// Why a record with neither is nobody's.
  [[nodiscard]] static Fate fate_of_unmatched(const InterfaceView& input,
                                              const InterfaceView& output) noexcept {
    return input.is_edge || output.is_edge ? Fate::NoContract : Fate::Transit;
  }
  [[nodiscard]] static Fate fate_of_unmatched(const MatchKey& key) noexcept {
    return fate_of_unmatched(*key.input, *key.output);
  }

  /// All three at once.
  [[nodiscard]] Match match(const MatchKey& key, TrafficTime time) const noexcept;

  /// The first instant after `time` at which some contract begins or ends to hold; a record
  /// that spans it is split there. TrafficTime::max() if none.
  [[nodiscard]] TrafficTime next_change_after(TrafficTime time) const noexcept;

  /// False if no attachment names a prefix: then prefetch() does nothing.
  [[nodiscard]] bool has_prefixes() const noexcept;
  /// Brings the lines that match() will read for these addresses into cache.
  void prefetch(const IpAddress& source, const IpAddress& destination) const noexcept;

  [[nodiscard]] std::span<const SlottedContract> contracts() const noexcept;
  [[nodiscard]] std::span<const RouterTerms> routers() const noexcept;
  [[nodiscard]] std::span<const TrackedInterface> tracked_interfaces() const noexcept;
  /// One past the largest slot in use.
  [[nodiscard]] std::uint32_t slot_count() const noexcept;

  ~ContractTable();

 private:
  struct State;
  explicit ContractTable(std::unique_ptr<State> state);

  [[nodiscard]] static bool has_only(const InterfaceView& view, TrafficTime time) noexcept {
    return time >= view.only_from && time < view.only_until;
  }
  [[nodiscard]] std::uint32_t find_sender(const MatchKey& key, TrafficTime time) const noexcept;
  [[nodiscard]] std::uint32_t find_receiver(const MatchKey& key, TrafficTime time) const noexcept;

  std::unique_ptr<State> state_;
};

}  // namespace weir::contracts
