#include "collector/app/rfc3339.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

namespace weir::app {

std::string rfc3339(TrafficTime time) {
  std::int64_t ms = since_epoch_ms(time);
  std::int64_t seconds = ms / 1'000;
  if (ms % 1'000 < 0) --seconds;
  ms -= seconds * 1'000;
  const auto utc = fmt::gmtime(static_cast<std::time_t>(seconds));
  if (ms == 0) return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", utc);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", utc, ms);
}

}  // namespace weir::app
