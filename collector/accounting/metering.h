#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_set>
#include <vector>

#include "collector/model/flow_record.h"

namespace weir::accounting {

/// Which sides of a record may count: its ingress interface's customer as the sender, its
/// egress interface's as the receiver.
struct Sides {
  bool from = true;
  bool to = true;

  friend bool operator==(const Sides&, const Sides&) = default;
};

/// A set of interface indexes of one router: a bit each for the usual ones, made when first
/// needed, and a bounded set for the others.
class InterfaceSet {
 public:
  /// Most indexes of kDense and above that are remembered; a further one is forgotten.
  static constexpr std::size_t kMostSparse = 4'096;
  static constexpr std::uint32_t kDense = 65'536;

  void insert(std::uint32_t ifindex) {
    if (ifindex < kDense && !bits_.empty()) [[likely]]
      bits_[ifindex / kWordBits] |= std::uint64_t{1} << (ifindex % kWordBits);
    else
      insert_first(ifindex);
  }
  [[nodiscard]] bool contains(std::uint32_t ifindex) const noexcept;
  [[nodiscard]] bool is_empty() const noexcept { return bits_.empty() && sparse_.empty(); }

 private:
  static constexpr std::uint32_t kWordBits = 64;

  void insert_first(std::uint32_t ifindex);

  std::vector<std::uint64_t> bits_;
  std::unordered_set<std::uint32_t> sparse_;
};

/// Where one exporter meters, so that a packet which it meters twice, on the way in and on
/// the way out, counts once for each customer.
///
/// A record metered at ingress (element 61 = 0) counts for the sender; for the receiver only
/// while no egress-metered record of its output interface is known. A record metered at
/// egress (61 = 1) counts for the receiver; for the sender only while no ingress-metered
/// record of its input interface is known. A record that does not say counts for both. What
/// the router dropped never counts for a receiver.
///
/// Threads: one worker. Learns for the life of the object.
class MeteringPoints {
 public:
  /// Takes note of where these records were metered. Called with all records of a message
  /// before sides_of(), so that the two records of a packet are told apart at once.
  void learn(std::span<const FlowRecord> records);

  [[nodiscard]] Sides sides_of(const FlowRecord& record) const noexcept;

  /// learn() and sides_of() for one record.
  Sides see(const FlowRecord& record) {
    learn({&record, 1});
    return sides_of(record);
  }

 private:
  InterfaceSet ingress_;
  InterfaceSet egress_;
};

}  // namespace weir::accounting
