#pragma once

#include <string>
#include <string_view>

#include "collector/model/result.h"

namespace weir::app {

/// Puts `text` in the place of the file `path`, so that a reader, or a machine that loses its
/// power, finds the whole old text or the whole new one. Mode and owner stay; what a symbolic link
/// names is replaced, not the link. The old text stays beside it as `.previous`.
///
/// On an error the file is as it was, and nothing new lies beside it. Permission or Internal.
[[nodiscard]] Result<void> replace_file(const std::string& path, std::string_view text);

}  // namespace weir::app
