#include "exporters/http/negotiation.h"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

// What Prometheus 2.42 sends.
constexpr const char* kPrometheus =
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

TEST(Negotiation, PrometheusGetsOpenMetrics) { EXPECT_TRUE(prefers_openmetrics(kPrometheus)); }

TEST(Negotiation, ThoseWhoAcceptAnythingGetText) {
  EXPECT_FALSE(prefers_openmetrics(""));
  EXPECT_FALSE(prefers_openmetrics("*/*"));
  EXPECT_FALSE(prefers_openmetrics("application/*"));
  EXPECT_FALSE(prefers_openmetrics("text/html,application/xhtml+xml,*/*;q=0.8"));
}

TEST(Negotiation, TheHigherQualityDecides) {
  EXPECT_FALSE(prefers_openmetrics("application/openmetrics-text;q=0.2, text/plain;q=0.9"));
  EXPECT_TRUE(prefers_openmetrics("application/openmetrics-text;q=0.9, text/plain;q=0.2"));
  EXPECT_TRUE(prefers_openmetrics("Application/OpenMetrics-Text ; Version=\"1.0.0\" ; Q=1"));
}

TEST(Negotiation, QualityZeroRefuses) {
  EXPECT_FALSE(prefers_openmetrics("application/openmetrics-text;q=0"));
  EXPECT_FALSE(prefers_openmetrics("application/openmetrics-text;q=0.000, text/plain;q=0"));
}

TEST(Negotiation, AnotherVersionOfOpenMetricsIsNotOurs) {
  EXPECT_FALSE(prefers_openmetrics("application/openmetrics-text;version=2.0.0"));
}

TEST(Negotiation, TheMostSpecificRangeDecides) {
  constexpr const char* kAccept = "*/*;q=0.1, text/*;q=0.3, text/plain;q=0.7";
  EXPECT_EQ(quality(kAccept, "text/plain", "0.0.4"), 700U);
  EXPECT_EQ(quality(kAccept, "text/html", ""), 300U);
  EXPECT_EQ(quality(kAccept, "image/png", ""), 100U);
  EXPECT_EQ(quality("text/plain", "image/png", ""), 0U);
  EXPECT_EQ(quality("", "image/png", ""), 1'000U);
}

TEST(Negotiation, AQualityThatIsNoneChoosesNothing) {
  for (const char* accept : {"text/plain;q=", "text/plain;q=x", "text/plain;q=-1", "text/plain;q=2",
                             "text/plain;q=0.1234", "text/plain;q=1x"}) {
    EXPECT_EQ(quality(accept, "text/plain", "0.0.4"), 0U) << accept;
  }
  EXPECT_EQ(quality("text/plain;q=1.000", "text/plain", "0.0.4"), 1'000U);
  EXPECT_EQ(quality("text/plain;q=0.05", "text/plain", "0.0.4"), 50U);
}

TEST(Negotiation, GzipIsTakenWhereItIsListed) {
  EXPECT_TRUE(accepts_gzip("gzip"));
  EXPECT_TRUE(accepts_gzip("deflate, GZIP;q=0.5, br"));
  EXPECT_TRUE(accepts_gzip("*"));
  EXPECT_FALSE(accepts_gzip(""));
  EXPECT_FALSE(accepts_gzip("identity"));
  EXPECT_FALSE(accepts_gzip("gzip;q=0"));
  EXPECT_FALSE(accepts_gzip("*;q=1, gzip;q=0"));
  EXPECT_FALSE(accepts_gzip("gzipped"));
}

TEST(Negotiation, SeparatorsAloneAreHarmless) {
  EXPECT_FALSE(prefers_openmetrics(",;,=;,,"));
  EXPECT_FALSE(accepts_gzip(";;;,,,==="));
}

}  // namespace
}  // namespace weir::http
