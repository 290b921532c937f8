#pragma once

#include <cstdint>
#include <functional>

#include "collector/wire/compiled_template.h"
#include "collector/wire/session.h"

namespace weir::wire {

/// A template that an exporter has defined, or redefined. Lives for the call.
struct LearnedTemplate {
  const SessionKey& session;
  std::uint16_t id = 0;
  const CompiledTemplate& layout;
};

/// Who wants to see templates as they are learned: a program for people. Called by the
/// decoding thread, never for a repetition.
using TemplateWatcher = std::function<void(const LearnedTemplate&)>;

}  // namespace weir::wire
