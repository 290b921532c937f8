#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {
inline namespace model {

/// How a reported byte ended. Every byte has exactly one fate; per exporter the sum over
/// fates is what was reported. The names are label values of weir_bytes_total.
enum class Fate : std::uint8_t {
  Attributed,   ///< counted for at least one contract, in its bucket
  NoContract,   ///< at the edge, but no attachment matched
  Transit,      ///< between backbone interfaces: counted where it enters or leaves
  Duplicate,    ///< the same packets are counted by another record (metered twice)
  Late,         ///< its bucket had closed
  Unscaled,     ///< the sampling interval is unknown; bytes as reported
  Discarded,    ///< the router dropped the packets and no contract counted them at ingress
  Overrun,      ///< the bucket ring had no free bucket: closing has stalled
  Implausible,  ///< the amount cannot be true (overflow after scaling); bytes as reported
};
inline constexpr std::size_t kFates = 9;

[[nodiscard]] constexpr std::string_view fate_name(Fate fate) noexcept {
  switch (fate) {
    case Fate::Attributed:
      return "attributed";
    case Fate::NoContract:
      return "no_contract";
    case Fate::Transit:
      return "transit";
    case Fate::Duplicate:
      return "duplicate";
    case Fate::Late:
      return "late";
    case Fate::Unscaled:
      return "unscaled";
    case Fate::Discarded:
      return "discarded";
    case Fate::Overrun:
      return "overrun";
    case Fate::Implausible:
      return "implausible";
  }
  return "unknown";
}

/// The customer's direction. Values index cells.
enum class Direction : std::uint8_t { FromCustomer = 0, ToCustomer = 1 };

[[nodiscard]] constexpr std::string_view direction_name(Direction direction) noexcept {
  return direction == Direction::FromCustomer ? "from_customer" : "to_customer";
}

/// IP version of the traffic. Values index cells; traffic that is neither counts as Ipv4.
enum class Family : std::uint8_t { Ipv4 = 0, Ipv6 = 1 };

[[nodiscard]] constexpr std::string_view family_name(Family family) noexcept {
  return family == Family::Ipv4 ? "ipv4" : "ipv6";
}

}  // namespace model
}  // namespace weir
