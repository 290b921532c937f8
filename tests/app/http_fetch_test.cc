#include "collector/app/http_fetch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collector/app/doctor_command.h"
#include "exporters/http/server.h"

namespace weir::app {
namespace {

using ::testing::HasSubstr;

TEST(HttpUrl, HasAHostAndAPort) {
  EXPECT_EQ(*parse_http_url("http://127.0.0.1:9000"),
            (HttpUrl{.host = "127.0.0.1", .port = "9000", .host_field = "127.0.0.1:9000"}));
  EXPECT_EQ(
      *parse_http_url("http://weir.example.net/"),
      (HttpUrl{
          .host = "weir.example.net", .port = "10055", .host_field = "weir.example.net:10055"}));
  EXPECT_EQ(*parse_http_url("http://[2001:db8::1]:80"),
            (HttpUrl{.host = "2001:db8::1", .port = "80", .host_field = "[2001:db8::1]:80"}));
}

TEST(HttpUrl, OtherTextIsRefused) {
  for (const char* text : {"", "127.0.0.1:10055", "https://h", "http://", "http://:1", "http://h:",
                           "http://h:0", "http://h:65536", "http://h:12x", "http://h/path",
                           "http://[::1", "http://[::1]x", "http://a b", "http://h\r\nX: y"}) {
    const auto url = parse_http_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code, ErrorCode::Usage) << text;
  }
}

/// A server on a free port of loopback.
class HttpGet : public testing::Test {
 protected:
  HttpGet() {
    http::Routes routes;
    routes.add(http::Method::Get, "/text", [](const http::Request& request) {
      return http::Response{.body = "for " + request.header("host")};
    });
    routes.add(http::Method::Get, "/broken",
               [](const http::Request&) { return http::Response{.status = 500}; });
    server_ = *http::Server::listen({}, std::move(routes));
    url_ = *parse_http_url("http://127.0.0.1:" + std::to_string(server_->port()));
  }

  std::unique_ptr<http::Server> server_;
  HttpUrl url_;
};

TEST_F(HttpGet, GivesTheBody) { EXPECT_EQ(*http_get(url_, "/text"), "for " + url_.host_field); }

TEST_F(HttpGet, TellsAPathThatIsNotThereFromAFailure) {
  EXPECT_EQ(http_get(url_, "/nothing").error().code, ErrorCode::NotFound);
  EXPECT_EQ(http_get(url_, "/broken").error().code, ErrorCode::Malformed);
  EXPECT_THAT(http_get(url_, "/broken").error().message, HasSubstr("status 500"));
}

TEST_F(HttpGet, AServerThatIsGoneIsNamedWithTheMend) {
  server_->stop();
  const auto answer = http_get(url_, "/text");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::Unavailable);
  EXPECT_THAT(answer.error().message, HasSubstr("http://" + url_.host_field));
  EXPECT_THAT(answer.error().message, HasSubstr("is `weir serve` running"));
}

TEST_F(HttpGet, DoctorTellsAnotherServerFromACollector) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out{std::tmpfile(), &std::fclose};
  const std::string url = "http://" + url_.host_field;
  EXPECT_EQ(run_doctor({.url = url}, out.get(), out.get()), 1);
  EXPECT_EQ(run_doctor({.url = "ftp://x"}, out.get(), out.get()), 2);
}

}  // namespace
}  // namespace weir::app
