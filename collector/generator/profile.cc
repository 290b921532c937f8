#include "collector/generator/profile.h"

#include <array>
#include <cmath>
#include <span>

namespace weir::generator {
namespace {

/// A corner of a curve that is straight between its corners.
struct Corner {
  double hour;
  double level;
};

constexpr std::array<Corner, 11> kOfficeDay{{{0, 0.10},
                                             {6, 0.08},
                                             {8, 0.35},
                                             {8.5, 0.90},
                                             {9.5, 1.00},
                                             {12, 1.00},
                                             {12.25, 0.85},
                                             {12.75, 0.85},
                                             {13.25, 1.00},
                                             {18.5, 0.92},
                                             {24, 0.10}}};
constexpr std::array<Corner, 4> kOfficeDayOff{{{0, 0.20}, {6, 0.20}, {14, 0.32}, {24, 0.20}}};
constexpr std::array<Corner, 7> kContent{
    {{0, 0.70}, {5, 0.35}, {8, 0.50}, {12, 0.68}, {18, 0.80}, {21.5, 1.00}, {24, 0.70}}};
constexpr std::array<Corner, 8> kResidential{
    {{0, 0.84}, {2, 0.60}, {6, 0.42}, {9, 0.52}, {16, 0.60}, {20, 0.85}, {22.5, 1.00}, {24, 0.84}}};
constexpr std::array<Corner, 8> kResidentialDayOff{
    {{0, 0.86}, {2, 0.64}, {6, 0.43}, {9, 0.62}, {14, 0.78}, {20, 0.90}, {22.5, 1.00}, {24, 0.86}}};

double level_at(std::span<const Corner> corners, double hour) noexcept {
  for (std::size_t i = 1; i < corners.size(); ++i) {
    const Corner& left = corners[i - 1];
    const Corner& right = corners[i];
    if (hour > right.hour) continue;
    const double way = (hour - left.hour) / (right.hour - left.hour);
    return left.level + way * (right.level - left.level);
  }
  return corners.back().level;
}

}  // namespace

std::optional<Profile> parse_profile(std::string_view word) noexcept {
  if (word == "corporate") return Profile::Corporate;
  if (word == "content") return Profile::Content;
  if (word == "residential") return Profile::Residential;
  if (word == "constant") return Profile::Constant;
  if (word == "step") return Profile::Step;
  return std::nullopt;
}

double profile_level(Profile profile, const LocalMoment& moment) noexcept {
  switch (profile) {
    case Profile::Corporate:
      return moment.is_day_off ? level_at(kOfficeDayOff, moment.hour)
                               : level_at(kOfficeDay, moment.hour);
    case Profile::Content:
      return level_at(kContent, moment.hour);
    case Profile::Residential:
      return moment.is_day_off ? level_at(kResidentialDayOff, moment.hour)
                               : level_at(kResidential, moment.hour);
    case Profile::Constant:
      return 1.0;
    case Profile::Step: {
      const double minute = (moment.hour - std::floor(moment.hour)) * 60.0;
      return minute >= 20.0 && minute < 35.0 ? 1.0 : 0.4;
    }
  }
  return 1.0;
}

}  // namespace weir::generator
