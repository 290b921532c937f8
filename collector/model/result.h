#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace weir {
inline namespace model {

/// What kind of failure, so that a caller can choose the exit code without reading text.
enum class ErrorCode : std::uint8_t {
  Usage,        ///< wrong arguments or configuration: exit code 2
  NotFound,     ///< a named file or device is not there
  Permission,   ///< the process may not do it
  Unavailable,  ///< in use, full or gone; may succeed later
  Malformed,    ///< bytes that are not what they claim to be
  Internal,     ///< a library or the system failed for a reason of its own
};

/// A failure off the hot path. The message names the thing, the value and the mend.
struct Error {
  ErrorCode code = ErrorCode::Internal;
  std::string message;
};

template <class T>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> failure(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}

}  // namespace model
}  // namespace weir
