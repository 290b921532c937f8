#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "collector/model/exporter.h"
#include "collector/model/ip_address.h"
#include "collector/wire/interface_options.h"

namespace weir::wire {

/// What an exporter told of one of its interfaces.
struct LearnedInterface {
  std::uint32_t ifindex = 0;
  std::string name;                   ///< as WireText; empty: not told
  std::string description;            ///< as WireText
  std::uint64_t bits_per_second = 0;  ///< 0: not told

  friend bool operator==(const LearnedInterface&, const LearnedInterface&) = default;
};

/// Names, descriptions and speeds of interfaces, as exporters tell them: in options records
/// (interface_options.h) and sFlow counter samples ("if_counters").
///
/// What is told again changes nothing and allocates nothing. Where an exporter gave one name to
/// two interfaces, as after a renumbering, the name is that of the one that got it last.
///
/// Bounded: kMostPerExporter interfaces of each of kMaxExporters exporters, texts as WireText.
///
/// Threads: any; a mutex guards all but generation(). Not for the path of a record.
class InterfaceTable {
 public:
  static constexpr std::size_t kMostPerExporter = 4'096;

  enum class Taught : std::uint8_t {
    Nothing,  ///< it was known
    Changed,
    Refused,  ///< there is no room
  };
  Taught learn(const IpAddress& exporter, const InterfaceAnnouncement& said);
  Taught learn_speed(const IpAddress& exporter, std::uint32_t ifindex,
                     std::uint64_t bits_per_second);

  /// Moves with each change.
  [[nodiscard]] std::uint64_t generation() const noexcept {
    // Pairs with the release in entry_of()'s callers: who sees it finds the change.
    return generation_.load(std::memory_order_acquire);
  }

  /// Interfaces of one exporter, those named first in front, those without a name before them.
  [[nodiscard]] std::vector<LearnedInterface> of(const IpAddress& exporter) const;

  struct OfExporter {
    IpAddress exporter;
    std::vector<LearnedInterface> interfaces;

    friend bool operator==(const OfExporter&, const OfExporter&) = default;
  };
  /// All, by exporter.
  [[nodiscard]] std::vector<OfExporter> all() const;

 private:
  struct Entry {
    LearnedInterface told;
    std::uint64_t named_at = 0;  ///< place in the row of all namings; 0: has no name
  };
  using Entries = std::unordered_map<std::uint32_t, Entry>;

  /// With mutex_ held. Null: there is no room.
  [[nodiscard]] Entry* entry_of(const IpAddress& exporter, std::uint32_t ifindex);
  [[nodiscard]] static std::vector<LearnedInterface> sorted(const Entries& entries);
  void moved() noexcept { generation_.fetch_add(1, std::memory_order_release); }

  mutable std::mutex mutex_;  ///< guards exporters_ and namings_
  std::map<IpAddress, Entries> exporters_;
  std::uint64_t namings_ = 0;
  std::atomic<std::uint64_t> generation_{0};
};

}  // namespace weir::wire
