#include "collector/accounting/metering.h"

namespace weir::accounting {

void InterfaceSet::insert_first(std::uint32_t ifindex) {
  if (ifindex >= kDense) {
    if (sparse_.size() < kMostSparse) sparse_.insert(ifindex);
    return;
  }
  if (bits_.empty()) bits_.resize(kDense / kWordBits);
  bits_[ifindex / kWordBits] |= std::uint64_t{1} << (ifindex % kWordBits);
}

bool InterfaceSet::contains(std::uint32_t ifindex) const noexcept {
  if (ifindex >= kDense) return sparse_.contains(ifindex);
  if (bits_.empty()) return false;
  return (bits_[ifindex / kWordBits] >> (ifindex % kWordBits) & 1) != 0;
}

void MeteringPoints::learn(std::span<const FlowRecord> records) {
  for (const FlowRecord& record : records) {
    if (record.metered == MeteredDirection::Ingress && record.has(Has::Input))
      ingress_.insert(record.input);
    else if (record.metered == MeteredDirection::Egress && record.has(Has::Output))
      egress_.insert(record.output);
  }
}

Sides MeteringPoints::sides_of(const FlowRecord& record) const noexcept {
  Sides sides;
  switch (record.metered) {
    case MeteredDirection::Ingress:
      sides.to = !(record.has(Has::Output) && egress_.contains(record.output));
      break;
    case MeteredDirection::Egress:
      sides.from = !(record.has(Has::Input) && ingress_.contains(record.input));
      break;
    case MeteredDirection::Unknown:
      break;
  }
  if (record.forwarding == Forwarding::Dropped) sides.to = false;
  return sides;
}

}  // namespace weir::accounting
