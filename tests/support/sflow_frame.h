#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "collector/model/ip_address.h"

namespace weir::test {

using Bytes = std::vector<std::byte>;

/// Writes big-endian words and pads as XDR does. Shares nothing with the reader it tests.
class WordWriter {
 public:
  WordWriter& u8(std::uint32_t value);
  WordWriter& u16(std::uint32_t value);
  WordWriter& u32(std::uint32_t value);
  WordWriter& u64(std::uint64_t value);
  WordWriter& bytes(std::span<const std::byte> more);
  WordWriter& zeros(std::size_t count);
  /// The 4 or 16 bytes of an address.
  WordWriter& address(const IpAddress& address);
  /// sFlow's address: type 1 or 2, then the bytes.
  WordWriter& typed_address(const IpAddress& address);
  /// Zeros up to a multiple of 4.
  WordWriter& pad();

  [[nodiscard]] const Bytes& written() const { return bytes_; }

 private:
  Bytes bytes_;
};

/// Builds a packet from the link up, header by header, lengths as they are told.
class FrameBuilder {
 public:
  /// 12 bytes of MAC addresses; the type field comes with whatever follows.
  FrameBuilder& ethernet();
  FrameBuilder& vlan(std::uint32_t id, std::uint32_t ether_type = 0x8100);
  FrameBuilder& ether_type(std::uint32_t type);
  enum class Bottom : std::uint8_t { No, Yes };
  FrameBuilder& mpls(std::uint32_t label, Bottom bottom);

  struct Ipv4 {
    IpAddress source = IpAddress::v4(0xc000'0201);       // 192.0.2.1
    IpAddress destination = IpAddress::v4(0xc633'6402);  // 198.51.100.2
    std::uint32_t total_length = 0;
    std::uint32_t protocol = 6;
    std::uint32_t header_words = 5;
    std::uint32_t tos = 0;
    std::uint32_t ttl = 64;
    std::uint32_t fragment_offset = 0;  ///< in units of 8 bytes
  };
  FrameBuilder& ipv4(const Ipv4& header);

  struct Ipv6 {
    IpAddress source = IpAddress::v6(0x2001'0db8'0000'0000, 1);
    IpAddress destination = IpAddress::v6(0x2001'0db8'0000'0000, 2);
    std::uint32_t payload_length = 0;
    std::uint32_t next_header = 6;
    std::uint32_t traffic_class = 0;
    std::uint32_t hop_limit = 64;
  };
  FrameBuilder& ipv6(const Ipv6& header);
  /// `length` in units of 8 bytes, the first not counted.
  FrameBuilder& ipv6_extension(std::uint32_t next_header, std::uint32_t length);
  FrameBuilder& ipv6_fragment(std::uint32_t next_header, std::uint32_t offset);

  FrameBuilder& tcp(std::uint32_t source_port, std::uint32_t destination_port, std::uint32_t flags);
  FrameBuilder& udp(std::uint32_t source_port, std::uint32_t destination_port);
  FrameBuilder& icmp(std::uint32_t type, std::uint32_t code);
  FrameBuilder& zeros(std::size_t count);

  [[nodiscard]] const Bytes& build() const { return writer_.written(); }

 private:
  WordWriter writer_;
};

}  // namespace weir::test
