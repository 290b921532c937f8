#pragma once

#include <string>
#include <string_view>

#include "collector/app/diagnosis.h"

namespace weir::app {

/// The diagnosis for people: what is well in a line each, what fails with the mend, aligned.
/// Control characters, which a name may bring along, are replaced.
[[nodiscard]] std::string diagnosis_text(std::string_view url, const Diagnosis& diagnosis);

/// The same for programs: one JSON object.
[[nodiscard]] std::string diagnosis_json(std::string_view url, const Diagnosis& diagnosis);

}  // namespace weir::app
