#include "collector/accounting/metering.h"

namespace weir::accounting {

void MeteringPoints::learn(std::span<const FlowRecord> records) noexcept {
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
