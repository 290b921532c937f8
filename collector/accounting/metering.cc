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

}  // namespace weir::accounting
