#pragma once

#include <string>

#include "collector/wire/learned_template.h"

namespace weir::app {

/// A template or options template for people: whose it is in one line, then a line for each
/// field with its element and length, scopes first. Lines end in a line feed.
[[nodiscard]] std::string template_text(const wire::LearnedTemplate& learned);

}  // namespace weir::app
