#include <fmt/format.h>

#include "collector/app/csv_text.h"
#include "collector/app/report.h"
#include "collector/app/rfc3339.h"

namespace weir::app {
namespace {

/// An empty cell where nothing was measured.
std::string number(const std::optional<billing::Figures>& figures,
                   BitsPerSecond (*of)(const billing::Figures&)) {
  return figures ? fmt::format("{}", of(*figures).value()) : std::string{};
}

}  // namespace

std::string report_csv(const Report& report) {
  std::string text =
      "contract,customer,service,from,until,committed_bits_per_second,direction_rule,method,layer,"
      "percentile_bits_per_second,billable_bits_per_second,overage_bits_per_second,"
      "intervals_expected,intervals_measured,intervals_missing,intervals_masked,completeness,"
      "provisional,estimated,source,from_customer_percentile_bits_per_second,"
      "to_customer_percentile_bits_per_second,error_bits_per_second,closed_at,revision,"
      "recomputed_billable_bits_per_second\r\n";
  for (const auto& one : report.contracts) {
    const auto& s = one.statement;
    const auto& closed = one.closed;
    text += fmt::format(
        "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{:.6f},{},{},{},{},{},{},{},{},{}\r\n",
        csv_text(s.subject.contract), csv_text(s.subject.customer), csv_text(s.subject.service),
        rfc3339(s.period.start), rfc3339(s.period.end), s.terms.committed.value(),
        billing::direction_rule_name(s.terms.rule), billing::method_name(s.method), s.layer,
        number(s.figures, [](const billing::Figures& f) { return f.billed.value; }),
        s.billable.value(), s.overage.value(), s.intervals.expected, s.intervals.measured,
        s.intervals.missing, s.intervals.masked,
        static_cast<double>(s.completeness.value()) / billing::kWhole.value(), s.is_provisional,
        s.is_estimated, one.source(),
        number(
            s.figures,
            [](const billing::Figures& f) { return f.direction.from_customer.percentile.value; }),
        number(s.figures,
               [](const billing::Figures& f) { return f.direction.to_customer.percentile.value; }),
        number(s.figures, [](const billing::Figures& f) { return f.billed.error; }),
        closed ? rfc3339(closed->closed_at) : "", closed ? fmt::format("{}", closed->revision) : "",
        closed && closed->recomputed_billable
            ? fmt::format("{}", closed->recomputed_billable->value())
            : "");
  }
  return text;
}

}  // namespace weir::app
