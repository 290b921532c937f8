#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "collector/model/ip_address.h"

namespace weir::contracts {

/// Longest-prefix match over IPv4 and IPv6 at once.
///
/// A multibit trie with leaf pushing: 16 bits at the root, then 8 bits a level, so an IPv4
/// look-up reads one to three entries and an IPv6 look-up as many as the longest prefix
/// beside the address needs. An entry is either the answer or the number of a child node,
/// in one flat array, so there are no pointers to chase and nothing to free.
///
/// Threads: any, once built. Immutable.
class PrefixTrie {
 public:
  struct Entry {
    IpPrefix prefix;
    std::uint32_t value = 0;  ///< 1 to kMaxValue
  };
  static constexpr std::uint32_t kMaxValue = 0x7fff'ffff;

  /// Finds nothing.
  PrefixTrie();

  /// Of several entries with one prefix the last stands.
  explicit PrefixTrie(std::vector<Entry> entries);

  /// The value of the longest prefix that contains `address`, 0 if none does. An IPv6
  /// prefix never contains an IPv4 address.
  [[nodiscard]] std::uint32_t find(const IpAddress& address) const noexcept {
    return address.is_v4() ? find_v4(address.v4_value()) : find_v6(address);
  }

  /// Brings the second entry that find() reads into cache; the first is near always there.
  void prefetch(const IpAddress& address) const noexcept {
    const std::uint32_t entry = entries_[root_index(address)];
    if ((entry & kChild) != 0) __builtin_prefetch(&entries_[child_index(entry, second(address))]);
  }

  /// True if find() finds nothing, whatever the address.
  [[nodiscard]] bool is_empty() const noexcept { return is_empty_; }

  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return entries_.size() * sizeof(std::uint32_t);
  }

 private:
  static constexpr std::uint32_t kChild = 0x8000'0000;
  static constexpr std::uint32_t kRootEntries = 65'536;
  static constexpr std::uint32_t kNodeEntries = 256;
  /// The IPv4 root, then the IPv6 root, then the nodes.
  static constexpr std::size_t kNodesBegin = std::size_t{2} * kRootEntries;

  static std::size_t child_index(std::uint32_t entry, std::uint32_t byte) noexcept {
    return kNodesBegin + std::size_t{entry & ~kChild} * kNodeEntries + byte;
  }
  static std::size_t root_index(const IpAddress& address) noexcept {
    return address.is_v4() ? address.v4_value() >> 16 : kRootEntries + (address.high() >> 48);
  }
  /// The eight bits after the root's.
  static std::uint32_t second(const IpAddress& address) noexcept {
    return address.is_v4() ? (address.v4_value() >> 8) & 0xff
                           : static_cast<std::uint32_t>(address.high() >> 40) & 0xff;
  }

  [[nodiscard]] std::uint32_t find_v4(std::uint32_t address) const noexcept {
    std::uint32_t entry = entries_[address >> 16];
    if ((entry & kChild) == 0) return entry;
    entry = entries_[child_index(entry, (address >> 8) & 0xff)];
    if ((entry & kChild) == 0) return entry;
    return entries_[child_index(entry, address & 0xff)];
  }
  [[nodiscard]] std::uint32_t find_v6(const IpAddress& address) const noexcept;

  void insert(const IpPrefix& prefix, std::uint32_t value);

  std::vector<std::uint32_t> entries_;
  bool is_empty_ = true;
};

}  // namespace weir::contracts
