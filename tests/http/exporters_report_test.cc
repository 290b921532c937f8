#include "exporters/http/exporters_report.h"

#include <gtest/gtest.h>

#include <limits>

namespace weir::http {
namespace {

/// Every field has a value of its own, so that none can stand for another.
ExportersReport full_report() {
  std::uint64_t next = 0;
  const auto fill = [&next](core::ExporterCounts& counts) {
    for (const auto& field : core::kCountFields) counts.*field.sum = ++next;
    for (auto& reason : counts.malformed) reason = ++next;
    for (auto& fate : counts.fates) fate = ++next;
  };
  ProtocolReport protocol;
  protocol.protocol = Protocol::Ipfix;
  fill(protocol.sums.counts);
  fill(protocol.recent);
  protocol.sums.counts.reported_bytes = std::numeric_limits<std::uint64_t>::max();
  protocol.sums.last_seen_ms = ++next;
  protocol.sums.clock_skew_ms = -7;
  protocol.sums.sampling_interval = ++next;
  protocol.sums.sampling_source = SamplingSource::Sampler;
  protocol.sums.last_template_ms = ++next;
  protocol.sums.template_gap_ms = ++next;
  core::DomainCounts domain{.domain = 7, .last_seen_ms = ++next};
  for (const auto& field : core::kDomainFields) domain.*field.sum = ++next;
  protocol.sums.domains = {domain, {.domain = std::numeric_limits<std::uint32_t>::max()}};
  protocol.sampling_source = "forced";
  protocol.completeness = 0.875;
  protocol.completeness_state = "measured";
  return {.now_ms = 1'714'521'600'123,
          .recent_seconds = 300,
          .completeness_start_ms = 1'714'521'300'000,
          .exporters = {{.address = "192.0.2.1",
                         .name = "edge1 \"tyo\"",
                         .pop = "Tokyo",
                         .is_configured = true,
                         .configured_interfaces = 3,
                         .protocols = {protocol, ProtocolReport{.protocol = Protocol::Packets}},
                         .interface_alarms = {{.interface = 512,
                                               .direction = "egress",
                                               .ratio = 1.75,
                                               .minutes = 65,
                                               .cause = "double_count"}}},
                        {.address = "2001:db8::1", .name = "2001:db8::1"}}};
}

TEST(ExportersReport, ReadsBackWhatItWrote) {
  const auto read = parse_exporters_report(to_json(full_report()));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, full_report());
}

TEST(ExportersReport, NamesWhatAProtocolNumbersAndWhatIsUnknown) {
  const std::string json =
      to_json({.now_ms = 5,
               .exporters = {{.address = "192.0.2.9",
                              .name = "r",
                              .protocols = {{.protocol = Protocol::Netflow9}}}}});
  EXPECT_TRUE(json.starts_with(
      R"({"now_ms":5,"recent_seconds":0,"completeness_start_ms":0,"exporters":[{"address":"192.0.2.9","name":"r","pop":"","configured":false,"configured_interfaces":0,"protocols":[{"protocol":"netflow9","unit":"packets","last_seen_ms":0,"clock_skew_ms":0,"sampling_interval":null,"sampling_source":"unknown","sampling_announced_by":"unknown","last_template_ms":null,"template_gap_ms":null,"held_bytes_now":0,"completeness":null,"completeness_state":"unknown","totals":{"datagrams":0,)"))
      << json;
  EXPECT_TRUE(json.ends_with("\"domains\":[]}],\"interface_alarms\":[]}]}\n")) << json;
}

TEST(ExportersReport, WhatIsHeldNowIsWhatNeitherFoundItsTemplateNorWasGivenUp) {
  ProtocolReport report;
  report.sums.counts.held_bytes = 100;
  report.sums.counts.rescued_bytes = 30;
  report.sums.counts.given_up_bytes = 20;
  EXPECT_EQ(report.held_bytes_now(), 50U);
  // Read while a worker adds, the parts may be ahead of the whole.
  report.sums.counts.given_up_bytes = 80;
  EXPECT_EQ(report.held_bytes_now(), 0U);
}

TEST(ExportersReport, OtherTextIsRefused) {
  for (const char* text : {"", "nothing", "[]", "{}", "{\"exporters\":[", "404"}) {
    const auto read = parse_exporters_report(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, ErrorCode::Malformed);
  }
}

TEST(ExportersReport, FieldsOfOtherTypesAreLeftAtTheirDefaults) {
  const auto read = parse_exporters_report(
      R"({"now_ms":"late","exporters":[3,{"address":4,"protocols":[{"protocol":"morse"},{"protocol":"ipfix","totals":[],"last_seen_ms":-5}]}]})");
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, (ExportersReport{.exporters = {{},
                                                  {.protocols = {{.protocol = Protocol::Ipfix,
                                                                  .sampling_source = "",
                                                                  .completeness_state = ""}}}}}));
}

}  // namespace
}  // namespace weir::http
