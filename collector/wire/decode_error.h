#pragma once

#include <tl/expected.hpp>

#include "collector/model/decode_error.h"

namespace weir::wire {

/// What a decoding step gives on the hot path: a value or a one-byte reason.
template <class T>
using Decoded = tl::expected<T, DecodeError>;

}  // namespace weir::wire
