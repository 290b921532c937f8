#include "collector/app/source_fetch.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

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

}  // namespace
}  // namespace weir::app
