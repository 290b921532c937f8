#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/config/problem_list.h"
#include "collector/contracts/contract.h"

namespace weir::config {

/// A value as the file has it, with its place.
struct Word {
  std::string text;
  Place place;
};

/// The fields of a contract that hold one value each.
enum class ContractField : std::uint8_t {
  Id,
  Customer,
  Service,
  Pop,
  Committed,
  Ceiling,
  Method,
  Direction,
  Timezone,
  Day,
  From,
  Until,
  Source
};
inline constexpr std::array<std::string_view, 13> kContractFieldNames{
    "id",        "customer", "service", "pop",  "committed", "ceiling", "method",
    "direction", "timezone", "day",     "from", "until",     "source"};

enum class AttachmentField : std::uint8_t { Exporter, Interface, Vlan, Prefix, As };
inline constexpr std::array<std::string_view, 5> kAttachmentFieldNames{"exporter", "interface",
                                                                       "vlan", "prefix", "as"};

/// Where a contract touches the backbone, as written.
struct AttachmentDraft {
  Place place;
  std::array<std::optional<Word>, kAttachmentFieldNames.size()> words;
};

/// A contract as written, before its words are read as values. YAML and CSV both lead here,
/// so that each word has one meaning.
struct ContractDraft {
  Place place;
  std::array<std::optional<Word>, kContractFieldNames.size()> words;
  std::vector<AttachmentDraft> attach;

  [[nodiscard]] const std::optional<Word>& word(ContractField field) const {
    return words[static_cast<std::size_t>(field)];
  }
};

/// Reads the words as values. What is wrong is told to `problems`; the contract then lacks it.
[[nodiscard]] contracts::Contract to_contract(const ContractDraft& draft, ProblemList& problems);

}  // namespace weir::config
