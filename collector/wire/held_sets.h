#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "collector/model/flow_record.h"
#include "collector/wire/session.h"

namespace weir::wire {

/// One exporter's data sets that wait for their template, oldest first.
///
/// Bounded in bytes (each set's own cost included) and in traffic time; what goes for
/// that is given up and the caller counts its bytes. Every held byte leaves once: taken
/// or given up.
///
/// Threads: one. Owns copies of the bytes.
class HeldSets {
 public:
  struct Held {
    MessageContext context;
    std::uint16_t set_id = 0;
    std::vector<std::byte> body;
  };
  /// Whose template is awaited; the port is left out, since another session may bring it.
  struct Key {
    Protocol protocol = Protocol::Netflow9;
    std::uint16_t set_id = 0;
    std::uint32_t domain = 0;

    friend bool operator==(const Key&, const Key&) noexcept = default;
    friend std::size_t hash_value(const Key& key) noexcept {
      const std::uint64_t word = (std::uint64_t{key.domain} << 32) |
                                 (std::uint64_t{key.set_id} << 8) |
                                 static_cast<std::uint64_t>(key.protocol);
      return static_cast<std::size_t>((word ^ (word >> 29)) * 0xbf58'476d'1ce4'e5b9ULL);
    }
  };

  [[nodiscard]] bool empty() const noexcept { return sets_.empty(); }

  /// Keeps a set; a bound of `most_bytes` may push out older ones, whose bytes are given.
  [[nodiscard]] std::uint32_t hold(Held set, std::size_t most_bytes);

  /// Gives up sets that came before `oldest`; gives their bytes.
  [[nodiscard]] std::uint32_t expire(TrafficTime oldest);

  /// Takes out all sets of `key`, oldest first.
  [[nodiscard]] std::vector<Held> take(const Key& key);

  /// Up to `most` keys of one observation domain that are waited for.
  [[nodiscard]] std::vector<Key> awaited(Protocol protocol, std::uint32_t domain,
                                         std::size_t most) const;

 private:
  using Sets = std::list<Held>;

  [[nodiscard]] static std::size_t cost_of(const Held& set) noexcept;
  [[nodiscard]] static Key key_of(const Held& set) noexcept;
  [[nodiscard]] std::uint32_t give_up_oldest();

  Sets sets_;
  boost::unordered_flat_map<Key, std::deque<Sets::iterator>> waiting_;
  std::size_t cost_ = 0;
};

}  // namespace weir::wire
