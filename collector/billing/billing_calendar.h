#pragma once

#include <chrono>
#include <string>

#include "collector/billing/month.h"
#include "collector/billing/period.h"
#include "collector/model/result.h"
#include "collector/model/time.h"

// Of <date/tz.h>, which stays out of the headers.
namespace date {
class time_zone;
}

namespace weir::billing {

/// Turns months into billing periods: from midnight of the contract's day, in the contract's
/// time zone, to the same of the next month, with the clock changes that fall between.
///
/// The period of month M begins on its day in M: with day 15, 2026-01 is 15 January up to
/// 15 February. A month that lacks the day (29 to 31) begins its period on its last day.
/// Where clocks skip midnight the day begins with its first instant; where they repeat it,
/// with the first of the two.
///
/// Threads: any, once made; the zone data belong to the process and do not change.
class BillingCalendar {
 public:
  /// `timezone` is an IANA name; `day` is 1 to 31. Usage error for what is neither, NotFound
  /// where the machine has no zone data.
  [[nodiscard]] static Result<BillingCalendar> make(const std::string& timezone, unsigned day);

  [[nodiscard]] Period period_of(Month month) const;
  /// The period that holds `time`.
  [[nodiscard]] Period period_containing(TrafficTime time) const {
    return period_of(month_of(time));
  }
  /// The month whose period holds `time`.
  [[nodiscard]] Month month_of(TrafficTime time) const;

  [[nodiscard]] Period period_before(const Period& period) const {
    return period_containing(period.start - TrafficSpan{1});
  }
  [[nodiscard]] Period period_after(const Period& period) const {
    return period_containing(period.end);
  }

  /// The three periods of a quarter together.
  [[nodiscard]] Period period_of(FiscalQuarter quarter, FiscalCalendar fiscal) const;

 private:
  BillingCalendar(const date::time_zone& zone, unsigned day) : zone_(&zone), day_(day) {}

  [[nodiscard]] TrafficTime begin_of(Month month) const;

  const date::time_zone* zone_;
  unsigned day_;
};

}  // namespace weir::billing
