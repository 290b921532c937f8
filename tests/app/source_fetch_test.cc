#include "collector/app/source_fetch.h"

#include <gtest/gtest.h>

#include <chrono>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/support/config_files.h"
#include "tests/support/http_source.h"

namespace weir::app {
namespace {

SourceUrl url(std::string_view text) {
  const auto parsed = parse_source_url(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(SourceUrl{});
}

TEST(SourceUrl, ReadsHostPortAndTarget) {
  EXPECT_EQ(url("https://CRM.example.com"), (SourceUrl{true, "crm.example.com", "443", "/"}));
  EXPECT_EQ(url("http://crm:8080/a/b?c=d#e"), (SourceUrl{false, "crm", "8080", "/a/b?c=d"}));
  EXPECT_EQ(url("https://[2001:db8::1]:8443?x"), (SourceUrl{true, "2001:db8::1", "8443", "/?x"}));
}

TEST(SourceUrl, NamesThePortOnlyWhereTheSchemeDoesNot) {
  EXPECT_EQ(url("https://crm:443/").host_field(), "crm");
  EXPECT_EQ(url("http://crm:443/").host_field(), "crm:443");
  EXPECT_EQ(url("https://[2001:db8::1]:8443/").host_field(), "[2001:db8::1]:8443");
}

TEST(SourceUrl, KeepsTheQueryOutOfMessages) {
  EXPECT_EQ(url("https://crm/list?token=secret").to_string(), "https://crm/list");
}

TEST(SourceUrl, RefusesWhatIsNoAddressOrHoldsCredentials) {
  for (const std::string_view text :
       {"", "ftp://crm/", "https://", "https://:80/", "https://crm:0/", "https://crm:65536/",
        "https://crm:/", "https://crm:80x/", "https://user@crm/", "https://user:word@crm/",
        "https://[::1/", "https://crm/a b", "https://crm/a\r\nX: y", "https://c\"rm/"}) {
    const auto parsed = parse_source_url(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::Usage);
    EXPECT_EQ(parsed.error().message.find("word"), std::string::npos);
  }
}

TEST(SourceRedirect, LeadsFromTheAddressThatAnswered) {
  const SourceUrl from = url("https://crm:8443/a/b?c=d");
  EXPECT_EQ(follow_redirect(from, "https://other/x").value(), url("https://other/x"));
  EXPECT_EQ(follow_redirect(from, "//other/x").value(), url("https://other/x"));
  EXPECT_EQ(follow_redirect(from, "/x?y").value(), url("https://crm:8443/x?y"));
  EXPECT_EQ(follow_redirect(from, "x").value(), url("https://crm:8443/a/x"));
  EXPECT_EQ(follow_redirect(from, "?y").value(), url("https://crm:8443/a/b?y"));
  EXPECT_EQ(follow_redirect(url("http://crm/"), "https://crm/").value(), url("https://crm/"));
}

TEST(SourceRedirect, RefusesToLeaveTlsAndOtherSchemes) {
  const SourceUrl from = url("https://crm/");
  for (const std::string_view location : {"", "http://crm/", "file:///etc/passwd", "mailto:x",
                                          "https://user@crm/", "/a b", "https://crm:0/"}) {
    const auto next = follow_redirect(from, location);
    ASSERT_FALSE(next.has_value()) << location;
    EXPECT_EQ(next.error().code, ErrorCode::Malformed);
  }
}

TEST(SourceHeader, ReadsNameAndValue) {
  EXPECT_EQ(parse_http_header("Authorization:  Bearer a:b ").value(),
            (HttpHeader{"Authorization", "Bearer a:b"}));
  EXPECT_EQ(parse_http_header("X-Empty:").value(), (HttpHeader{"X-Empty", ""}));
}

TEST(SourceHeader, RefusesInjectionAndWhatTheRequestSetsAndShowsNoSecret) {
  for (const std::string_view text : {"", "sesame", ": sesame", "X Y: sesame", "X: sesame\r\nY: z",
                                      "Host: sesame", "content-length: 1", "X\n: sesame"}) {
    const auto header = parse_http_header(text);
    ASSERT_FALSE(header.has_value()) << text;
    EXPECT_EQ(header.error().code, ErrorCode::Usage);
    EXPECT_EQ(header.error().message.find("sesame"), std::string::npos);
  }
}

TEST(SourceFetch, EndsAtOnceWhenStopped) {
  test::HttpSource web;
  std::stop_source stop;
  FetchTerms terms;
  terms.timeout = std::chrono::minutes{10};
  terms.stop = stop.get_token();
  std::thread asker([&] {
    EXPECT_TRUE(web.sees(1));
    stop.request_stop();
  });
  const auto fetched = fetch_source(url(web.url()), terms);
  asker.join();
  ASSERT_FALSE(fetched.has_value());
  EXPECT_EQ(fetched.error().code, ErrorCode::Unavailable);
  EXPECT_EQ(fetched.error().message, web.url() + ": stopped");

  // Stopped before it begins, it asks nobody.
  EXPECT_EQ(fetch_source(url(web.url()), terms).error().message, web.url() + ": stopped");
}

TEST(SourceFetch, GivesTheWholeBodyAndItsKind) {
  test::HttpSource web;
  web.answer("[1]");
  const auto fetched = fetch_source(url(web.url()), {});
  ASSERT_TRUE(fetched.has_value()) << fetched.error().message;
  EXPECT_EQ(fetched->body, "[1]");
  EXPECT_EQ(fetched->content_type, "application/json");
  web.answer("[1]", 404);
  EXPECT_EQ(fetch_source(url(web.url()), {}).error().message,
            web.url() + ": the server answers with status 404");
}

TEST(HeaderFile, HoldsOneHeaderALine) {
  const test::ConfigFiles files;
  const auto read =
      read_header_file(files.write("h", "# for the CRM\r\n\nX-A: 1\r\nAuthorization: Bearer b"));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(*read, (std::vector<HttpHeader>{{"X-A", "1"}, {"Authorization", "Bearer b"}}));
  const auto bad = read_header_file(files.write("bad", "secret\n"));
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error().code, ErrorCode::Usage);
  EXPECT_EQ(bad.error().message.find("secret"), std::string::npos);
  EXPECT_EQ(read_header_file(files.path("none")).error().code, ErrorCode::Usage);
}

}  // namespace
}  // namespace weir::app
