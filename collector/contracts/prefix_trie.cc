#include "collector/contracts/prefix_trie.h"

#include <algorithm>
#include <cassert>

namespace weir::contracts {
namespace {

/// The byte of an address at bit `depth` (a multiple of 8) of its own family's bits.
std::uint32_t byte_at(const IpAddress& address, unsigned depth) noexcept {
  if (address.is_v4()) return (address.v4_value() >> (24 - depth)) & 0xff;
  const std::uint64_t word = depth < 64 ? address.high() : address.low();
  return static_cast<std::uint32_t>(word >> (56 - depth % 64)) & 0xff;
}

}  // namespace

PrefixTrie::PrefixTrie() : entries_(kNodesBegin, 0) {}

PrefixTrie::PrefixTrie(std::vector<Entry> entries) : PrefixTrie() {
  is_empty_ = entries.empty();
  // Shorter prefixes go first: a longer one then only ever refines what stands there.
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.prefix.length() < b.prefix.length();
  });
  for (const Entry& entry : entries) insert(entry.prefix, entry.value);
  entries_.shrink_to_fit();
}

void PrefixTrie::insert(const IpPrefix& prefix, std::uint32_t value) {
  assert(value != 0 && value <= kMaxValue);
  const IpAddress& address = prefix.address();
  std::size_t index = root_index(address);
  unsigned depth = 16;
  while (prefix.length() > depth) {
    if ((entries_[index] & kChild) == 0) {
      const std::uint32_t covering = entries_[index];
      const auto node = static_cast<std::uint32_t>((entries_.size() - kNodesBegin) / kNodeEntries);
      entries_[index] = kChild | node;
      entries_.resize(entries_.size() + kNodeEntries, covering);
    }
    index = child_index(entries_[index], byte_at(address, depth));
    depth += 8;
  }
  const std::size_t span = std::size_t{1} << (depth - prefix.length());
  std::fill_n(entries_.begin() + static_cast<std::ptrdiff_t>(index), span, value);
}

std::uint32_t PrefixTrie::find_v6(const IpAddress& address) const noexcept {
  std::uint32_t entry = entries_[kRootEntries + (address.high() >> 48)];
  for (unsigned depth = 16; (entry & kChild) != 0; depth += 8)
    entry = entries_[child_index(entry, byte_at(address, depth))];
  return entry;
}

}  // namespace weir::contracts
