#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace weir::accounting {

/// A growing set of interface indexes of one router: a bit each for the usual ones, small
/// tables that are tried one after the other for the large ones. Memory is taken when an
/// index first needs it.
///
/// Threads: any number of writers and readers, none of which waits. An index is seen by others
/// soon after it was inserted; nothing is ever removed.
///
/// Ordering: memory that a writer has made is published with release and read with acquire;
/// the bits and slots in it say nothing about other memory, so they are relaxed.
class InterfaceSet {
 public:
  /// Most indexes of kDense and above that are remembered (a few more when several threads insert
  /// the last ones at once); a further one is forgotten.
  static constexpr std::uint32_t kMostSparse = 4'096;
  static constexpr std::uint32_t kDense = 65'536;

  InterfaceSet() = default;
  ~InterfaceSet();
  InterfaceSet(const InterfaceSet&) = delete;
  InterfaceSet& operator=(const InterfaceSet&) = delete;

  void insert(std::uint32_t ifindex) noexcept {
    // Almost every record's index is there already: then nothing is written.
    if (!contains(ifindex)) [[unlikely]]
      insert_new(ifindex);
  }

  [[nodiscard]] bool contains(std::uint32_t ifindex) const noexcept {
    if (ifindex >= kDense) [[unlikely]]
      return contains_sparse(ifindex);
    const Bits* const bits = bits_.load(std::memory_order_acquire);  // pairs with publish()
    if (bits == nullptr) return false;
    return ((*bits)[ifindex / kWordBits].load(std::memory_order_relaxed) & bit_of(ifindex)) != 0;
  }

 private:
  static constexpr std::uint32_t kWordBits = 64;
  /// Slots of the tables for large indexes. One is made when those before it are full around
  /// the index's place.
  static constexpr std::array<std::uint32_t, 3> kTableSlots{64, 1'024, 16'384};
  /// Neighbouring slots that an index may take: what bounds the work that its sender can cause.
  static constexpr std::uint32_t kProbes = 16;

  using Bits = std::array<std::atomic<std::uint64_t>, kDense / kWordBits>;
  using Slot = std::atomic<std::uint32_t>;  ///< an index; 0, which is not sparse, if free

  static constexpr std::uint64_t bit_of(std::uint32_t ifindex) noexcept {
    return std::uint64_t{1} << (ifindex % kWordBits);
  }

  void insert_new(std::uint32_t ifindex) noexcept;
  void insert_sparse(std::uint32_t ifindex) noexcept;
  [[nodiscard]] bool contains_sparse(std::uint32_t ifindex) const noexcept;

  std::atomic<Bits*> bits_{nullptr};
  std::array<std::atomic<Slot*>, kTableSlots.size()> tables_{};
  std::atomic<std::uint32_t> sparse_count_{0};
};

}  // namespace weir::accounting
