#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collector/generator/scenario.h"
#include "collector/model/result.h"

namespace weir::generator {

/// One UDP socket per exporter, bound to the exporter's address, so that a collector sees
/// different routers. Owns the sockets; threads: one.
class UdpSender {
 public:
  /// `target` is "HOST:PORT" or "[ADDRESS]:PORT".
  [[nodiscard]] static Result<UdpSender> open(std::string_view target,
                                              std::span<const ExporterPlan> exporters);

  /// False when the system refused the datagram. `exporter` counts in the list of open().
  [[nodiscard]] bool send(std::size_t exporter, std::span<const std::byte> payload) noexcept;

  ~UdpSender();
  UdpSender(UdpSender&& other) noexcept;
  UdpSender& operator=(UdpSender&&) = delete;

 private:
  UdpSender() = default;

  std::vector<int> sockets_;
  sockaddr_storage target_{};
  socklen_t target_bytes_ = 0;
};

}  // namespace weir::generator
