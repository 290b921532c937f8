#include "collector/accounting/interface_set.h"

namespace weir::accounting {
namespace {

/// Makes `fresh` what `place` leads to, unless another thread was first. What it leads to now;
/// what is left in `fresh` goes.
template <class Owner, class T>
T* publish(std::atomic<T*>& place, Owner fresh) noexcept {
  T* current = nullptr;
  // The release pairs with the acquire of readers: they see the memory cleared.
  if (place.compare_exchange_strong(current, fresh.get(), std::memory_order_acq_rel,
                                    std::memory_order_acquire))
    return fresh.release();
  return current;
}

/// The first slot of `ifindex`: multiplication spreads neighbouring indexes (Knuth, 6.4).
std::uint32_t place_of(std::uint32_t ifindex, std::uint32_t slots) noexcept {
  const std::uint64_t mixed = std::uint64_t{ifindex} * 0x9e37'79b9'7f4a'7c15U;
  return static_cast<std::uint32_t>(mixed >> 40U) & (slots - 1);
}

}  // namespace

InterfaceSet::~InterfaceSet() {
  delete bits_.load(std::memory_order_acquire);
  for (const auto& table : tables_) delete[] table.load(std::memory_order_acquire);
}

void InterfaceSet::insert_new(std::uint32_t ifindex) noexcept {
  if (ifindex >= kDense) return insert_sparse(ifindex);
  Bits* bits = bits_.load(std::memory_order_acquire);
  if (bits == nullptr) bits = publish(bits_, std::make_unique<Bits>());
  (*bits)[ifindex / kWordBits].fetch_or(bit_of(ifindex), std::memory_order_relaxed);
}

void InterfaceSet::insert_sparse(std::uint32_t ifindex) noexcept {
  if (sparse_count_.load(std::memory_order_relaxed) >= kMostSparse) return;
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    Slot* table = tables_[i].load(std::memory_order_acquire);
    if (table == nullptr) table = publish(tables_[i], std::make_unique<Slot[]>(kTableSlots[i]));
    const std::uint32_t first = place_of(ifindex, kTableSlots[i]);
    for (std::uint32_t probe = 0; probe < kProbes; ++probe) {
      std::uint32_t found = 0;
      Slot& slot = table[(first + probe) & (kTableSlots[i] - 1)];
      if (slot.compare_exchange_strong(found, ifindex, std::memory_order_relaxed)) {
        sparse_count_.fetch_add(1, std::memory_order_relaxed);
        return;
      }
      if (found == ifindex) return;  // another thread was first
    }
  }
}

bool InterfaceSet::contains_sparse(std::uint32_t ifindex) const noexcept {
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    const Slot* const table = tables_[i].load(std::memory_order_acquire);
    if (table == nullptr) return false;
    const std::uint32_t first = place_of(ifindex, kTableSlots[i]);
    for (std::uint32_t probe = 0; probe < kProbes; ++probe) {
      const std::uint32_t found =
          table[(first + probe) & (kTableSlots[i] - 1)].load(std::memory_order_relaxed);
      if (found == ifindex) return true;
      // Slots fill in this order and stay full, so it stands nowhere further on.
      if (found == 0) return false;
    }
  }
  return false;
}

}  // namespace weir::accounting
