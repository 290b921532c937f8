#include "exporters/http/contracts_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <future>
#include <thread>

#include "exporters/http/server.h"
#include "tests/support/http_client.h"

namespace weir::http {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// 2012-09-01T00:00:00Z.
constexpr TrafficTime kSeptember = traffic_time_ms(1'346'457'600'000);
constexpr TrafficTime kAsOf = kSeptember + std::chrono::hours{24};

contracts::Contract contract(std::string id, std::string service, std::uint64_t committed) {
  contracts::Contract made{.id = std::move(id), .customer = "Secret & Sons"};
  made.service = std::move(service);
  made.pop = "Tokyo";
  made.committed = BitsPerSecond{committed};
  return made;
}

billing::ContractView billed(const contracts::Contract& of, std::uint64_t percentile,
                             std::uint64_t bursts) {
  billing::ContractView view{
      .subject = {.contract = of.id, .customer = of.customer, .service = ""},
      .pop = of.pop,
      .terms = {.committed = of.committed, .tiers = {}},
      .completeness = billing::kWhole,
      .state = billing::IntervalState::Measured,
      .current =
          {.period = {.start = kSeptember, .end = kSeptember + std::chrono::hours{720}},
           .intervals = {.expected = 288, .measured = 280, .zero = 1, .partial = 2, .missing = 8},
           .completeness = billing::Share{972'222},
           .coverage = billing::Share{960'000},
           .is_provisional = false,
           .is_estimated = true},
      .previous = std::nullopt};
  view.current.so_far.percentile = BitsPerSecond{percentile};
  view.current.so_far.burst_intervals_used = bursts;
  view.current.so_far.burst_intervals_allowed = 432;
  view.current.low = BitsPerSecond{percentile / 2};
  view.current.directions = {.from_customer = BitsPerSecond{1},
                             .to_customer = BitsPerSecond{percentile}};
  view.current.billed_direction = Direction::ToCustomer;
  return view;
}

/// Contracts A (over), B (near), C (below), N (nothing known) and "x/y" (no commit), of which
/// A to C have figures.
class ContractsApiTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::vector all{contract("C", "ip", 1'000'000'000), contract("A", "ip", 1'000'000'000),
                          contract("B", "fiber", 2'000'000'000), contract("N", "ip", 5'000'000'000),
                          contract("x/y", "ip", 0)};
    contracts::ContractTable::Input input;
    std::uint32_t slot = 0;
    for (const auto& one : all) input.contracts.push_back({.slot = Slot{slot++}, .contract = one});
    table = contracts::ContractTable::build(std::move(input));
    auto made = std::make_shared<billing::BillingView>();
    made->as_of = kAsOf;
    made->contracts = {billed(all[1], 1'500'000'000, 440), billed(all[2], 1'600'000'000, 3),
                       billed(all[0], 100'000'000, 0)};
    view = std::move(made);
    totals.has_minute = true;
    totals.minute_start = kAsOf;
    totals.minute.resize(5);
    // 7.5 GB a minute is 1 Gbit/s.
    totals.minute[0].bytes = {3'750'000'000, 7'500'000'000};
    totals.minute[0].variance[1] = 3'600;
    sources.table = [this] { return table; };
    sources.totals = [this] { return totals; };
    sources.billing = [this] { return view; };
    sources.layer = [] { return std::string_view("ethernet"); };
    sources.now = [] { return kAsOf + std::chrono::minutes{2}; };
    sources.intervals = [this](const contracts::Contract& of, const billing::Period& span) {
      asked_contract = of.id;
      asked_span = span;
      return answer;
    };
  }

  Response get(const std::string& path, const std::string& query = {}) {
    ContractsApi api(sources);
    Routes routes;
    api.add_to(routes);
    return routes.answer(
        {.method = Method::Get, .path = path, .query = query, .headers = {}, .body = {}});
  }
  json::value json_of(const std::string& path, const std::string& query = {}) {
    const Response response = get(path, query);
    EXPECT_EQ(response.status, 200U) << response.body;
    EXPECT_EQ(response.content_type, "application/json");
    return json::parse(response.body);
  }
  std::vector<std::string> ids(const std::string& query) {
    std::vector<std::string> found;
    const auto all = json_of("/api/v1/contracts", query);
    for (const auto& one : all.at("contracts").as_array())
      found.emplace_back(one.at("id").as_string());
    return found;
  }
  std::pair<unsigned, std::string> error_of(const std::string& path, const std::string& query) {
    const Response response = get(path, query);
    return {response.status, std::string(json::parse(response.body).at("error").as_string())};
  }

  std::shared_ptr<const contracts::ContractTable> table;
  std::shared_ptr<const billing::BillingView> view;
  core::TotalsSnapshot totals;
  ContractSources sources;
  Result<billing::IntervalGrid> answer =
      billing::IntervalGrid({.start = kSeptember, .end = kSeptember + std::chrono::minutes{15}});
  std::string asked_contract;
  billing::Period asked_span;
};

TEST_F(ContractsApiTest, TheListSaysWhatEachContractCarriesAndOwes) {
  const auto all = json_of("/api/v1/contracts");
  EXPECT_EQ(all.at("total"), 5);
  EXPECT_EQ(all.at("as_of_ms"), since_epoch_ms(kAsOf));
  EXPECT_EQ(all.at("minute_ms"), since_epoch_ms(kAsOf));
  EXPECT_EQ(all.at("layer"), "ethernet");
  EXPECT_EQ(all.at("contracts").at(2), json::parse(R"({
    "id": "C", "service": "ip", "pop": "Tokyo", "committed_bits_per_second": 1000000000,
    "ceiling_bits_per_second": null, "utilization": 1.0E0,
    "rate": {"from_customer_bits_per_second": 5.0E8, "to_customer_bits_per_second": 1.0E9,
             "error_bits_per_second": 1.568E1},
    "standing": "below", "last_interval": {"state": "measured", "completeness": 1.0E0},
    "current": {"from_ms": 1346457600000, "until_ms": 1349049600000,
                "percentile_bits_per_second": 100000000,
                "percentile_low_bits_per_second": 50000000,
                "percentile_high_bits_per_second": null, "completeness": 9.72222E-1,
                "provisional": false, "estimated": true, "over_commit_for_certain": false, "burst_intervals_used": 0,
                "burst_intervals_allowed": 432, "intervals_expected": 288,
                "intervals_measured": 280, "intervals_remaining": 0}})"));
  EXPECT_TRUE(all.at("contracts").at(3).at("current").is_null());
  EXPECT_THAT(json::serialize(all), Not(HasSubstr("Secret")));
}

TEST_F(ContractsApiTest, AContractSaysWhatItUsuallyCarries) {
  EXPECT_TRUE(json_of("/api/v1/contracts/A").at("baseline").is_null());
  auto baselines = std::make_shared<billing::BaselineView>();
  baselines->contracts.push_back(
      {.contract = "A",
       .directions = {
           .from_customer = {.levels = {.median = 415e6, .high = 503.956e6, .low = 459.478e6}},
           .to_customer = {.levels = {.median = 0.4, .high = 10e6, .low = 5e6},
                           .is_above = true}}});
  sources.baselines = [baselines] { return baselines; };
  EXPECT_EQ(json_of("/api/v1/contracts/A").at("baseline"), json::parse(R"({
    "from_customer": {"median_bits_per_second": 415000000, "high_bits_per_second": 503956000,
                      "low_bits_per_second": 459478000, "is_above": false},
    "to_customer": {"median_bits_per_second": 0, "high_bits_per_second": 10000000,
                    "low_bits_per_second": 5000000, "is_above": true}})"));
  EXPECT_TRUE(json_of("/api/v1/contracts/B").at("baseline").is_null());
}

TEST_F(ContractsApiTest, TheListIsFilteredSortedAndPaged) {
  EXPECT_THAT(ids(""), ElementsAre("A", "B", "C", "N", "x/y"));
  EXPECT_THAT(ids("order=desc"), ElementsAre("x/y", "N", "C", "B", "A"));
  EXPECT_THAT(ids("sort=percentile&order=desc"), ElementsAre("B", "A", "C", "N", "x/y"));
  EXPECT_THAT(ids("sort=percentile_ratio&order=desc&limit=2"), ElementsAre("A", "B"));
  EXPECT_THAT(ids("sort=burst&order=desc&limit=1&offset=1"), ElementsAre("B"));
  EXPECT_THAT(ids("sort=utilization&order=desc&limit=1"), ElementsAre("C"));
  EXPECT_THAT(ids("sort=committed&limit=1"), ElementsAre("x/y"));
  EXPECT_THAT(ids("sort=completeness&limit=1"), ElementsAre("N"));
  EXPECT_THAT(ids("service=fiber"), ElementsAre("B"));
  EXPECT_THAT(ids("pop=Osaka"), ElementsAre());
  EXPECT_THAT(ids("standing=over"), ElementsAre("A"));
  EXPECT_THAT(ids("standing=no_data&provisional=true"), ElementsAre("N", "x/y"));
  EXPECT_THAT(ids("provisional=false&q=B"), ElementsAre("B"));
  EXPECT_THAT(ids("offset=99"), ElementsAre());
}

TEST_F(ContractsApiTest, AParameterThatIsWrongIsAnErrorWithASentence) {
  using ::testing::Pair;
  const auto list = [&](const char* query) { return error_of("/api/v1/contracts", query); };
  EXPECT_THAT(list("sort=name"),
              Pair(400U,
                   "contracts cannot be sorted by name; say one of id, utilization, "
                   "percentile, percentile_ratio, committed, completeness, burst."));
  EXPECT_THAT(list("limit=0"), Pair(400U, "limit is 0; say 1 to 1000."));
  EXPECT_THAT(list("limit=1001"), Pair(400U, "limit is 1001; say 1 to 1000."));
  EXPECT_THAT(list("offset=-1"), Pair(400U, "offset is -1; say a number from 0."));
  EXPECT_THAT(list("order=up"), Pair(400U, "order is up; say asc or desc."));
  EXPECT_THAT(list("provisional=1"), Pair(400U, "provisional is 1; say true or false."));
  EXPECT_THAT(list("standing=x"), Pair(400U, HasSubstr("say below, near, over")));
  EXPECT_THAT(list("page=2"), Pair(400U, HasSubstr("parameter page is not known")));
  EXPECT_THAT(list("limit=1&limit=2"), Pair(400U, HasSubstr("names a parameter twice")));
}

TEST_F(ContractsApiTest, CustomersAreNamedOnlyWhereTheConfigurationSaysSo) {
  EXPECT_THAT(get("/contract/A").body, Not(HasSubstr("Secret")));
  sources.customer_names = CustomerNames::Shown;
  EXPECT_EQ(json_of("/api/v1/contracts/A").at("customer"), "Secret & Sons");
  EXPECT_THAT(get("/contract/A").body, HasSubstr("Secret &amp; Sons"));
}

TEST_F(ContractsApiTest, OneContractHasItsTermsAndBothDirections) {
  const auto one = json_of("/api/v1/contracts/A");
  EXPECT_EQ(one.at("standing"), "over");
  EXPECT_EQ(one.at("layer"), "ethernet");
  EXPECT_EQ(one.at("current").at("estimated"), true);
  EXPECT_EQ(one.at("terms"), json::parse(R"({"percentile_hundredths": 9500,
    "direction_rule": "max_of_percentiles", "method": "nearest_rank", "timezone": "UTC", "day": 1,
    "from_ms": null, "until_ms": null})"));
  EXPECT_EQ(one.at("current").at("to_customer").at("percentile_bits_per_second"), 1'500'000'000);
  EXPECT_EQ(one.at("current").at("billed_direction"), "to_customer");
  EXPECT_EQ(one.at("current").at("intervals_missing"), 8);
  EXPECT_TRUE(one.at("previous").is_null());
  EXPECT_EQ(json_of("/api/v1/contracts/x/y").at("standing"), "no_data");
  EXPECT_EQ(error_of("/api/v1/contracts/nobody", "").first, 404U);
}

TEST_F(ContractsApiTest, IntervalsAreOfTheRunningPeriodUnlessASpanIsNamed) {
  auto grid = *answer;
  grid.cover(kSeptember, billing::kWhole);
  grid.add(kSeptember, {.from_customer = 37'500, .to_customer = 75'000},
           {.from_customer = 0, .to_customer = 37'500});
  grid.cover(kSeptember + billing::kLedgerInterval, billing::Share{500'000});
  grid.mask({.span = {.start = kSeptember + std::chrono::minutes{10},
                      .end = kSeptember + std::chrono::minutes{11}},
             .author = "sato",
             .reason = "attack",
             .made_at = kAsOf});
  answer = grid;
  const auto all = json_of("/api/v1/contracts/A/intervals");
  EXPECT_EQ(asked_contract, "A");
  EXPECT_EQ(asked_span, (billing::Period{.start = kSeptember, .end = kAsOf}));
  EXPECT_EQ(all, json::parse(R"({"contract": "A", "from_ms": 1346457600000,
    "to_ms": 1346458500000, "interval_seconds": 300, "layer": "ethernet",
    "masks": [{"from_ms": 1346458200000, "until_ms": 1346458260000, "author": "sato",
               "reason": "attack", "made_at_ms": 1346544000000}],
    "intervals": [
      {"start_ms": 1346457600000, "state": "measured", "completeness": 1.0E0,
       "from_customer_bits_per_second": 1000, "from_customer_error_bits_per_second": 0,
       "to_customer_bits_per_second": 2000, "to_customer_error_bits_per_second": 1960},
      {"start_ms": 1346457900000, "state": "partial", "completeness": 5.0E-1,
       "from_customer_bits_per_second": 0, "from_customer_error_bits_per_second": 0,
       "to_customer_bits_per_second": 0, "to_customer_error_bits_per_second": 0},
      {"start_ms": 1346458200000, "state": "masked", "completeness": 0.0E0,
       "from_customer_bits_per_second": null, "from_customer_error_bits_per_second": null,
       "to_customer_bits_per_second": null, "to_customer_error_bits_per_second": null}]})"));

  // What has not closed yet is not asked for.
  json_of("/api/v1/contracts/x/y/intervals", "from=2012-09-01T12:00:05Z&to=2012-09-30");
  EXPECT_EQ(asked_contract, "x/y");
  EXPECT_EQ(asked_span, (billing::Period{.start = kSeptember + std::chrono::seconds{12 * 3'600 + 5},
                                         .end = kAsOf}));
}

TEST_F(ContractsApiTest, SpansAreBoundedAndErrorsOfTheLedgerAreSaid) {
  using ::testing::Pair;
  const auto ask = [&](const char* query) {
    return error_of("/api/v1/contracts/A/intervals", query);
  };
  EXPECT_THAT(ask("from=2012-09-02&to=2012-09-01"), Pair(400U, HasSubstr("The span is empty")));
  EXPECT_THAT(ask("from=2012-07-01&to=2012-09-01"), Pair(400U, HasSubstr("40 days at most")));
  EXPECT_THAT(ask("from=yesterday"), Pair(400U, HasSubstr("from is yesterday; say 2026-04-01T")));
  EXPECT_THAT(ask("until=1"), Pair(400U, HasSubstr("say from and to")));
  EXPECT_EQ(error_of("/api/v1/contracts/nobody/intervals", "").first, 404U);
  answer = failure(ErrorCode::Unavailable, "The ledger is full.");
  EXPECT_THAT(ask(""), Pair(503U, "The ledger is full."));
  sources.intervals = nullptr;
  EXPECT_THAT(ask(""), Pair(503U, "This collector keeps no ledger."));
}

TEST_F(ContractsApiTest, ASlowLedgerLeavesAThreadForTheScrape) {
  std::promise<void> entered;
  std::promise<void> leave;
  sources.intervals = [&, waits = leave.get_future().share()](const contracts::Contract&,
                                                              const billing::Period&) {
    entered.set_value();
    waits.wait();
    return answer;
  };
  ContractsApi api(sources);
  Routes routes;
  api.add_to(routes);
  const auto server = Server::listen({}, std::move(routes));
  ASSERT_TRUE(server);
  const auto ask = [&](const std::string& path) {
    test::HttpClient client((*server)->port());
    return client.ask("GET", path)->status;
  };
  std::thread slow([&] { EXPECT_EQ(ask("/api/v1/contracts/A/intervals"), 200U); });
  entered.get_future().wait();
  EXPECT_EQ(ask("/api/v1/contracts/A/intervals"), 503U);
  EXPECT_EQ(ask("/api/v1/contracts"), 200U);
  leave.set_value();
  slow.join();
}

TEST_F(ContractsApiTest, TheCompanysFiguresAreOfTheContractsInForce) {
  const auto company = json_of("/api/v1/company");
  EXPECT_EQ(company.at("now").at("over_1g"), 2);
  EXPECT_EQ(company.at("now").at("at_least_1g"), 4);
  EXPECT_EQ(company.at("now").at("contracted_bits_per_second"), 9'000'000'000);
  EXPECT_EQ(company.at("over_1g_growth").at("text"), "0.0 %");
  sources.table = nullptr;
  EXPECT_EQ(error_of("/api/v1/company", "").first, 503U);
}

TEST_F(ContractsApiTest, ThePageStandsWithoutTheScriptAndRunsNoOther) {
  const Response page = get("/contract/A");
  EXPECT_EQ(page.status, 200U);
  EXPECT_THAT(page.body, HasSubstr("1,500.000 Mbit/s"));
  EXPECT_THAT(page.body, HasSubstr("440 of 432"));
  EXPECT_THAT(page.body, HasSubstr(R"(<script src="/contract.js"></script>)"));
  EXPECT_THAT(page.body, HasSubstr(R"(data-path="A")"));
  ASSERT_EQ(page.headers.size(), 1U);
  EXPECT_EQ(page.headers[0].name, "Content-Security-Policy");
  EXPECT_THAT(page.headers[0].value, HasSubstr("script-src 'self';"));
  EXPECT_EQ(get("/contract.js").content_type, "text/javascript; charset=utf-8");
  EXPECT_THAT(get("/contract/N").body, HasSubstr("have closed into a ledger yet"));
  EXPECT_EQ(get("/contract/nobody").status, 404U);
}

TEST_F(ContractsApiTest, EveryTextOfAContractIsEscaped) {
  auto bad = contract("<b>\"'&", "<b>\"'&", 1);
  bad.pop = bad.customer = bad.billing.timezone = bad.id;
  sources.customer_names = CustomerNames::Shown;
  auto made = std::make_shared<billing::BillingView>();
  made->contracts = {billed(bad, 1, 0)};
  view = std::move(made);
  contracts::ContractTable::Input input;
  input.contracts.push_back({.slot = Slot{0}, .contract = bad});
  table = contracts::ContractTable::build(std::move(input));
  const Response page = get("/contract/<b>\"'&");
  EXPECT_EQ(page.status, 200U);
  EXPECT_THAT(page.body, HasSubstr(R"(data-path="%3Cb%3E%22%27%26")"));
  EXPECT_THAT(page.body, Not(HasSubstr("<b>\"")));
}

TEST(ParseTime, TakesDaysInstantsAndMilliseconds) {
  EXPECT_EQ(parse_time("2012-09-01"), kSeptember);
  EXPECT_EQ(parse_time("2012-09-01T00:00:01Z"), kSeptember + std::chrono::seconds{1});
  EXPECT_EQ(parse_time("1346457600000"), kSeptember);
  for (const char* const bad :
       {"", "2012-02-30", "2012-13-01", "2012-09-01T", "2012-09-01T24:00:00Z",
        "2012-09-01T00:00:00", "2012-09-01T00:00:00+09:00", "1969-01-01", "-5",
        "999999999999999999", "2012-9-1"})
    EXPECT_EQ(parse_time(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace weir::http
