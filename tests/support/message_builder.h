#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "collector/model/datagram.h"
#include "collector/model/ip_address.h"

/// Builders of NetFlow v5, v9 and IPFIX messages, for tests. They share no code with the
/// decoders, and every length and count can be declared wrongly.
namespace weir::test {

/// Big-endian bytes, appended.
class ByteWriter {
 public:
  ByteWriter& u8(std::uint64_t value) { return integer(value, 1); }
  ByteWriter& u16(std::uint64_t value) { return integer(value, 2); }
  ByteWriter& u32(std::uint64_t value) { return integer(value, 4); }
  ByteWriter& u64(std::uint64_t value) { return integer(value, 8); }
  ByteWriter& integer(std::uint64_t value, std::size_t length);
  /// An IPv4 address as 4 bytes, an IPv6 address as 16.
  ByteWriter& address(std::string_view text);
  ByteWriter& bytes(std::span<const std::byte> more);
  ByteWriter& zeros(std::size_t count);

  [[nodiscard]] const std::vector<std::byte>& data() const noexcept { return data_; }

 private:
  std::vector<std::byte> data_;
};

struct TestField {
  std::uint16_t id = 0;
  std::uint16_t length = 0;
  std::uint32_t enterprise = 0;
};

/// A template record. `declared_count` breaks what is built.
[[nodiscard]] std::vector<std::byte> template_record(
    std::uint16_t id, std::initializer_list<TestField> fields,
    std::optional<std::uint16_t> declared_count = std::nullopt);

struct OptionsTemplate {
  std::uint16_t id = 0;
  std::vector<TestField> scopes;
  std::vector<TestField> options;
  std::optional<std::uint16_t> declared_scope{};   ///< v9: bytes; IPFIX: fields
  std::optional<std::uint16_t> declared_option{};  ///< v9: bytes; IPFIX: all fields
};
[[nodiscard]] std::vector<std::byte> netflow9_options_template(const OptionsTemplate& t);
[[nodiscard]] std::vector<std::byte> ipfix_options_template(const OptionsTemplate& t);

struct TestSet {
  std::uint16_t id = 0;
  std::vector<std::byte> body;
  std::optional<std::uint16_t> declared_length{};
};

struct Netflow9Message {
  std::uint32_t uptime_ms = 100'000;
  std::uint32_t seconds = 1'700'000'000;
  std::uint32_t sequence = 0;
  std::uint32_t domain = 7;
  std::vector<TestSet> sets{};
};
[[nodiscard]] std::vector<std::byte> build(const Netflow9Message& message);

struct IpfixMessage {
  std::uint32_t seconds = 1'700'000'000;
  std::uint32_t sequence = 0;
  std::uint32_t domain = 7;
  std::vector<TestSet> sets{};
  std::optional<std::uint16_t> declared_length{};
};
[[nodiscard]] std::vector<std::byte> build(const IpfixMessage& message);

/// All fields of a v5 record that Weir reads.
struct Netflow5Record {
  std::string_view source = "192.0.2.1";
  std::string_view destination = "198.51.100.2";
  std::string_view next_hop = "203.0.113.3";
  std::uint16_t input = 11;
  std::uint16_t output = 12;
  std::uint32_t packets = 10;
  std::uint32_t octets = 1'500;
  std::uint32_t first = 90'000;
  std::uint32_t last = 95'000;
  std::uint16_t source_port = 443;
  std::uint16_t destination_port = 50'000;
  std::uint8_t tcp_flags = 0x1b;
  std::uint8_t protocol = 6;
  std::uint8_t tos = 8;
  std::uint16_t source_as = 64'500;
  std::uint16_t destination_as = 64'501;
};

struct Netflow5Message {
  std::uint16_t version = 5;  ///< 1 and 7 as well
  std::uint32_t uptime_ms = 100'000;
  std::uint32_t seconds = 1'700'000'000;
  std::uint32_t nanoseconds = 500'000'000;
  std::uint32_t sequence = 0;
  std::uint8_t engine_type = 0;
  std::uint8_t engine_id = 0;
  std::uint16_t sampling = 0;
  std::vector<Netflow5Record> records{};
  std::optional<std::uint16_t> declared_count{};
};
[[nodiscard]] std::vector<std::byte> build(const Netflow5Message& message);

/// A datagram of `payload` from 192.0.2.250, port 50000.
[[nodiscard]] Datagram datagram_of(std::span<const std::byte> payload);

}  // namespace weir::test
