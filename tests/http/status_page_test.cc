#include "exporters/http/status_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

[[nodiscard]] ContractRow contract(std::string id, std::uint64_t committed, double to_customer) {
  ContractRow row;
  row.id = std::move(id);
  row.service = "ip";
  row.pop = "Tokyo";
  row.committed_bits_per_second = committed;
  row.to_customer_bits_per_second = to_customer;
  return row;
}

TEST(StatusPage, EveryTextFromOutsideIsEscaped) {
  constexpr const char* kBad = "<script>\"'&</script>";
  constexpr const char* kGood = "&lt;script&gt;&quot;&#39;&amp;&lt;/script&gt;";
  EXPECT_EQ(escape_html(kBad), kGood);

  StatusPage page;
  page.version = kBad;
  page.not_ready_because = {kBad};
  page.minute = kBad;
  page.contracts = {contract(kBad, 1, 1)};
  page.contracts[0].service = kBad;
  page.contracts[0].pop = kBad;
  page.exporters = {
      {.name = kBad, .protocol = kBad, .records = 0, .lost = 0, .lost_unit = kBad, .malformed = 0}};
  page.fates = {{.fate = kBad, .bytes = 1}};
  page.links = {{.path = kBad, .text = kBad}};

  EXPECT_THAT(render(page), Not(HasSubstr("<script")));
}

TEST(StatusPage, ContractsStandByUtilisation) {
  StatusPage page;
  page.ready = true;
  page.minute = "2024-05-01T00:00:00Z";
  page.contracts = {contract("low", 1'000'000'000, 1e8), contract("none", 0, 9e12),
                    contract("over", 1'000'000'000, 1.5e9)};
  const std::string html = render(page);

  EXPECT_LT(html.find(">over<"), html.find(">low<"));
  EXPECT_LT(html.find(">low<"), html.find(">none<"));
  EXPECT_THAT(html, HasSubstr("150.0 %"));
  EXPECT_THAT(html, HasSubstr("1.50 Gbit/s"));
}

TEST(StatusPage, ItListsTheTwoHundredOfHighestUtilisation) {
  StatusPage page;
  page.minute = "2024-05-01T00:00:00Z";
  for (unsigned i = 0; i < 1'234; ++i) {
    page.contracts.push_back(contract("C" + std::to_string(i), 1'000'000, 100.0 * i));
  }
  const std::string html = render(page);

  EXPECT_THAT(html, HasSubstr("The 200 of highest utilisation of 1,234."));
  EXPECT_THAT(html, HasSubstr(">C1233<"));
  EXPECT_THAT(html, HasSubstr(">C1034<"));
  EXPECT_THAT(html, Not(HasSubstr(">C1033<")));
}

TEST(StatusPage, WithALedgerContractsShowWhatTheyOweByNow) {
  StatusPage page;
  page.minute = "2024-05-01T00:00:00Z";
  page.contracts = {contract("a/b", 1'000'000'000, 2e8), contract("new", 1'000'000'000, 1e8)};
  EXPECT_THAT(render(page), Not(HasSubstr("percentile so far")));
  page.contracts[0].billing = {.standing = "over",
                               .percentile = 1'500'000'000,
                               .low = 400'000'000,
                               .high = std::nullopt,
                               .burst_used = 440,
                               .burst_allowed = 432,
                               .is_provisional = true};
  page.contracts[1].billing = {.standing = "no_data"};
  const std::string html = render(page);
  EXPECT_THAT(html, HasSubstr("percentile so far"));
  EXPECT_THAT(html, HasSubstr(R"(<a href="/contract/a%2Fb">a/b</a>)"));
  EXPECT_THAT(html, HasSubstr(R"(<span class="over">1.50 Gbit/s</span>)"));
  EXPECT_THAT(html, HasSubstr("400 Mbit/s &#8211; open"));
  EXPECT_THAT(html, HasSubstr(R"(<td class="n over">440 / 432</td>)"));
  EXPECT_THAT(html, HasSubstr("over commit</span><span class=\"muted\">, provisional</span>"));
  EXPECT_THAT(html, HasSubstr(R"(<td class="muted">no data</td>)"));
  // Every row has a cell a column.
  const std::size_t rows = html.find("<tbody>");
  const auto count = [&](std::size_t from, std::size_t until, std::string_view text) {
    std::size_t found = 0;
    for (auto at = html.find(text, from); at < until; at = html.find(text, at + 1)) ++found;
    return found;
  };
  EXPECT_EQ(count(0, rows, "<th") - count(0, rows, "<thead"), 12U);
  EXPECT_EQ(count(rows, html.find("</tbody>"), "<td"), 24U);
}

TEST(StatusPage, BeforeAMinuteClosesItSaysSo) {
  StatusPage page;
  page.contracts = {contract("a", 1, 0)};
  page.not_ready_because = {"no socket is open"};
  const std::string html = render(page);

  EXPECT_THAT(html, HasSubstr("no minute has closed yet"));
  EXPECT_THAT(html, HasSubstr("Not ready"));
  EXPECT_THAT(html, HasSubstr("no socket is open"));
  EXPECT_THAT(html, HasSubstr("No router has been heard yet."));
}

TEST(StatusPage, ExportersAndFatesAreTables) {
  StatusPage page;
  page.exporters = {{.name = "edge1.tyo",
                     .protocol = "ipfix",
                     .records = 1'234'567,
                     .lost = 12,
                     .lost_unit = "records",
                     .malformed = 0,
                     .seconds_since_seen = 3}};
  page.fates = {{.fate = "attributed", .bytes = 750}, {.fate = "late", .bytes = 250}};
  const std::string html = render(page);

  EXPECT_THAT(html, HasSubstr("<td>edge1.tyo</td><td>ipfix</td><td class=\"n\">3 s ago</td>"
                              "<td class=\"n\">1,234,567</td><td class=\"n over\">12 records</td>"
                              "<td class=\"n\">0</td>"));
  EXPECT_THAT(html,
              HasSubstr("<td>late</td><td class=\"n\">250 B</td><td class=\"n\">25.00 %</td>"));
}

TEST(StatusPage, ListenersAreATable) {
  StatusPage page;
  EXPECT_EQ(render(page).find("Listeners"), std::string::npos);
  page.listeners = {
      {.listen = "0.0.0.0:2055", .received = 1'234, .unit = "datagrams"},
      {.listen = "tls [::]:4740", .received = 5, .unit = "messages, 1 connections", .refused = 2}};
  const std::string html = render(page);
  EXPECT_NE(
      html.find(R"(<td>0.0.0.0:2055</td><td class="n">1,234 datagrams</td><td class="n">0</td>)"),
      std::string::npos);
  EXPECT_NE(
      html.find(
          R"(<td>tls [::]:4740</td><td class="n">5 messages, 1 connections</td><td class="n over">2</td>)"),
      std::string::npos);
}

TEST(StatusPage, RatesHaveThreeDigits) {
  EXPECT_EQ(rate_text(0), "0 bit/s");
  EXPECT_EQ(rate_text(999), "999 bit/s");
  EXPECT_EQ(rate_text(1'250'000'000), "1.25 Gbit/s");
  EXPECT_EQ(rate_text(12'500'000), "12.5 Mbit/s");
  EXPECT_EQ(rate_text(125'000), "125 kbit/s");
  EXPECT_EQ(rate_text(999'999'999), "1.00 Gbit/s");
  EXPECT_EQ(rate_text(2.5e12), "2.50 Tbit/s");
}

}  // namespace
}  // namespace weir::http
