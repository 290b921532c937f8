#include "collector/generator/pcap_writer.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "collector/generator/byte_writer.h"

namespace weir::generator {
namespace {

constexpr std::uint32_t kMagicMicroseconds = 0xa1b2'c3d4;
constexpr std::uint32_t kLinkTypeEthernet = 1;
constexpr std::uint32_t kSnapshotBytes = 65'535;
constexpr std::uint8_t kUdp = 17;

/// Ones' complement sum of 16-bit words (RFC 1071).
std::uint32_t add_words(std::uint32_t sum, std::span<const std::byte> bytes) noexcept {
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    const auto high = std::to_integer<std::uint32_t>(bytes[i]);
    const auto low = i + 1 < bytes.size() ? std::to_integer<std::uint32_t>(bytes[i + 1]) : 0U;
    sum += high << 8 | low;
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return sum;
}

/// MAC addresses in the locally administered range, and the type of what follows.
void write_ethernet(ByteWriter& frame, std::uint16_t type) {
  frame.u16(0x0200);
  frame.u32(1);
  frame.u16(0x0200);
  frame.u32(2);
  frame.u16(type);
}

void write_ip(ByteWriter& frame, const CapturedDatagram& datagram, std::size_t udp_bytes) {
  if (!datagram.source.is_v4()) {
    frame.u32(6U << 28);
    frame.u16(udp_bytes);
    frame.u8(kUdp);
    frame.u8(64);
    frame.address(datagram.source);
    frame.address(datagram.destination);
    return;
  }
  const std::size_t start = frame.size();
  frame.u8(0x45);
  frame.u8(0);
  frame.u16(20 + udp_bytes);
  frame.u32(0);  // identification, fragment
  frame.u8(64);
  frame.u8(kUdp);
  frame.u16(0);
  frame.address(datagram.source);
  frame.address(datagram.destination);
  frame.set_u16(start + 10, ~add_words(0, std::span{frame.bytes()}.subspan(start)));
}

/// IPv6 demands a checksum (RFC 8200, 8.1); IPv4 may go without.
std::uint32_t udp_checksum(const CapturedDatagram& datagram, const ByteWriter& udp) {
  if (datagram.source.is_v4()) return 0;
  ByteWriter pseudo;
  pseudo.address(datagram.source);
  pseudo.address(datagram.destination);
  pseudo.u32(udp.size());
  pseudo.u32(kUdp);
  const std::uint32_t sum = ~add_words(add_words(0, pseudo.bytes()), udp.bytes()) & 0xffff;
  return sum == 0 ? 0xffff : sum;
}

/// The file's own headers are in the byte order of the machine that writes it; this one
/// writes little-endian ones, so that equal scenarios give equal files everywhere.
void write_little_u32(std::vector<std::byte>& bytes, std::uint64_t value) {
  for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<std::byte>((value >> (8 * i)) & 0xff));
}

}  // namespace

Result<PcapWriter> PcapWriter::create(const std::string& path) {
  std::unique_ptr<std::FILE, Closer> file{std::fopen(path.c_str(), "wb")};
  if (!file)
    return failure(ErrorCode::Unavailable,
                   fmt::format("cannot write {}: {}; choose a path that can be written", path,
                               std::strerror(errno)));
  std::vector<std::byte> header;
  write_little_u32(header, kMagicMicroseconds);
  write_little_u32(header, 4U << 16 | 2U);  // version 2.4
  write_little_u32(header, 0);
  write_little_u32(header, 0);
  write_little_u32(header, kSnapshotBytes);
  write_little_u32(header, kLinkTypeEthernet);
  (void)std::fwrite(header.data(), 1, header.size(), file.get());
  return PcapWriter(std::move(file), path);
}

void PcapWriter::write(const CapturedDatagram& datagram) {
  ByteWriter udp;
  udp.u16(datagram.source_port);
  udp.u16(datagram.destination_port);
  udp.u16(8 + datagram.payload.size());
  udp.u16(0);
  udp.append(datagram.payload);
  udp.set_u16(6, udp_checksum(datagram, udp));
  ByteWriter frame;
  write_ethernet(frame, datagram.source.is_v4() ? 0x0800 : 0x86dd);
  write_ip(frame, datagram, udp.size());
  frame.append(udp.bytes());

  const auto ms = static_cast<std::uint64_t>(since_epoch_ms(datagram.time));
  std::vector<std::byte> header;
  write_little_u32(header, ms / 1'000);
  write_little_u32(header, ms % 1'000 * 1'000);
  write_little_u32(header, frame.size());
  write_little_u32(header, frame.size());
  (void)std::fwrite(header.data(), 1, header.size(), file_.get());
  (void)std::fwrite(frame.bytes().data(), 1, frame.size(), file_.get());
}

Result<void> PcapWriter::close() {
  const bool has_failed = std::ferror(file_.get()) != 0;
  if (std::fclose(file_.release()) != 0 || has_failed)
    return failure(ErrorCode::Unavailable, fmt::format("writing {} failed: {}; is the disk full?",
                                                       path_, std::strerror(errno)));
  return {};
}

}  // namespace weir::generator
