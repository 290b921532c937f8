#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "collector/model/result.h"

namespace weir::pipeline {

/// One file of the state directory, replaced whole: written aside, synced and renamed, so that a
/// crash at any instant leaves the old text or the new one.
///
/// The file is the process's own and readable by nobody else (0600); links in its place are not
/// followed. One process writes it at a time.
///
/// Threads: one at a time. Owns no descriptor between calls.
class StateFile {
 public:
  /// More is neither read nor written.
  static constexpr std::size_t kMostBytes = 128U << 20;

  StateFile(std::string directory, std::string_view name);

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// Nothing if there is no such file. Errors: Permission, Malformed (too large, no plain file),
  /// Internal.
  [[nodiscard]] Result<std::optional<std::string>> read() const;

  /// Errors: Permission, Unavailable (disk full), Malformed (too large), Internal. The file
  /// that was there stays.
  [[nodiscard]] Result<void> write(std::string_view text) const;

  /// Moves the file to `path()`.corrupt, over what stood there. Gives that path.
  [[nodiscard]] Result<std::string> set_aside() const;

 private:
  std::string directory_;
  std::string path_;
};

}  // namespace weir::pipeline
