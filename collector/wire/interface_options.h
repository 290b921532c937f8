#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "collector/wire/field_map.h"
#include "collector/wire/wire_text.h"

namespace weir::wire {

struct TemplateDefinition;

/// What one options record says of an interface.
struct InterfaceAnnouncement {
  std::uint32_t ifindex = 0;  ///< not 0
  WireText name;              ///< empty: not said
  WireText description;
};

/// Where in the records of an options template an interface is named: a v9 interface scope or
/// one of elements 10, 14, 252 and 253 for the ifIndex, scope or not, with interfaceName (82)
/// or interfaceDescription (83) (RFC 7012; Cisco's and Juniper's interface tables).
///
/// Threads: any, immutable.
class InterfaceOptions {
 public:
  InterfaceOptions() = default;
  explicit InterfaceOptions(const TemplateDefinition& definition) noexcept;

  /// False: records of this template name no interface.
  [[nodiscard]] bool names_interfaces() const noexcept {
    return index_ != kNone && (name_ != kNone || description_ != kNone);
  }

  /// Reads one whole record of the template that this was made of; nothing if it says nothing.
  [[nodiscard]] std::optional<InterfaceAnnouncement> read(
      const TemplateDefinition& definition, std::span<const std::byte> record) const noexcept;

 private:
  static constexpr std::uint16_t kNone = 0xffff;

  std::uint16_t index_ = kNone;  ///< numbers of fields
  std::uint16_t name_ = kNone;
  std::uint16_t description_ = kNone;
};

}  // namespace weir::wire
