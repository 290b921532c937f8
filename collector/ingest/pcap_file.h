#pragma once

#include <memory>
#include <optional>
#include <string>

#include "collector/ingest/capture_stats.h"
#include "collector/ingest/pcap_handle.h"
#include "collector/ingest/udp_extract.h"
#include "collector/model/datagram.h"
#include "collector/model/result.h"

namespace weir::ingest {

/// A capture file (pcap or pcapng), read from the front, dated by its own time stamps.
///
/// Threads: one. The bytes it hands out live until the next call. A file that ends inside a
/// packet, as one does whose writer was killed, gives all that is whole and then ends, with
/// cut_short() true.
class PcapFile {
 public:
  /// `-` reads the standard input. Errors: NotFound, Permission, Malformed (no capture file).
  [[nodiscard]] static Result<PcapFile> open(const std::string& path);

  /// The next UDP datagram; nullopt at the end. Malformed: the file breaks off into something
  /// else than packets, or its link type is not read here.
  [[nodiscard]] Result<std::optional<Datagram>> next_datagram();

  /// The next packet as captured; nullopt at the end. Use either this or next_datagram().
  [[nodiscard]] Result<std::optional<CapturedPacket>> next_packet();

  /// Whether the file ended inside a packet. Known once the end is reached.
  [[nodiscard]] bool cut_short() const noexcept { return !warning_.empty(); }
  /// A sentence on that, for people; else empty.
  [[nodiscard]] const std::string& warning() const noexcept { return warning_; }

  /// What became of the packets that next_datagram() read.
  [[nodiscard]] CaptureStats stats() const noexcept { return extractor_.stats(); }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// libpcap DLT_ value.
  [[nodiscard]] int link_type() const noexcept { return link_type_; }

 private:
  PcapFile(std::string path, std::unique_ptr<char[]> buffer, PcapHandle handle, int link_type);

  std::string path_;
  std::unique_ptr<char[]> buffer_;  ///< of the file; goes after the handle that reads into it
  PcapHandle handle_;
  int link_type_;
  UdpExtractor extractor_;
  std::string warning_;
};

}  // namespace weir::ingest
