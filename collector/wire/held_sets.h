#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <utility>
#include <vector>

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
    std::uint32_t domain = 0;
    std::uint16_t set_id = 0;

    friend auto operator<=>(const Key&, const Key&) noexcept = default;
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
  struct Entry {
    Held held;
    std::uint64_t order = 0;  ///< of arrival
  };
  using Sets = std::list<Entry>;
  /// Ordered, so that the keys of one domain are found without a look at those of others,
  /// which an exporter may have held by the thousand.
  using Place = std::pair<Key, std::uint64_t>;  ///< key and order of a set

  [[nodiscard]] static std::size_t cost_of(const Held& set) noexcept;
  [[nodiscard]] static Key key_of(const Held& set) noexcept;
  [[nodiscard]] std::uint32_t give_up_oldest();

  Sets sets_;
  std::map<Place, Sets::iterator> waiting_;
  std::uint64_t last_order_ = 0;
  std::size_t cost_ = 0;
};

}  // namespace weir::wire
