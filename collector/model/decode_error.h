#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {
inline namespace model {

/// Every reason for which a datagram, set, record or sample is refused. The names are
/// label values of weir_exporter_malformed_total.
enum class DecodeError : std::uint8_t {
  Empty,              ///< datagram without a byte
  UnknownVersion,     ///< version word is none of 1, 5, 7, 9, 10 or sFlow 5
  Truncated,          ///< ends inside a header, set, record or sample
  BadCount,           ///< a record count that the protocol or the length forbids
  BadSetLength,       ///< a set or FlowSet shorter than its own header
  BadTemplate,        ///< empty record, impossible lengths, too many fields
  BadScope,           ///< options template scope that is zero or beyond its fields
  BadFieldLength,     ///< a field length that its element cannot have
  BadVariableLength,  ///< a variable length beyond the record's end
  BadMessageLength,   ///< IPFIX length that is not the datagram's (read leniently, counted)
  BadAddressType,     ///< sFlow address type other than 0, 1, 2
  BadSampleLength,    ///< sFlow sample or record longer than what holds it
  TooManyTemplates,   ///< over the limits of DecoderLimits
  TooManyDomains,
  TooManyInterfaces,  ///< names or speeds of more interfaces than are kept
};
inline constexpr std::size_t kDecodeErrors = 15;

[[nodiscard]] constexpr std::string_view decode_error_name(DecodeError error) noexcept {
  switch (error) {
    case DecodeError::Empty:
      return "empty";
    case DecodeError::UnknownVersion:
      return "unknown_version";
    case DecodeError::Truncated:
      return "truncated";
    case DecodeError::BadCount:
      return "bad_count";
    case DecodeError::BadSetLength:
      return "bad_set_length";
    case DecodeError::BadTemplate:
      return "bad_template";
    case DecodeError::BadScope:
      return "bad_scope";
    case DecodeError::BadFieldLength:
      return "bad_field_length";
    case DecodeError::BadVariableLength:
      return "bad_variable_length";
    case DecodeError::BadMessageLength:
      return "bad_message_length";
    case DecodeError::BadAddressType:
      return "bad_address_type";
    case DecodeError::BadSampleLength:
      return "bad_sample_length";
    case DecodeError::TooManyTemplates:
      return "too_many_templates";
    case DecodeError::TooManyDomains:
      return "too_many_domains";
    case DecodeError::TooManyInterfaces:
      return "too_many_interfaces";
  }
  return "unknown";
}

}  // namespace model
}  // namespace weir
