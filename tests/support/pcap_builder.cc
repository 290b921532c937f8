#include "tests/support/pcap_builder.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace weir::test {
namespace {

using Bytes = std::span<const std::byte>;

void put(Octets& out, std::uint64_t value, int count, ByteOrder order = ByteOrder::Big) {
  for (int i = 0; i < count; ++i) {
    const int shift = 8 * (order == ByteOrder::Big ? count - 1 - i : i);
    out.push_back(static_cast<std::byte>(value >> shift));
  }
}

void put(Octets& out, Bytes bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

std::uint16_t length_of(std::size_t bytes) { return static_cast<std::uint16_t>(bytes); }

std::uint16_t ether_type_of(Bytes packet) {
  const bool is_v6 = !packet.empty() && std::to_integer<unsigned>(packet[0]) >> 4 == 6;
  return is_v6 ? 0x86dd : 0x0800;
}

}  // namespace

Octets octets(std::string_view text) {
  const Bytes bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

Octets pattern(std::size_t count) {
  Octets out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::byte>(i * 7 + (i >> 8));
  return out;
}

Octets join(std::initializer_list<Bytes> parts) {
  Octets out;
  for (const Bytes part : parts) put(out, part);
  return out;
}

Octets udp(Bytes payload, const UdpFields& fields) {
  Octets out;
  put(out, fields.source_port, 2);
  put(out, fields.destination_port, 2);
  put(out, fields.length.value_or(length_of(8 + payload.size())), 2);
  put(out, 0, 2);
  put(out, payload);
  return out;
}

Octets ipv4(Bytes payload, const Ipv4Fields& fields) {
  const std::size_t header_bytes = 20 + fields.option_bytes;
  const auto words = static_cast<std::uint8_t>(header_bytes / 4);
  Octets out;
  put(out, 0x40U | fields.header_words.value_or(words), 1);
  put(out, 0, 1);
  put(out, fields.length.value_or(length_of(header_bytes + payload.size())), 2);
  put(out, fields.identification, 2);
  put(out, fields.offset / 8 | (fields.has_more ? 0x2000U : 0U), 2);
  put(out, 64, 1);
  put(out, fields.protocol, 1);
  put(out, 0, 2);
  put(out, fields.source.v4_value(), 4);
  put(out, fields.destination.v4_value(), 4);
  put(out, Octets(fields.option_bytes));
  put(out, payload);
  return out;
}

Octets ipv6(Bytes payload, const Ipv6Fields& fields) {
  Octets out;
  put(out, 0x6000'0000, 4);
  put(out, fields.length.value_or(length_of(payload.size())), 2);
  put(out, fields.next_header, 1);
  put(out, 64, 1);
  for (const IpAddress& address : {fields.source, fields.destination}) {
    put(out, address.high(), 8);
    put(out, address.low(), 8);
  }
  put(out, payload);
  return out;
}

Octets ipv6_extension(std::uint8_t next_header, Bytes rest) {
  Octets out;
  put(out, next_header, 1);
  put(out, 0, 7);
  put(out, rest);
  return out;
}

Octets ipv6_fragment(Bytes part, const Ipv6FragmentFields& fields) {
  Octets out;
  put(out, fields.next_header, 1);
  put(out, 0, 1);
  put(out, fields.offset | (fields.has_more ? 1U : 0U), 2);
  put(out, fields.identification, 4);
  put(out, part);
  return out;
}

Octets ethernet(Bytes packet, const std::vector<VlanTag>& tags) {
  Octets out(12);
  for (const VlanTag& tag : tags) {
    put(out, tag.ether_type, 2);
    put(out, tag.vlan, 2);
  }
  put(out, ether_type_of(packet), 2);
  put(out, packet);
  return out;
}

Octets ethernet_of_type(std::uint16_t ether_type, Bytes rest) {
  Octets out(12);
  put(out, ether_type, 2);
  put(out, rest);
  return out;
}

Octets linux_cooked(Bytes packet) {
  Octets out(14);
  put(out, ether_type_of(packet), 2);
  put(out, packet);
  return out;
}

Octets linux_cooked_2(Bytes packet) {
  Octets out;
  put(out, ether_type_of(packet), 2);
  put(out, Octets(18));
  put(out, packet);
  return out;
}

Octets bsd_loopback(Bytes packet, std::uint32_t family, ByteOrder order) {
  Octets out;
  put(out, family, 4, order);
  put(out, packet);
  return out;
}

PcapBuilder::PcapBuilder(std::uint32_t link_type, Format format, ByteOrder order)
    : format_(format), order_(order) {
  if (format == Format::Pcapng) {
    u32(0x0a0d'0d0a);  // section header block
    u32(28);
    u32(0x1a2b'3c4d);
    u16(1);
    u16(0);
    put(bytes_, ~std::uint64_t{0}, 8);
    u32(28);
    u32(1);  // interface description block
    u32(20);
    u16(static_cast<std::uint16_t>(link_type));
    u16(0);
    u32(262'144);
    u32(20);
    return;
  }
  u32(format == Format::Nanoseconds ? 0xa1b2'3c4d : 0xa1b2'c3d4);
  u16(2);
  u16(4);
  u32(0);
  u32(0);
  u32(262'144);
  u32(link_type);
}

void PcapBuilder::u16(std::uint16_t value) { put(bytes_, value, 2, order_); }
void PcapBuilder::u32(std::uint32_t value) { put(bytes_, value, 4, order_); }

PcapBuilder& PcapBuilder::add(Bytes packet, std::int64_t time_ms,
                              std::optional<std::size_t> captured_bytes) {
  const std::size_t captured = std::min(captured_bytes.value_or(packet.size()), packet.size());
  const auto milliseconds = static_cast<std::uint64_t>(time_ms);
  if (format_ == Format::Pcapng) {
    const std::size_t padded = (captured + 3) / 4 * 4;
    const std::uint64_t microseconds = milliseconds * 1'000;
    u32(6);  // enhanced packet block
    u32(static_cast<std::uint32_t>(32 + padded));
    u32(0);
    u32(static_cast<std::uint32_t>(microseconds >> 32));
    u32(static_cast<std::uint32_t>(microseconds));
    u32(static_cast<std::uint32_t>(captured));
    u32(static_cast<std::uint32_t>(packet.size()));
    put(bytes_, packet.first(captured));
    put(bytes_, Octets(padded - captured));
    u32(static_cast<std::uint32_t>(32 + padded));
    return *this;
  }
  const std::uint64_t fraction =
      milliseconds % 1'000 * (format_ == Format::Nanoseconds ? 1'000'000 : 1'000);
  u32(static_cast<std::uint32_t>(milliseconds / 1'000));
  u32(static_cast<std::uint32_t>(fraction));
  u32(static_cast<std::uint32_t>(captured));
  u32(static_cast<std::uint32_t>(packet.size()));
  put(bytes_, packet.first(captured));
  return *this;
}

TemporaryFile::TemporaryFile(Bytes contents) {
  std::string name = (std::filesystem::temp_directory_path() / "weir-XXXXXX").string();
  const int fd = ::mkstemp(name.data());
  if (fd < 0) throw std::runtime_error("cannot make " + name);
  path_ = name;
  while (!contents.empty()) {
    const ssize_t written = ::write(fd, contents.data(), contents.size());
    if (written <= 0) break;
    contents = contents.subspan(static_cast<std::size_t>(written));
  }
  ::close(fd);
  if (!contents.empty()) throw std::runtime_error("cannot write " + name);
}

TemporaryFile::~TemporaryFile() { ::unlink(path_.c_str()); }

}  // namespace weir::test
