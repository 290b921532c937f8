#include "collector/app/doctor_command.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "collector/app/diagnosis.h"
#include "collector/app/diagnosis_text.h"
#include "collector/app/http_fetch.h"

namespace weir::app {
namespace {

Result<Diagnosis> examine(const HttpUrl& url) {
  const auto status_text = http_get(url, "/api/v1/status");
  if (!status_text) return tl::unexpected(status_text.error());
  const auto exporters_text = http_get(url, "/api/v1/exporters");
  if (!exporters_text) return tl::unexpected(exporters_text.error());
  const auto status = http::parse_status_report(*status_text);
  if (!status) return tl::unexpected(status.error());
  const auto exporters = http::parse_exporters_report(*exporters_text);
  if (!exporters) return tl::unexpected(exporters.error());
  return diagnose(*status, *exporters);
}

}  // namespace

int run_doctor(const DoctorOptions& options, std::FILE* out, std::FILE* err) {
  const auto url = parse_http_url(options.url);
  if (!url) {
    fmt::print(err, "weir: {}\n", url.error().message);
    return 2;
  }
  const auto diagnosis = examine(*url);
  if (!diagnosis) {
    fmt::print(err, "weir: {}\n", diagnosis.error().message);
    return 1;
  }
  const std::string text = options.format == DoctorFormat::Json
                               ? diagnosis_json(options.url, *diagnosis)
                               : diagnosis_text(options.url, *diagnosis);
  std::fwrite(text.data(), 1, text.size(), out);
  if (std::fflush(out) != 0 || std::ferror(out) != 0) {
    fmt::print(err, "weir: cannot write the result: {}\n", std::strerror(errno));
    return 1;
  }
  return diagnosis->findings() == 0 ? 0 : 1;
}

}  // namespace weir::app
