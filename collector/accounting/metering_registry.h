#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "collector/accounting/metering.h"
#include "collector/model/exporter.h"

namespace weir::accounting {

/// The metering points of every exporter, one object each for the life of the process, so
/// that the two records of a packet are told apart whichever workers they reach.
///
/// Threads: any; a mutex guards it. A worker comes here once per exporter and keeps the
/// reference, which is good as long as the registry.
class MeteringRegistry {
 public:
  /// `exporter` is below kMaxExporters.
  [[nodiscard]] MeteringPoints& of(ExporterId exporter);

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<MeteringPoints>> points_;  ///< by number; null until asked for
};

}  // namespace weir::accounting
