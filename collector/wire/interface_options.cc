#include "collector/wire/interface_options.h"

#include <algorithm>

#include "collector/wire/byte_reader.h"
#include "collector/wire/compiled_template.h"

namespace weir::wire {
namespace {

constexpr std::uint16_t kInterfaceName = 82;
constexpr std::uint16_t kInterfaceDescription = 83;
/// RFC 3954, 6.1.
constexpr std::uint16_t kInterfaceScope = 2;

[[nodiscard]] bool is_ifindex(std::uint16_t element) noexcept {
  return element == 10 || element == 14 || element == 252 || element == 253;
}

}  // namespace

InterfaceOptions::InterfaceOptions(const TemplateDefinition& definition) noexcept {
  if (!definition.is_options) return;
  const bool is_v9 = definition.protocol == Protocol::Netflow9;
  const std::size_t count = std::min<std::size_t>(definition.fields.size(), kNone);
  for (std::size_t i = 0; i < count; ++i) {
    const TemplateField& field = definition.fields[i];
    if (field.enterprise != 0) continue;
    const auto number = static_cast<std::uint16_t>(i);
    const bool is_v9_scope = is_v9 && i < definition.scope_fields;
    // The scope comes first, so that it is what the record is about.
    const bool has_index =
        is_v9_scope ? field.id == kInterfaceScope || is_ifindex(field.id) : is_ifindex(field.id);
    if (has_index && field.length >= 1 && field.length <= 8) {
      if (index_ == kNone) index_ = number;
    } else if (!is_v9_scope && field.id == kInterfaceName) {
      if (name_ == kNone) name_ = number;
    } else if (!is_v9_scope && field.id == kInterfaceDescription) {
      if (description_ == kNone) description_ = number;
    }
  }
}

std::optional<InterfaceAnnouncement> InterfaceOptions::read(
    const TemplateDefinition& definition, std::span<const std::byte> record) const noexcept {
  InterfaceAnnouncement said;
  ByteReader reader{record};
  for (std::size_t i = 0; i < definition.fields.size(); ++i) {
    std::size_t length = definition.fields[i].length;
    if (length == kVariableLength && definition.protocol == Protocol::Ipfix) {
      // One byte, or 255 and two more (RFC 7011, 7).
      length = reader.u8();
      if (length == 255) length = reader.u16();
    }
    const std::span<const std::byte> field = reader.bytes(length);
    if (!reader.ok()) return std::nullopt;
    if (i == index_) {
      std::uint64_t value = 0;
      for (const std::byte byte : field) value = value << 8 | std::to_integer<std::uint64_t>(byte);
      if (value == 0 || value > 0xffff'ffff) return std::nullopt;
      said.ifindex = static_cast<std::uint32_t>(value);
    } else if (i == name_) {
      said.name = WireText{field};
    } else if (i == description_) {
      said.description = WireText{field};
    }
  }
  if (said.ifindex == 0 || (said.name.empty() && said.description.empty())) return std::nullopt;
  return said;
}

}  // namespace weir::wire
