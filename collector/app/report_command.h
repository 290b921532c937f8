#pragma once

#include <cstdio>
#include <string>

namespace weir::app {

enum class ReportFormat { Text, Json, Csv, Html };

enum class ReportShows {
  Bills,
  Revisions,  ///< those of closed bills, as text or JSON
};

struct ReportOptions {
  std::string config;
  std::string month;    ///< "2026-04"
  std::string quarter;  ///< "2026Q1", instead of a month
  unsigned fiscal_month = 4;
  std::string contract;  ///< empty: all
  ReportFormat format = ReportFormat::Text;
  ReportShows shows = ReportShows::Bills;
};

/// `weir report`: bills and utilisation of a month or a quarter, out of the ledger. Exit code.
[[nodiscard]] int run_report(const ReportOptions& options, std::FILE* out, std::FILE* err);

}  // namespace weir::app
