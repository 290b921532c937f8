#pragma once

#include <span>

#include "collector/accounting/interface_set.h"
#include "collector/model/flow_record.h"

namespace weir::accounting {

/// Which sides of a record may count: its ingress interface's customer as the sender, its
/// egress interface's as the receiver.
struct Sides {
  bool from = true;
  bool to = true;

  friend bool operator==(const Sides&, const Sides&) = default;
};

/// Where one exporter meters, so that a packet which it meters twice, on the way in and on
/// the way out, counts once for each customer.
///
/// A record metered at ingress (element 61 = 0) counts for the sender; for the receiver only
/// while no egress-metered record of its output interface is known. A record metered at
/// egress (61 = 1) counts for the receiver; for the sender only while no ingress-metered
/// record of its input interface is known. A record that does not say counts for both. What
/// the router dropped or consumed never counts for a receiver.
///
/// Threads: any. Workers that share an exporter share its points (metering_registry.h): one may
/// hear only of its ingress metering, another only of its egress metering. Learns for the life
/// of the object.
class MeteringPoints {
 public:
  /// Takes note of where these records were metered. Called with all records of a message
  /// before sides_of(), so that the two records of a packet are told apart at once.
  void learn(std::span<const FlowRecord> records) noexcept;

  [[nodiscard]] Sides sides_of(const FlowRecord& record) const noexcept {
    Sides sides;
    switch (record.metered) {
      case MeteredDirection::Ingress:
        sides.to = !(record.has(Has::Output) && egress_.contains(record.output));
        break;
      case MeteredDirection::Egress:
        sides.from = !(record.has(Has::Input) && ingress_.contains(record.input));
        break;
      case MeteredDirection::Unknown:
        break;
    }
    if (!has_left_router(record.forwarding)) sides.to = false;
    return sides;
  }

  /// learn() and sides_of() for one record.
  Sides see(const FlowRecord& record) noexcept {
    learn({&record, 1});
    return sides_of(record);
  }

 private:
  InterfaceSet ingress_;
  InterfaceSet egress_;
};

}  // namespace weir::accounting
