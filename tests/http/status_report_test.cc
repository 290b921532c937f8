#include "exporters/http/status_report.h"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

TEST(StatusReport, ReadsBackWhatItWrote) {
  const StatusReport report{
      .version = "1.2.3",
      .now_ms = 1'714'521'600'123,
      .started_ms = 1'714'521'500'000,
      .recent_seconds = 100,
      .not_ready_because = {"a worker has not turned for 11 s"},
      .listeners = {{.listen = "0.0.0.0:2055",
                     .datagrams = 1,
                     .dropped = 2,
                     .recent_dropped = 3,
                     .truncated = 4,
                     .requested_buffer_bytes = 5,
                     .granted_buffer_bytes = 6,
                     .is_failing = true}},
      .refused_datagrams = 7,
      .refused_sources = {{.address = "198.51.100.1", .datagrams = 8, .last_ms = 9}},
      .unreadable_datagrams = 10,
      .recent_unreadable_datagrams = 11,
      .last_scrape_ms = 12,
      .scraper = "Prometheus/2.42.0",
      .clock_skew_limit_ms = 30'000};
  const auto read = parse_status_report(to_json(report));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, report);
}

TEST(StatusReport, IsAnObjectOfKnownForm) {
  EXPECT_EQ(
      to_json(StatusReport{.version = "1", .now_ms = 2'000, .started_ms = 0}),
      R"({"version":"1","now_ms":2000,"started_ms":0,"uptime_seconds":2,"recent_seconds":0,"ready":true,"not_ready_because":[],"listeners":[],"refused":{"datagrams":0,"last_sources":[]},"unreadable":{"datagrams":0,"recent_datagrams":0},"scrape":{"last_ms":null,"user_agent":""},"clock_skew_limit_ms":0})"
      "\n");
}

TEST(StatusReport, OtherTextIsRefused) {
  for (const char* text : {"", "<html>", "[1]", "{\"version\":\"1\"}"})
    EXPECT_FALSE(parse_status_report(text)) << text;
}

}  // namespace
}  // namespace weir::http
