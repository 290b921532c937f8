#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace weir::test {

/// A whole and well-formed datagram that uses most of what its protocol can say, to be cut and
/// changed. Decoded by a fresh decoder it gives records and no complaint.
struct GoldenDatagram {
  std::string name;  ///< letters and digits, for the name of a test
  std::vector<std::byte> bytes;
};

/// One or more for each protocol: NetFlow v1, v5 and v7; v9 and IPFIX with templates, options,
/// samplers and variable lengths; sFlow with every sample, record and kind of sampled header.
[[nodiscard]] std::vector<GoldenDatagram> golden_datagrams();

}  // namespace weir::test
