#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "collector/model/ip_address.h"
#include "collector/model/result.h"
#include "collector/model/time.h"

namespace weir::generator {

/// A UDP datagram as it would cross an Ethernet.
struct CapturedDatagram {
  IpAddress source;
  IpAddress destination;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  TrafficTime time;
  std::span<const std::byte> payload;
};

/// Writes a capture file: classic pcap, microseconds, Ethernet. Owns the file; threads: one.
class PcapWriter {
 public:
  [[nodiscard]] static Result<PcapWriter> create(const std::string& path);

  /// Source and destination are of one family.
  void write(const CapturedDatagram& datagram);

  /// Says whether every byte reached the file; nothing is written afterwards.
  [[nodiscard]] Result<void> close();

 private:
  struct Closer {
    void operator()(std::FILE* file) const noexcept { (void)std::fclose(file); }
  };
  PcapWriter(std::unique_ptr<std::FILE, Closer> file, std::string path)
      : file_(std::move(file)), path_(std::move(path)) {}

  std::unique_ptr<std::FILE, Closer> file_;
  std::string path_;
};

}  // namespace weir::generator
