#include "exporters/http/status_report.h"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "exporters/http/json_fields.h"

namespace weir::http {
namespace {

namespace json = boost::json;

json::string_view view(std::string_view text) noexcept { return {text.data(), text.size()}; }

}  // namespace

std::string to_json(const StatusReport& report) {
  json::object all{{"version", view(report.version)},
                   {"now_ms", report.now_ms},
                   {"started_ms", report.started_ms},
                   {"uptime_seconds", (report.now_ms - report.started_ms) / 1'000},
                   {"recent_seconds", report.recent_seconds},
                   {"ready", report.not_ready_because.empty()}};
  json::array& reasons = all["not_ready_because"].emplace_array();
  for (const std::string& reason : report.not_ready_because)
    reasons.push_back(json::value(view(reason)));
  json::array& listeners = all["listeners"].emplace_array();
  for (const ListenerReport& listener : report.listeners)
    listeners.push_back({{"listen", view(listener.listen)},
                         {"datagrams", listener.datagrams},
                         {"dropped", listener.dropped},
                         {"recent_dropped", listener.recent_dropped},
                         {"truncated", listener.truncated},
                         {"requested_buffer_bytes", listener.requested_buffer_bytes},
                         {"granted_buffer_bytes", listener.granted_buffer_bytes},
                         {"failing", listener.is_failing}});
  json::object& refused = all["refused"].emplace_object();
  refused.emplace("datagrams", report.refused_datagrams);
  json::array& sources = refused["last_sources"].emplace_array();
  for (const RefusedSourceReport& source : report.refused_sources)
    sources.push_back({{"address", view(source.address)},
                       {"datagrams", source.datagrams},
                       {"last_ms", source.last_ms}});
  all["unreadable"] = {{"datagrams", report.unreadable_datagrams},
                       {"recent_datagrams", report.recent_unreadable_datagrams}};
  all["scrape"] = {{"last_ms", report.last_scrape_ms == 0 ? json::value(nullptr)
                                                          : json::value(report.last_scrape_ms)},
                   {"user_agent", view(report.scraper)}};
  all["clock_skew_limit_ms"] = report.clock_skew_limit_ms;
  return json::serialize(all) + "\n";
}

Result<StatusReport> parse_status_report(std::string_view text) {
  const auto document = parse_document(text, "listeners");
  if (!document)
    return failure(ErrorCode::Malformed, "the answer is not the status of a collector");
  const JsonFields from{*document};
  StatusReport report;
  report.version = from.text("version");
  report.now_ms = from.signed_number("now_ms");
  report.started_ms = from.signed_number("started_ms");
  report.recent_seconds = from.number("recent_seconds");
  for (const json::value& reason : from.list("not_ready_because"))
    if (const json::string* const said = reason.if_string())
      report.not_ready_because.emplace_back(said->data(), said->size());
  for (const json::value& value : from.list("listeners")) {
    const JsonFields listener{value};
    report.listeners.push_back({.listen = listener.text("listen"),
                                .datagrams = listener.number("datagrams"),
                                .dropped = listener.number("dropped"),
                                .recent_dropped = listener.number("recent_dropped"),
                                .truncated = listener.number("truncated"),
                                .requested_buffer_bytes = listener.number("requested_buffer_bytes"),
                                .granted_buffer_bytes = listener.number("granted_buffer_bytes"),
                                .is_failing = listener.flag("failing")});
  }
  const JsonFields refused = from.object("refused");
  report.refused_datagrams = refused.number("datagrams");
  for (const json::value& value : refused.list("last_sources")) {
    const JsonFields source{value};
    report.refused_sources.push_back({.address = source.text("address"),
                                      .datagrams = source.number("datagrams"),
                                      .last_ms = source.signed_number("last_ms")});
  }
  report.unreadable_datagrams = from.object("unreadable").number("datagrams");
  report.recent_unreadable_datagrams = from.object("unreadable").number("recent_datagrams");
  report.last_scrape_ms = from.object("scrape").signed_number("last_ms");
  report.scraper = from.object("scrape").text("user_agent");
  report.clock_skew_limit_ms = from.signed_number("clock_skew_limit_ms");
  return report;
}

}  // namespace weir::http
