#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "collector/model/fate.h"
#include "collector/model/time.h"

namespace weir::generator {

/// Packets and their bytes at two layers.
struct Volume {
  std::uint64_t packets = 0;
  std::uint64_t ip_bytes = 0;
  std::uint64_t ethernet_bytes = 0;  ///< with MAC header, tag and FCS, at least 64 a frame

  Volume& operator+=(const Volume& other) noexcept {
    packets += other.packets;
    ip_bytes += other.ip_bytes;
    ethernet_bytes += other.ethernet_bytes;
    return *this;
  }
  friend bool operator==(const Volume&, const Volume&) = default;
};

/// Whose traffic a volume is.
struct TruthKey {
  std::uint32_t contract = 0;  ///< place in the list of contract ids
  Direction direction = Direction::FromCustomer;
  Family family = Family::Ipv4;

  friend bool operator==(const TruthKey&, const TruthKey&) = default;
};

/// One record or sample as a right collector accounts it: scaled by the sampling interval,
/// spread evenly over [start, end); start == end is one instant.
struct TruthEntry {
  TruthKey key;
  TrafficTime start;
  TrafficTime end;
  Volume volume;
};

/// How exported data ended on its way.
enum class Arrival : std::uint8_t { Delivered, Lost };

/// What was exported, lost and truly carried, per contract, direction, family and interval of
/// five minutes. Written as CSV in the order of start, contract, direction, family.
///
/// Threads: one. Owns its cells; write_before() frees those it wrote.
class Truth {
 public:
  /// `contract_ids` in the order that rows of one interval have.
  explicit Truth(std::vector<std::string> contract_ids);

  void add(const TruthEntry& entry, Arrival arrival);

  /// What crossed the wire at `time`, sampled or not.
  void carry(const TruthKey& key, TrafficTime time, const Volume& volume);

  struct Row {
    TruthKey key;
    TrafficTime start;
    Volume delivered;
    Volume lost;
    Volume carried;

    friend bool operator==(const Row&, const Row&) = default;
  };
  [[nodiscard]] std::vector<Row> rows() const;

  static void write_header(std::FILE* file);
  /// Writes and forgets the intervals that ended at `time` or earlier.
  void write_before(TrafficTime time, std::FILE* file);
  void write_all(std::FILE* file) { write_before(TrafficTime::max(), file); }

 private:
  /// start in intervals since the epoch, contract, direction, family
  using CellKey = std::tuple<std::int64_t, std::uint32_t, Direction, Family>;
  struct Cell {
    Volume delivered;
    Volume lost;
    Volume carried;
  };

  std::vector<std::string> contract_ids_;
  std::map<CellKey, Cell> cells_;
};

}  // namespace weir::generator
