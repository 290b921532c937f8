#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "collector/billing/period.h"
#include "collector/model/result.h"
#include "collector/model/time.h"

// Of <date/tz.h>, which stays out of the headers.
namespace date {
class time_zone;
}

namespace weir::billing {

/// Weeks as ISO 8601 has them, from Monday's midnight to the next in one time zone: 168 hours, or
/// one more or less where clocks change.
///
/// Threads: any, once made; the zone data belong to the process and do not change.
class WeekCalendar {
 public:
  /// `timezone` is an IANA name. Errors as of BillingCalendar::make().
  [[nodiscard]] static Result<WeekCalendar> make(const std::string& timezone);

  /// The last `count` weeks that ended by `now`, in order of time.
  [[nodiscard]] std::vector<Period> weeks_before(TrafficTime now, std::size_t count) const;

  /// When the clock on the wall showed what it shows at `time`, on the same day of each of `count`
  /// weeks before it, in order of time. Of a time that a clock showed twice the first; of one that
  /// it left out, the moment when it did.
  [[nodiscard]] std::vector<TrafficTime> same_time_before(TrafficTime time,
                                                          std::size_t count) const;

 private:
  explicit WeekCalendar(const date::time_zone& zone) : zone_(&zone) {}

  const date::time_zone* zone_;
};

}  // namespace weir::billing
