#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "collector/generator/calendar.h"

namespace weir::generator {

/// How a contract's traffic goes through the day (docs/generate.md draws them).
enum class Profile : std::uint8_t {
  Corporate,    ///< plateau in office hours with a dip at noon; days off about a quarter
  Content,      ///< a data centre's customer: evening peak, never quiet
  Residential,  ///< peak at 22 to 23 h, lowest at 6 h, fuller days off
  Constant,     ///< always at the peak
  Step,         ///< 40 % of the peak; all of it from minute 20 to 35 of every hour
};

[[nodiscard]] std::optional<Profile> parse_profile(std::string_view word) noexcept;

/// Share of the peak at a local moment, above 0 up to 1, before noise.
[[nodiscard]] double profile_level(Profile profile, const LocalMoment& moment) noexcept;

}  // namespace weir::generator
