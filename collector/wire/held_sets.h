#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <utility>
#include <vector>

#include "collector/model/flow_record.h"
#include "collector/wire/compiled_template.h"
#include "collector/wire/session.h"

namespace weir::wire {

/// One exporter's data sets that wait, oldest first: for their template, or, where that is
/// known, for the sampling interval of their records.
///
/// Bounded in bytes (each set's own cost included) and in traffic time; what goes for
/// that is given up, to the caller, who counts it. Every held byte leaves once: taken
/// or given up.
///
/// Threads: one. Owns copies of the bytes.
class HeldSets {
 public:
  /// Stands for the set id in the key of sets that wait for sampling; no data set has it
  /// (RFC 7011, 3.3.2).
  static constexpr std::uint16_t kForSampling = 0;

  struct Held {
    MessageContext context;
    std::uint16_t set_id = 0;
    std::vector<std::byte> body;
    TemplatePtr layout;         ///< null: this is what it waits for
    std::uint32_t records = 0;  ///< in it, where the layout is known
  };
  /// What is awaited; the port is left out, since another session may bring it.
  struct Key {
    Protocol protocol = Protocol::Netflow9;
    std::uint32_t domain = 0;
    std::uint16_t set_id = 0;  ///< whose template; or kForSampling

    friend auto operator<=>(const Key&, const Key&) noexcept = default;
  };

  [[nodiscard]] bool empty() const noexcept { return sets_.empty(); }

  /// Keeps a set. Gives those that the bound of `most_bytes` pushes out: older ones, or the set
  /// itself if it is too large alone.
  [[nodiscard]] std::vector<Held> hold(Held set, std::size_t most_bytes);

  /// Gives up sets that came before `oldest`.
  [[nodiscard]] std::vector<Held> expire(TrafficTime oldest);

  /// Takes out all sets, oldest first.
  [[nodiscard]] std::vector<Held> take_all();

  /// Takes out all sets of `key`, oldest first.
  [[nodiscard]] std::vector<Held> take(const Key& key);

  [[nodiscard]] bool awaits(const Key& key) const noexcept {
    const auto first = waiting_.lower_bound({key, 0});
    return first != waiting_.end() && first->first.first == key;
  }

  /// Hands each set of `key` to `try_again`, oldest first, which leaves in it what has to
  /// wait further, in the same place. It may not touch these HeldSets otherwise.
  template <class TryAgain>
  void retry(const Key& key, TryAgain try_again) {
    auto next = waiting_.lower_bound({key, 0});
    while (next != waiting_.end() && next->first.first == key) {
      Held& held = next->second->held;
      cost_ -= cost_of(held);
      try_again(held);
      if (held.body.empty()) {
        sets_.erase(next->second);
        next = waiting_.erase(next);
      } else {
        cost_ += cost_of(held);
        ++next;
      }
    }
  }

  /// Up to `most` keys of one observation domain whose template is waited for.
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
  [[nodiscard]] Held give_up_oldest();

  Sets sets_;
  std::map<Place, Sets::iterator> waiting_;
  std::uint64_t last_order_ = 0;
  std::size_t cost_ = 0;
};

}  // namespace weir::wire
