#include "collector/app/log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/formatter.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <boost/json.hpp>
#include <memory>
#include <string>

#include "collector/app/rfc3339.h"

namespace weir::app {
namespace {

/// One JSON object a line. A pattern could not escape the message.
class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const auto since_epoch =
        std::chrono::duration_cast<TrafficSpan>(message.time.time_since_epoch());
    const auto level = spdlog::level::to_string_view(message.level);
    boost::json::object object;
    object["time"] = rfc3339(TrafficTime{since_epoch});
    object["level"] = std::string_view(level.data(), level.size());
    object["message"] = std::string_view(message.payload.data(), message.payload.size());
    const std::string line = boost::json::serialize(object) + "\n";
    out.append(line.data(), line.data() + line.size());
  }

  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<JsonFormatter>();
  }
};

}  // namespace

std::shared_ptr<spdlog::logger> make_log(LogFormat format) {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  auto log = std::make_shared<spdlog::logger>("weir", std::move(sink));
  if (format == LogFormat::Json)
    log->set_formatter(std::make_unique<JsonFormatter>());
  else
    log->set_formatter(std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %l: %v",
                                                                   spdlog::pattern_time_type::utc));
  log->flush_on(spdlog::level::info);
  return log;
}

}  // namespace weir::app
