#include "collector/app/report_command.h"

#include <fmt/format.h>

#include "collector/app/ledger_access.h"
#include "collector/app/report.h"
#include "collector/app/revisions.h"
#include "collector/app/stored_bill.h"
#include "exporters/ledger/statement_store.h"

namespace weir::app {
namespace {

Result<ReportRequest> request_of(const ReportOptions& options) {
  if (options.month.empty() == options.quarter.empty())
    return failure(ErrorCode::Usage, "give either --month YYYY-MM or --quarter YYYYQN");
  if (options.shows == ReportShows::Revisions &&
      (options.month.empty() ||
       (options.format != ReportFormat::Text && options.format != ReportFormat::Json)))
    return failure(ErrorCode::Usage, "--revisions are of one --month, as text or json");
  ReportRequest request{.month = std::nullopt,
                        .quarter = std::nullopt,
                        .fiscal = {.first_month = std::chrono::month{options.fiscal_month}},
                        .contract = options.contract};
  // Charts alone show intervals.
  if (options.format != ReportFormat::Html && options.contract.empty())
    request.detail = ReportDetail::Bills;
  if (options.quarter.empty()) {
    const auto month = billing::parse_month(options.month);
    if (!month) return tl::unexpected(month.error());
    request.month = *month;
  } else {
    const auto quarter = billing::parse_quarter(options.quarter);
    if (!quarter) return tl::unexpected(quarter.error());
    request.quarter = *quarter;
  }
  return request;
}

std::string formatted(const Report& report, ReportFormat format) {
  switch (format) {
    case ReportFormat::Text:
      return report_text(report);
    case ReportFormat::Json:
      return report_json(report);
    case ReportFormat::Csv:
      return report_csv(report);
    case ReportFormat::Html:
      return report_html(report);
  }
  return {};
}

Result<std::string> revisions_of(ledger::Ledger& ledger, const ReportOptions& options,
                                 const ReportRequest& request) {
  const auto rows =
      ledger::StatementStore(ledger).revisions(month_number(*request.month), options.contract);
  if (!rows) return tl::unexpected(rows.error());
  return options.format == ReportFormat::Json ? revisions_json(*rows) : revisions_text(*rows);
}

Result<std::string> report_of(LedgerAccess& access, const ReportOptions& options,
                              const ReportRequest& request) {
  if (options.shows == ReportShows::Revisions) return revisions_of(access.ledger, options, request);
  const auto report = make_report(access.config, access.ledger, request);
  if (!report) return tl::unexpected(report.error());
  return formatted(*report, options.format);
}

}  // namespace

int run_report(const ReportOptions& options, std::FILE* out, std::FILE* err) {
  const auto request = request_of(options);
  if (!request) {
    fmt::print(err, "weir: {}\n", request.error().message);
    return 2;
  }
  auto answer = open_ledger_of(options.config, err);
  if (!answer.access) return answer.exit_code;
  const auto report = report_of(*answer.access, options, *request);
  if (!report) {
    fmt::print(err, "weir: {}\n", report.error().message);
    return report.error().code == ErrorCode::Usage ? 2 : 1;
  }
  fmt::print(out, "{}", *report);
  if (std::fflush(out) != 0) {
    fmt::print(err, "weir: cannot write the report: {}\n",
               fmt::system_error(errno, "output").what());
    return 1;
  }
  return 0;
}

}  // namespace weir::app
