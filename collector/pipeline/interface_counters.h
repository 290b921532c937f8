#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "collector/model/single_writer_counter.h"
#include "collector/pipeline/interface_registry.h"

namespace weir::pipeline {

/// One worker's bytes by tracked interface (its lasting number), scaled and at the
/// configured layer: what entered the router there and what left it.
///
/// Threads: the worker adds; anyone reads.
class InterfaceCounters {
 public:
  InterfaceCounters() : counters_(std::make_unique<Pair[]>(kMaxTrackedInterfaces)) {}

  void add_ingress(std::uint32_t number, std::uint64_t bytes) noexcept {
    counters_.get()[number].ingress.add(bytes);
  }
  void add_egress(std::uint32_t number, std::uint64_t bytes) noexcept {
    counters_.get()[number].egress.add(bytes);
  }
  [[nodiscard]] std::uint64_t ingress(std::uint32_t number) const noexcept {
    return counters_[number].ingress.read();
  }
  [[nodiscard]] std::uint64_t egress(std::uint32_t number) const noexcept {
    return counters_[number].egress.read();
  }

 private:
  struct Pair {
    SingleWriterCounter ingress;
    SingleWriterCounter egress;
  };

  std::unique_ptr<Pair[]> counters_;
};

}  // namespace weir::pipeline
