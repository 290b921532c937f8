#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "collector/model/result.h"
#include "collector/pipeline/state_file.h"
#include "collector/wire/decoder.h"
#include "collector/wire/shared_decoder_state.h"

namespace weir::pipeline {

/// How the keeping of decoder knowledge went, for metrics and logs.
struct KeepingFigures {
  std::uint64_t read_errors = 0;
  std::uint64_t write_errors = 0;
  std::uint64_t writes = 0;
  std::int64_t last_write_ms = 0;  ///< UTC; 0: none yet
  std::string problem;             ///< the last one, a sentence; empty while all is well
};

/// Keeps what the decoders have learned in `decoder_state.json` of the state directory, so that
/// a collector that starts anew reads its first datagram.
///
/// A file that cannot be used is set aside and counted, and the collector starts with nothing;
/// a directory that cannot be written is counted and tried again. Neither stops anything.
///
/// Written soon after a change, at most every kLeastPause. That templates were sent again or used
/// is no such change; it is written at least every kLongestPause.
///
/// Threads: load(), keep() and keep_now() one at a time; figures() any.
class KnowledgeKeeper {
 public:
  static constexpr std::chrono::seconds kLeastPause{10};
  static constexpr std::chrono::seconds kLongestPause{300};

  KnowledgeKeeper(std::shared_ptr<wire::SharedDecoderState> state, const std::string& directory);

  /// Makes the directory if need be and takes up what the file holds. Before any worker begins.
  void load();
  /// Writes the file if it is time to.
  void keep(std::chrono::steady_clock::time_point now);
  /// Writes the file if anything is new.
  void keep_now();

  [[nodiscard]] KeepingFigures figures() const;

 private:
  /// Moves with each change of what is known.
  [[nodiscard]] std::uint64_t mark() const noexcept;
  void write();
  void note_read_error(const std::string& what, const std::string& aside);

  std::shared_ptr<wire::SharedDecoderState> state_;
  std::string directory_;
  StateFile file_;
  std::uint64_t written_mark_ = 0;
  std::uint64_t written_lessons_ = 0;
  std::chrono::steady_clock::time_point tried_at_ = std::chrono::steady_clock::time_point::min();

  mutable std::mutex mutex_;  ///< guards figures_
  KeepingFigures figures_;
};

}  // namespace weir::pipeline
