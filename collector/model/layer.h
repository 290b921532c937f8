#pragma once

#include <cstdint>
#include <string_view>

namespace weir {
inline namespace model {

/// Which bytes a contract counts. Exporters report different ones; all are brought to one
/// (accounting/layer.h).
enum class Layer : std::uint8_t {
  Ip,        ///< IP header and payload
  Ethernet,  ///< the frame with its header, tags and checksum, as interface counters count
  Wire       ///< the frame with preamble, start delimiter and inter-frame gap
};

/// As configuration, reports and metrics name it.
[[nodiscard]] constexpr std::string_view layer_name(Layer layer) noexcept {
  switch (layer) {
    case Layer::Ip:
      return "ip";
    case Layer::Ethernet:
      return "ethernet";
    case Layer::Wire:
      return "wire";
  }
  return "unknown";
}

}  // namespace model
}  // namespace weir
