#pragma once

#include <cstdint>

namespace weir {
inline namespace model {

/// One reading of an interface's counters: an sFlow counter sample's generic interface
/// block (sFlow v5, "if_counters"). All counts are cumulative.
struct CounterRecord {
  std::uint32_t source_class = 0;
  std::uint32_t source_index = 0;
  std::uint32_t interface = 0;  ///< ifIndex
  std::uint32_t type = 0;       ///< ifType
  std::uint64_t speed = 0;      ///< bits per second
  std::uint32_t status = 0;     ///< bit 0 admin up, bit 1 operational
  std::uint64_t in_octets = 0;
  std::uint64_t out_octets = 0;
  std::uint32_t in_unicast_packets = 0;
  std::uint32_t out_unicast_packets = 0;
  std::uint32_t in_discards = 0;
  std::uint32_t out_discards = 0;
  std::uint32_t in_errors = 0;
  std::uint32_t out_errors = 0;
  bool has_interface = false;  ///< false: the sample held no generic interface block
};

}  // namespace model
}  // namespace weir
