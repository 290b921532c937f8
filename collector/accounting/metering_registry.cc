#include "collector/accounting/metering_registry.h"

namespace weir::accounting {

MeteringPoints& MeteringRegistry::of(ExporterId exporter) {
  const std::scoped_lock lock(mutex_);
  if (points_.size() <= exporter.value()) points_.resize(exporter.value() + 1);
  auto& points = points_[exporter.value()];
  if (points == nullptr) points = std::make_unique<MeteringPoints>();
  return *points;
}

}  // namespace weir::accounting
