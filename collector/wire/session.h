#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

#include "collector/model/connection_id.h"
#include "collector/model/exporter.h"
#include "collector/model/ip_address.h"

namespace weir::wire {

/// An observation domain of an exporter, whatever port it sends from: where samplers are
/// known, and where a session without a template looks for one.
struct DomainKey {
  IpAddress address;
  Protocol protocol = Protocol::Netflow9;
  std::uint32_t domain = 0;

  friend bool operator==(const DomainKey&, const DomainKey&) noexcept = default;
};

/// One transport session and observation domain: the scope of templates and of sequence
/// numbers (RFC 7011, 8). A TCP connection is one by its own number, so that the next one
/// from the same port knows nothing of it.
struct SessionKey {
  DomainKey domain;
  std::uint16_t port = 0;
  ConnectionId connection{};

  [[nodiscard]] bool is_stream() const noexcept { return connection != ConnectionId{}; }

  friend bool operator==(const SessionKey&, const SessionKey&) noexcept = default;
};

/// Hashes keys that outsiders choose; takes a seed that they cannot know.
class KeyHash {
 public:
  using is_avalanching = void;

  explicit KeyHash(std::uint64_t seed) noexcept : seed_(seed) {}

  [[nodiscard]] std::size_t operator()(const IpAddress& address) const noexcept {
    return finish(hash_address(address, seed_));
  }
  [[nodiscard]] std::size_t operator()(const DomainKey& key) const noexcept {
    const std::uint64_t tail =
        (std::uint64_t{key.domain} << 8) | static_cast<std::uint64_t>(key.protocol);
    return finish(hash_address(key.address, seed_) ^ (tail * 0x9e37'79b9'7f4a'7c15ULL));
  }
  [[nodiscard]] std::size_t operator()(const SessionKey& key) const noexcept {
    return finish((*this)(key.domain) +
                  (key.port ^ (key.connection.value() << 16)) * 0xd6e8'feb8'6659'fd93ULL);
  }

 private:
  [[nodiscard]] static std::size_t finish(std::uint64_t h) noexcept {
    h = (h ^ (h >> 32)) * 0xd6e8'feb8'6659'fd93ULL;
    h = (h ^ (h >> 32)) * 0xd6e8'feb8'6659'fd93ULL;
    return h ^ (h >> 32);
  }

  std::uint64_t seed_;
};

}  // namespace weir::wire
