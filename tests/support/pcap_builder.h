#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collector/model/ip_address.h"

namespace weir::test {

/// Builds packets and capture files byte by byte, right or broken on purpose. Shares no code
/// with what reads them.

using Octets = std::vector<std::byte>;

[[nodiscard]] Octets octets(std::string_view text);
/// `count` bytes that differ from place to place, so that a shift shows.
[[nodiscard]] Octets pattern(std::size_t count);
[[nodiscard]] Octets join(std::initializer_list<std::span<const std::byte>> parts);

struct UdpFields {
  std::uint16_t source_port = 50'000;
  std::uint16_t destination_port = 2'055;
  std::optional<std::uint16_t> length{};  ///< empty: the right one
};
[[nodiscard]] Octets udp(std::span<const std::byte> payload, const UdpFields& fields = {});

struct Ipv4Fields {
  IpAddress source = IpAddress::v4(0xc000'0201);       // 192.0.2.1
  IpAddress destination = IpAddress::v4(0xc633'6402);  // 198.51.100.2
  std::uint8_t protocol = 17;
  std::uint16_t identification = 7;
  std::size_t offset = 0;  ///< bytes; a multiple of 8
  bool has_more = false;
  std::size_t option_bytes = 0;  ///< a multiple of 4
  std::optional<std::uint16_t> length{};
  std::optional<std::uint8_t> header_words{};
};
[[nodiscard]] Octets ipv4(std::span<const std::byte> payload, const Ipv4Fields& fields = {});

struct Ipv6Fields {
  IpAddress source = IpAddress::v6(0x2001'0db8'0000'0000, 1);
  IpAddress destination = IpAddress::v6(0x2001'0db8'0000'0000, 2);
  std::uint8_t next_header = 17;
  std::optional<std::uint16_t> length{};
};
[[nodiscard]] Octets ipv6(std::span<const std::byte> payload, const Ipv6Fields& fields = {});

/// An extension header of eight bytes (hop-by-hop 0, routing 43, destination options 60).
[[nodiscard]] Octets ipv6_extension(std::uint8_t next_header, std::span<const std::byte> rest);

struct Ipv6FragmentFields {
  std::uint8_t next_header = 17;
  std::uint32_t identification = 7;
  std::size_t offset = 0;  ///< bytes; a multiple of 8
  bool has_more = false;
};
[[nodiscard]] Octets ipv6_fragment(std::span<const std::byte> part,
                                   const Ipv6FragmentFields& fields);

struct VlanTag {
  std::uint16_t ether_type = 0x8100;
  std::uint16_t vlan = 1;
};
/// The type is 0x86dd where the packet says version 6, else 0x0800.
[[nodiscard]] Octets ethernet(std::span<const std::byte> packet,
                              const std::vector<VlanTag>& tags = {});
[[nodiscard]] Octets ethernet_of_type(std::uint16_t ether_type, std::span<const std::byte> rest);
[[nodiscard]] Octets linux_cooked(std::span<const std::byte> packet);
[[nodiscard]] Octets linux_cooked_2(std::span<const std::byte> packet);

enum class ByteOrder : std::uint8_t { Little, Big };
[[nodiscard]] Octets bsd_loopback(std::span<const std::byte> packet, std::uint32_t family,
                                  ByteOrder order);

/// A capture file in the making. Link types are the file's (LINKTYPE_ values).
class PcapBuilder {
 public:
  enum class Format : std::uint8_t { Microseconds, Nanoseconds, Pcapng };

  explicit PcapBuilder(std::uint32_t link_type = 1, Format format = Format::Microseconds,
                       ByteOrder order = ByteOrder::Little);

  /// A packet at `time_ms` since 1970, whole or cut to `captured_bytes`.
  PcapBuilder& add(std::span<const std::byte> packet, std::int64_t time_ms = 0,
                   std::optional<std::size_t> captured_bytes = std::nullopt);

  [[nodiscard]] const Octets& bytes() const noexcept { return bytes_; }

 private:
  void u16(std::uint16_t value);
  void u32(std::uint32_t value);

  Format format_;
  ByteOrder order_;
  Octets bytes_;
};

/// A file in the test's temporary folder that goes with the object.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::span<const std::byte> contents);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

}  // namespace weir::test
