#include "collector/ingest/pcap_file.h"

#include <fmt/format.h>
#include <pcap/pcap.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <system_error>
#include <utility>

#include "collector/ingest/link_layer.h"

namespace weir::ingest {
namespace {

struct FileCloser {
  void operator()(std::FILE* file) const noexcept {
    // libpcap leaves the standard input open too.
    if (file != stdin) static_cast<void>(std::fclose(file));
  }
};
using FileHandle = std::unique_ptr<std::FILE, FileCloser>;

tl::unexpected<Error> open_failure(const std::string& path, int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return failure(ErrorCode::NotFound, fmt::format("capture file {} is not there; check the "
                                                      "path",
                                                      path));
    case EACCES:
    case EPERM:
      return failure(ErrorCode::Permission,
                     fmt::format("capture file {} may not be read by this user; change its "
                                 "permissions",
                                 path));
    default:
      return failure(ErrorCode::Internal, fmt::format("cannot open capture file {}: {}", path,
                                                      std::generic_category().message(error)));
  }
}

constexpr std::size_t kReadBytes = std::size_t{1} << 16;

/// libpcap has no code for it, and says it in the same word in all its readers.
bool says_cut_short(std::string_view text) noexcept {
  return text.find("truncated") != std::string_view::npos;
}

}  // namespace

PcapFile::PcapFile(std::string path, std::unique_ptr<char[]> buffer, PcapHandle handle,
                   int link_type)
    : path_(std::move(path)),
      buffer_(std::move(buffer)),
      handle_(std::move(handle)),
      link_type_(link_type) {}

Result<PcapFile> PcapFile::open(const std::string& path) {
  auto buffer = std::make_unique<char[]>(kReadBytes);
  // `e`: not inherited by programs that the process starts.
  FileHandle file(path == "-" ? stdin : std::fopen(path.c_str(), "rbe"));
  if (!file) return open_failure(path, errno);
  // Captures are read from end to end: large reads spare most of the system calls.
  static_cast<void>(std::setvbuf(file.get(), buffer.get(), _IOFBF, kReadBytes));
  std::array<char, PCAP_ERRBUF_SIZE> text{};
  PcapHandle handle(pcap_fopen_offline(file.get(), text.data()));
  if (!handle)
    return failure(ErrorCode::Malformed,
                   fmt::format("{} is no capture file that can be read ({}); give a pcap or "
                               "pcapng file, uncompressed",
                               path, text.data()));
  // The session closes the file from here on.
  static_cast<void>(file.release());
  const int link_type = pcap_datalink(handle.get());
  return PcapFile(path, std::move(buffer), std::move(handle), link_type);
}

Result<std::optional<Datagram>> PcapFile::next_datagram() {
  if (!is_link_type_supported(link_type_)) {
    const char* const name = pcap_datalink_val_to_name(link_type_);
    return failure(ErrorCode::Malformed,
                   fmt::format("{} was captured on link type {} ({}), which is not read here; "
                               "capture on Ethernet, Linux cooked or raw IP",
                               path_, link_type_, name == nullptr ? "unknown" : name));
  }
  for (;;) {
    auto packet = next_packet();
    if (!packet) return tl::unexpected(std::move(packet.error()));
    if (!*packet) {
      extractor_.finish();
      return std::nullopt;
    }
    if (auto datagram = extractor_.extract(**packet)) return datagram;
  }
}

Result<std::optional<CapturedPacket>> PcapFile::next_packet() {
  // After a broken end libpcap would read on from wherever it stopped.
  if (cut_short()) return std::nullopt;
  pcap_pkthdr* header = nullptr;
  const unsigned char* bytes = nullptr;
  switch (pcap_next_ex(handle_.get(), &header, &bytes)) {
    case 1:
      return captured_packet(*header, bytes, link_type_);
    case PCAP_ERROR_BREAK:
      return std::nullopt;
    default:
      break;
  }
  const std::string text = pcap_geterr(handle_.get());
  if (!says_cut_short(text))
    return failure(
        ErrorCode::Malformed,
        fmt::format("{} cannot be read further ({}); what came before it is whole", path_, text));
  warning_ = fmt::format("{} ends inside a packet ({}); all before that was read", path_, text);
  return std::nullopt;
}

}  // namespace weir::ingest
