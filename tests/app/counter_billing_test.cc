// From a capture of sFlow, by way of the real commands, to a bill made of interface counters.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "collector/app/replay_command.h"
#include "collector/app/report_command.h"
#include "exporters/ledger/ledger.h"
#include "tests/support/config_files.h"
#include "tests/support/pcap_builder.h"
#include "tests/support/sflow_builder.h"

namespace weir::app {
namespace {

namespace json = boost::json;

constexpr std::int64_t kStart = 1'760'000'100;  // 2025-10-09, a multiple of 300
/// Of October 2025 before that: 8 days of 288, and 8 h 55 min.
constexpr std::uint64_t kIntervalsBefore = 2'411;

/// A router that sends, every ten seconds, one sample of a frame of 1,000 bytes (1 in `rate`, into
/// interface 5) and, unless it is silent, the counters of the interface.
struct Router {
  IpAddress address;
  std::uint32_t rate = 1'000;
  std::uint64_t octets_a_step = 0;
  std::int64_t silent_from = 0;  ///< seconds after kStart
  std::int64_t silent_until = 0;
};

test::Bytes datagram(const Router& router, std::uint32_t step, std::int64_t seconds,
                     bool has_flow) {
  test::SflowBuilder builder;
  builder.agent(router.address).sequence(step + 1).uptime_ms(step * 10'000);
  if (has_flow) {
    test::FrameBuilder frame;
    frame.ethernet().ipv4({.total_length = 982, .protocol = 17}).udp(4'000, 53);
    builder.add(test::FlowSample{
        .sequence = step,
        .source_index = 5,
        .rate = router.rate,
        .pool = step * router.rate,
        .input = 5,
        .output = 6,
        .records = {test::raw_header_record({.frame_length = 1'000, .header = frame.build()})}});
  }
  if (seconds < router.silent_from || seconds >= router.silent_until)
    builder.add(test::CounterSample{.source_index = 5,
                                    .records = {test::generic_counters_record(
                                        {.source_index = 5,
                                         .interface = 5,
                                         .type = 6,
                                         .speed = 10'000'000'000,
                                         .status = 3,
                                         .in_octets = 7'000'000'000 + step * router.octets_a_step,
                                         .has_interface = true})}});
  return builder.build();
}

class CounterBilling : public testing::Test {
 protected:
  /// Replays what the routers sent for `intervals` times five minutes into a ledger.
  void replay(const std::vector<Router>& routers, std::int64_t intervals) {
    test::PcapBuilder pcap;
    const std::int64_t last = intervals * 300 + 5;
    for (std::int64_t seconds = -5; seconds <= last; seconds += 10) {
      const auto step = static_cast<std::uint32_t>((seconds + 5) / 10);
      for (const Router& router : routers)
        pcap.add(test::ethernet(test::ipv4(
                     test::udp(datagram(router, step, seconds, seconds > 0 && seconds < last),
                               {.destination_port = 6'343}),
                     {.source = router.address})),
                 (kStart + seconds) * 1'000);
    }
    const test::TemporaryFile capture(pcap.bytes());
    ASSERT_EQ(run_replay({.config = config(),
                          .captures = {capture.path()},
                          .format = ReplayFormat::Json,
                          .ledger = files.path("weir.db")},
                         out.get(), stderr),
              0);
  }
  [[nodiscard]] std::string config() const {
    files.write("contracts.yaml",
                "- {id: A, committed: 100k, billing: {source: counter}, attach: [{exporter: r1, "
                "interface: port-5}]}\n");
    return files.write(
        "weir.yaml",
        fmt::format("listen: [{{udp: \"127.0.0.1:0\"}}]\n"
                    "exporters:\n"
                    "  routers:\n"
                    "    - {{address: 192.0.2.1, name: r1, interfaces: [{{index: 5, name: "
                    "port-5, speed: 10G}}]}}\n"
                    "    - {{address: 192.0.2.2, name: r2, interfaces: [{{index: 5}}]}}\n"
                    "contracts: contracts.yaml\n"
                    "ledger: {{url: \"sqlite:{}\"}}\n",
                    files.path("weir.db")));
  }
  [[nodiscard]] std::vector<ledger::InterfaceTotal> totals(const char* router) const {
    auto opened = ledger::Ledger::open_existing(
        {.backend = ledger::Backend::Sqlite, .target = files.path("weir.db")});
    EXPECT_TRUE(opened) << opened.error().message;
    return *opened->interface_totals(router, 5, kStart, kStart + 86'400);
  }
  [[nodiscard]] json::object bill() const {
    const std::string path = files.path("report.json");
    std::FILE* const file = std::fopen(path.c_str(), "w");
    EXPECT_EQ(
        run_report(
            {.config = config(), .month = "2025-10", .contract = "A", .format = ReportFormat::Json},
            file, stderr),
        0);
    std::fclose(file);
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return json::parse(text.str()).at("contracts").at(0).as_object();
  }

  struct Close {
    void operator()(std::FILE* file) const noexcept { static_cast<void>(std::fclose(file)); }
  };

  test::ConfigFiles files;
  std::unique_ptr<std::FILE, Close> out{std::tmpfile()};
};

/// 30 samples in five minutes, each of 1,000 bytes at 1 in 1,000.
constexpr std::uint64_t kFlowBytes = 30'000'000;
constexpr std::uint64_t kCounterBytes = 30'600'000;  // 2 % more

TEST_F(CounterBilling, ACaptureIsBilledFromItsCounterSamples) {
  replay({{.address = IpAddress::v4(0xc000'0201), .octets_a_step = 1'020'000}}, 3);
  const auto found = totals("r1");
  ASSERT_EQ(found.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(found[i],
              (ledger::InterfaceTotal{.start = kStart + static_cast<std::int64_t>(i) * 300,
                                      .flow_bytes = {kFlowBytes, 0},
                                      .counter_bytes = {kCounterBytes, 0}}));
  const json::object one = bill();
  EXPECT_EQ(one.at("source"), "counter");
  EXPECT_EQ(one.at("layer"), "ethernet");
  EXPECT_EQ(one.at("percentile_bits_per_second"), kCounterBytes * 8 / 300);
  EXPECT_EQ(one.at("overage_bits_per_second"), kCounterBytes * 8 / 300 - 100'000);
  EXPECT_EQ(one.at("intervals_measured"), 3U);
  EXPECT_EQ(one.at("intervals_missing"), kIntervalsBefore);
  EXPECT_EQ(one.at("estimated"), false);
  EXPECT_EQ(one.at("by_flow").at("percentile_bits_per_second"), kFlowBytes * 8 / 300);
  EXPECT_EQ(one.at("by_flow").at("estimated"), true);
}

TEST_F(CounterBilling, CountersThatWereNotReadAreMissingHoweverMuchFlowsKnow) {
  // Eleven minutes between two readings leave intervals 1 to 3 without a figure.
  replay({{.address = IpAddress::v4(0xc000'0201),
           .octets_a_step = 1'020'000,
           .silent_from = 300,
           .silent_until = 960}},
         5);
  const auto found = totals("r1");
  ASSERT_EQ(found.size(), 5U);
  const std::optional<std::uint64_t> none;
  EXPECT_EQ(found[0].counter_bytes[0], none);  // its last five seconds
  EXPECT_EQ(found[1].counter_bytes[0], none);
  EXPECT_EQ(found[2].counter_bytes[0], none);
  EXPECT_EQ(found[3].counter_bytes[0], none);
  EXPECT_EQ(found[4].counter_bytes[0], kCounterBytes);
  for (const auto& total : found) EXPECT_EQ(total.flow_bytes[0], kFlowBytes);
  const json::object one = bill();
  EXPECT_EQ(one.at("intervals_expected"), kIntervalsBefore + 5);
  EXPECT_EQ(one.at("intervals_measured"), 1U);
  EXPECT_EQ(one.at("intervals_missing"), kIntervalsBefore + 4);
  EXPECT_EQ(one.at("provisional"), true);
  EXPECT_EQ(one.at("by_flow").at("intervals_measured"), 5U);
}

TEST_F(CounterBilling, ARouterThatAnnouncesNoSamplingShowsInTheRatio) {
  replay({{.address = IpAddress::v4(0xc000'0201), .octets_a_step = 1'020'000},
          {.address = IpAddress::v4(0xc000'0202), .rate = 1, .octets_a_step = 1'000'000}},
         2);
  const auto found = totals("r2");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].flow_bytes[0], 30'000U);
  EXPECT_EQ(found[0].counter_bytes[0], 30'000'000U);
}

}  // namespace
}  // namespace weir::app
