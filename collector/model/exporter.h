#pragma once

#include <cstdint>
#include <string_view>

#include "collector/model/ip_address.h"
#include "collector/model/strong.h"

namespace weir {
inline namespace model {

/// An exporter (router) by its dense number: configured ones first, in the order of the
/// configuration, then others in the order they were first heard. Stays the same for the
/// life of the process (core/exporter_registry.h).
using ExporterId = Strong<struct ExporterIdTag, std::uint32_t>;

/// Most exporters one process keeps counters for; further sources are refused and counted.
inline constexpr std::uint32_t kMaxExporters = 16'384;

/// How an exporter reports. Values index arrays.
enum class Protocol : std::uint8_t {
  Netflow1,
  Netflow5,
  Netflow7,
  Netflow9,
  Ipfix,
  Sflow5,
  Packets
};
inline constexpr std::size_t kProtocols = 7;

/// "netflow5", "ipfix", "sflow5", ...: the word used in metrics, JSON and logs.
[[nodiscard]] constexpr std::string_view protocol_name(Protocol protocol) noexcept {
  switch (protocol) {
    case Protocol::Netflow1:
      return "netflow1";
    case Protocol::Netflow5:
      return "netflow5";
    case Protocol::Netflow7:
      return "netflow7";
    case Protocol::Netflow9:
      return "netflow9";
    case Protocol::Ipfix:
      return "ipfix";
    case Protocol::Sflow5:
      return "sflow5";
    case Protocol::Packets:
      return "packets";
  }
  return "unknown";
}

}  // namespace model
}  // namespace weir
