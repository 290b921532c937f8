#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "collector/model/decode_error.h"
#include "collector/model/flow_record.h"
#include "collector/wire/decode_error.h"
#include "collector/wire/field_map.h"
#include "collector/wire/interface_options.h"
#include "collector/wire/sampling_facts.h"

namespace weir::wire {

/// What a template looks like on the wire, before anything is derived from it.
struct TemplateDefinition {
  Protocol protocol = Protocol::Netflow9;
  bool is_options = false;
  std::uint16_t scope_fields = 0;
  std::vector<TemplateField> fields;

  friend bool operator==(const TemplateDefinition&, const TemplateDefinition&) noexcept = default;
};

/// How one field's bytes become a member of FlowRecord. The first eight are the frequent
/// pairs of wire width and member width; Any reads 1 to 8 bytes.
enum class Op : std::uint8_t {
  Copy8,
  Copy16,
  Copy32,
  Copy64,
  Widen16To32,
  Widen32To64,
  Narrow16To8,
  Any,
  Ipv4,
  Ipv4UnlessZero,  ///< after an IPv6 address of the same record
  Ipv6,
};

struct Move {
  std::uint16_t source = 0;  ///< offset in a fixed-layout record
  std::uint16_t target = 0;  ///< offset in FlowRecord
  std::uint16_t length = 0;  ///< on the wire
  std::uint8_t width = 0;    ///< of the member
  Op op = Op::Any;
};

/// A template turned into field moves, once, when it arrives. Immutable; shared by workers.
///
/// Only fields that FlowRecord holds cost anything. A template without variable-length
/// fields or packet sections is decoded by columns: each move runs over many records in a
/// tight loop.
/// Which fields are present is a constant of the template: see prototype().
///
/// Threads: any, since nothing changes after compile_template().
class CompiledTemplate {
 public:
  [[nodiscard]] const TemplateDefinition& definition() const noexcept { return definition_; }
  [[nodiscard]] bool is_options() const noexcept { return definition_.is_options; }
  /// True if records are read one by one: their length varies, or they hold packet sections.
  [[nodiscard]] bool is_variable() const noexcept { return is_variable_; }
  /// Bytes of a record; of the shortest one where the length varies.
  [[nodiscard]] std::uint32_t record_bytes() const noexcept { return record_bytes_; }
  /// A record with every constant of this template set.
  [[nodiscard]] const FlowRecord& prototype() const noexcept { return prototype_; }
  /// Distinguishes templates for as long as the process lives.
  [[nodiscard]] std::uint64_t stamp() const noexcept { return stamp_; }
  /// Fields whose length their element cannot have; passed over.
  [[nodiscard]] std::uint32_t unusable_fields() const noexcept { return unusable_fields_; }
  [[nodiscard]] bool has_interval_fields() const noexcept { return has_interval_fields_; }
  [[nodiscard]] bool names_interfaces() const noexcept {
    return interface_options_.names_interfaces();
  }

  /// Fills records from `n` wire records of a fixed layout at `bytes`. The records hold
  /// the prototype's constants already. `n * record_bytes()` bytes must be there.
  void read_columns(const std::byte* bytes, std::span<FlowRecord> records) const noexcept;

  /// The sampling fields of a fixed-layout data record.
  [[nodiscard]] SamplingFacts sampling_fields(const std::byte* record) const noexcept;

  /// Reads one record of any layout from `bytes` into `record` (which holds the
  /// prototype) and its sampling fields into `facts`. Gives the bytes it took.
  [[nodiscard]] Decoded<std::size_t> read_record(std::span<const std::byte> bytes,
                                                 FlowRecord& record,
                                                 SamplingFacts& facts) const noexcept;

  /// Reads one options record into `facts`. Gives the bytes it took.
  [[nodiscard]] Decoded<std::size_t> read_options(std::span<const std::byte> bytes,
                                                  SamplingFacts& facts) const noexcept;

  /// The interface that one options record, as read_options() cut it, names.
  [[nodiscard]] std::optional<InterfaceAnnouncement> read_interface(
      std::span<const std::byte> record) const noexcept {
    return interface_options_.read(definition_, record);
  }

 private:
  friend Decoded<std::shared_ptr<const CompiledTemplate>> compile_template(TemplateDefinition,
                                                                           std::uint64_t);
  static constexpr std::uint16_t kNoMove = 0xffff;

  struct Step {
    std::uint16_t length = 0;  ///< kVariableLength: the record says
    std::uint16_t move = kNoMove;
    Destination fact = Destination::Nothing;
    std::uint16_t offset = 0;  ///< in a fixed-layout record
  };

  template <class OnField>
  [[nodiscard]] Decoded<std::size_t> walk(std::span<const std::byte> bytes,
                                          OnField&& on_field) const noexcept;
  /// What follows from several fields of a record.
  void finish(std::span<FlowRecord> records) const noexcept;

  TemplateDefinition definition_;
  std::vector<Step> steps_;
  std::vector<Move> moves_;
  InterfaceOptions interface_options_;
  FlowRecord prototype_;
  std::uint64_t stamp_ = 0;
  std::uint32_t record_bytes_ = 0;
  std::uint32_t unusable_fields_ = 0;
  bool is_variable_ = false;
  bool has_interval_fields_ = false;
  bool has_both_families_ = false;
  bool has_section_ = false;
  bool has_vlan_id_ = false;           ///< 243
  bool has_customer_vlan_id_ = false;  ///< 245
};

using TemplatePtr = std::shared_ptr<const CompiledTemplate>;

/// Checks and compiles. Errors: BadTemplate for a record of zero bytes or one that no set can
/// hold; BadScope for a scope of zero fields (IPFIX) or beyond the fields there are.
[[nodiscard]] Decoded<TemplatePtr> compile_template(TemplateDefinition definition,
                                                    std::uint64_t stamp);

}  // namespace weir::wire
