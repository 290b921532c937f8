#pragma once

#include <cstdint>

#include "collector/model/strong.h"

namespace weir {
inline namespace model {

/// One TCP connection in the life of the process; 0 stands for UDP, which has none.
using ConnectionId = Strong<struct ConnectionIdTag, std::uint64_t>;

}  // namespace model
}  // namespace weir
