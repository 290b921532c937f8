#include "exporters/http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/http/gunzip.h"
#include "tests/support/http_client.h"

namespace weir::http {
namespace {

using test::HttpClient;
using test::HttpResponse;
using ::testing::HasSubstr;

[[nodiscard]] Response text_response(std::string text) {
  Response response;
  response.body = std::move(text);
  return response;
}

/// "/small", "/large" (20 MB), "/echo" (POST: method, path, query, a header, body).
[[nodiscard]] Routes some_routes() {
  Routes routes;
  routes.add(Method::Get, "/small", [](const Request&) { return text_response("hello\n"); });
  const auto large = std::make_shared<const std::string>(20'000'000, 'x');
  routes.add(Method::Get, "/large", [large](const Request&) { return text_response(*large); });
  routes.add(Method::Post, "/echo", [](const Request& request) {
    return text_response(std::string(method_name(request.method)) + "|" + request.path + "|" +
                         request.query + "|" + request.header("x-test") + "|" + request.body);
  });
  return routes;
}

[[nodiscard]] std::unique_ptr<Server> serve(Limits limits = {}) {
  ServerOptions options;
  options.limits = limits;
  auto server = Server::listen(options, some_routes());
  EXPECT_TRUE(server.has_value());
  return server ? *std::move(server) : nullptr;
}

/// The socket closes a moment before the session counts it.
template <class Condition>
[[nodiscard]] bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST(HttpServer, AnswersWithBodyLengthAndSecurityHeaders) {
  const auto server = serve();
  HttpClient client(server->port());

  const auto response = client.ask("GET", "/small");

  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 200U);
  EXPECT_EQ(response->body, "hello\n");
  auto headers = response->headers;
  EXPECT_EQ(headers["content-type"], "text/plain; charset=utf-8");
  EXPECT_EQ(headers["content-length"], "6");
  EXPECT_EQ(headers["x-content-type-options"], "nosniff");
  EXPECT_EQ(headers["x-frame-options"], "DENY");
  EXPECT_EQ(headers["referrer-policy"], "no-referrer");
  EXPECT_EQ(headers["cache-control"], "no-store");
  EXPECT_THAT(headers["content-security-policy"], HasSubstr("default-src 'none'"));
}

TEST(HttpServer, TheHandlerSeesTheWholeRequest) {
  const auto server = serve();
  HttpClient client(server->port());
  const auto response = client.ask("POST", "/ec%68o?a=1&b=%20", "X-Test: yes\r\n", "the body");
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->body, "POST|/echo|a=1&b=%20|yes|the body");
}

TEST(HttpServer, OneConnectionServesManyRequests) {
  const auto server = serve();
  HttpClient client(server->port());
  for (int i = 0; i < 20; ++i) {
    const auto response = client.ask("GET", "/small");
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->body, "hello\n");
  }
  EXPECT_EQ(server->figures().requests, 20U);
  EXPECT_EQ(server->figures().open_connections, 1U);
}

TEST(HttpServer, RequestsSentTogetherAreAnsweredInOrder) {
  const auto server = serve();
  HttpClient client(server->port());
  client.send(
      "GET /small HTTP/1.1\r\nHost: a\r\n\r\nGET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"
      "GET /small HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.receive().value_or(HttpResponse{}).status, 200U);
  EXPECT_EQ(client.receive().value_or(HttpResponse{}).status, 404U);
  EXPECT_EQ(client.receive().value_or(HttpResponse{}).status, 200U);
}

TEST(HttpServer, ConnectionCloseAndHttp10AreClosedAfterTheAnswer) {
  const auto server = serve();
  HttpClient asked(server->port());
  EXPECT_EQ(asked.ask("GET", "/small", "Connection: close\r\n").value_or(HttpResponse{}).status,
            200U);
  EXPECT_TRUE(asked.sees_end());

  HttpClient old(server->port());
  old.send("GET /small HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.receive().value_or(HttpResponse{}).body, "hello\n");
  EXPECT_TRUE(old.sees_end());
}

TEST(HttpServer, HeadHasTheLengthOfGetAndNoBody) {
  const auto server = serve();
  HttpClient client(server->port());
  const auto head = client.ask("HEAD", "/small");
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->status, 200U);
  EXPECT_EQ(head->headers.at("content-length"), "6");
  // Had a body followed, it would stand before the next status line.
  const auto next = client.ask("GET", "/small");
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->body, "hello\n");
}

TEST(HttpServer, LargeBodiesAreCompressedForThoseWhoAccept) {
  const auto server = serve();
  HttpClient client(server->port());

  const auto packed = client.ask("GET", "/large", "Accept-Encoding: gzip\r\n");
  ASSERT_TRUE(packed.has_value());
  EXPECT_EQ(packed->headers.at("content-encoding"), "gzip");
  EXPECT_EQ(packed->headers.at("vary"), "Accept, Accept-Encoding");
  EXPECT_LT(packed->body.size(), 200'000U);
  EXPECT_EQ(test::gunzip(packed->body), std::string(20'000'000, 'x'));

  const auto plain = client.ask("GET", "/large");
  ASSERT_TRUE(plain.has_value());
  EXPECT_FALSE(plain->headers.contains("content-encoding"));
  EXPECT_EQ(plain->body.size(), 20'000'000U);
}

TEST(HttpServer, SmallBodiesAreNotCompressed) {
  const auto server = serve();
  HttpClient client(server->port());
  const auto response = client.ask("GET", "/small", "Accept-Encoding: gzip\r\n");
  ASSERT_TRUE(response.has_value());
  EXPECT_FALSE(response->headers.contains("content-encoding"));
  EXPECT_EQ(response->body, "hello\n");
}

TEST(HttpServer, UnknownPathsAndMethodsAreAnsweredAndTheConnectionLives) {
  const auto server = serve();
  HttpClient client(server->port());
  EXPECT_EQ(client.ask("GET", "/nothing").value_or(HttpResponse{}).status, 404U);
  const auto refused = client.ask("DELETE", "/small");
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->status, 405U);
  EXPECT_EQ(refused->headers.at("allow"), "GET, HEAD");
  EXPECT_EQ(client.ask("GET", "/small").value_or(HttpResponse{}).status, 200U);
}

TEST(HttpServer, PathsThatClimbAreRefused) {
  const auto server = serve();
  for (const char* target : {"/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/a/../small",
                             "/%zz", "/small%00", "*", "small"}) {
    HttpClient client(server->port());
    EXPECT_EQ(client.ask("GET", target).value_or(HttpResponse{}).status, 400U) << target;
  }
  EXPECT_EQ(server->figures().malformed_requests, 7U);
}

TEST(HttpServer, WhatIsNotHttpIs400AndClosed) {
  const auto server = serve();
  for (const char* bytes :
       {"hello\r\n\r\n", "GET /small HTTP/9.9\r\n\r\n", "GET /small\r\n\r\n",
        "GET /small HTTP/1.1\r\nHost: a\r\nBad Header\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: "
        "chunked\r\n\r\nabc",
        "\x16\x03\x01\x02 tls hello\r\n\r\n"}) {
    HttpClient client(server->port());
    client.send(bytes);
    EXPECT_EQ(client.receive().value_or(HttpResponse{}).status, 400U) << bytes;
    EXPECT_TRUE(client.sees_end()) << bytes;
  }
  EXPECT_EQ(server->figures().malformed_requests, 8U);
}

TEST(HttpServer, A11RequestNeedsExactlyOneHost) {
  const auto server = serve();
  for (const char* bytes :
       {"GET /small HTTP/1.1\r\n\r\n", "GET /small HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"}) {
    HttpClient client(server->port());
    client.send(bytes);
    EXPECT_EQ(client.receive().value_or(HttpResponse{}).status, 400U) << bytes;
  }
}

TEST(HttpServer, HeadersBeyondTheLimitAre431) {
  const auto server = serve();
  HttpClient client(server->port());
  const auto response = client.ask("GET", "/small", "X: " + std::string(17'000, 'a') + "\r\n");
  EXPECT_EQ(response.value_or(HttpResponse{}).status, 431U);
  EXPECT_TRUE(client.sees_end());
}

TEST(HttpServer, BodiesBeyondTheLimitAre413) {
  const auto server = serve();
  HttpClient stated(server->port());
  EXPECT_EQ(
      stated.ask("POST", "/echo", "", std::string(70'000, 'a')).value_or(HttpResponse{}).status,
      413U);
  EXPECT_TRUE(stated.sees_end());

  HttpClient chunked(server->port());
  chunked.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n11170\r\n" +
               std::string(70'000, 'a') + "\r\n0\r\n\r\n");
  EXPECT_EQ(chunked.receive().value_or(HttpResponse{}).status, 413U);

  HttpClient within(server->port());
  EXPECT_EQ(
      within.ask("POST", "/echo", "", std::string(65'536, 'a')).value_or(HttpResponse{}).status,
      200U);
}

TEST(HttpServer, AClientThatAsksFirstIsToldToContinue) {
  const auto server = serve();
  HttpClient client(server->port());
  client.send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.receive().value_or(HttpResponse{}).status, 100U);
  client.send("late");
  EXPECT_EQ(client.receive().value_or(HttpResponse{}).body, "POST|/echo|||late");
}

TEST(HttpServer, PagesOfOtherSitesMayNotChangeAnything) {
  const auto server = serve();
  HttpClient client(server->port());
  EXPECT_EQ(client.ask("POST", "/echo", "Origin: http://evil.example\r\n", "x")
                .value_or(HttpResponse{})
                .status,
            403U);
  EXPECT_EQ(client.ask("POST", "/echo", "Sec-Fetch-Site: cross-site\r\n", "x")
                .value_or(HttpResponse{})
                .status,
            403U);
  EXPECT_EQ(client.ask("POST", "/echo", "Origin: http://localhost\r\n", "x")
                .value_or(HttpResponse{})
                .status,
            200U);
  EXPECT_EQ(client.ask("GET", "/small", "Origin: http://evil.example\r\n")
                .value_or(HttpResponse{})
                .status,
            200U);
}

TEST(HttpServer, SlowClientsDoNotHoldUpOthers) {
  const auto server = serve();
  std::vector<std::unique_ptr<HttpClient>> slow;
  for (int i = 0; i < 8; ++i) {
    // Half a request, and a large answer that nobody reads: more of each than threads.
    slow.push_back(std::make_unique<HttpClient>(server->port()));
    slow.back()->send("GET /small HTTP/1.1\r\nHo");
    slow.push_back(std::make_unique<HttpClient>(server->port()));
    slow.back()->send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  HttpClient client(server->port());
  EXPECT_EQ(client.ask("GET", "/small").value_or(HttpResponse{}).body, "hello\n");
}

TEST(HttpServer, ALongAnswerDoesNotHoldUpAnother) {
  std::promise<void> entered;
  std::promise<void> release;
  Routes routes = some_routes();
  routes.add(Method::Get, "/wait", [&](const Request&) {
    entered.set_value();
    release.get_future().wait();
    return text_response("waited");
  });
  auto server = Server::listen({}, std::move(routes));
  ASSERT_TRUE(server.has_value());

  HttpClient waiting((*server)->port());
  waiting.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  entered.get_future().wait();
  HttpClient client((*server)->port());
  EXPECT_EQ(client.ask("GET", "/small").value_or(HttpResponse{}).body, "hello\n");
  release.set_value();
  EXPECT_EQ(waiting.receive().value_or(HttpResponse{}).body, "waited");
}

TEST(HttpServer, ARequestThatDoesNotEndIsClosed) {
  Limits limits;
  limits.header_timeout = std::chrono::milliseconds(50);
  const auto server = serve(limits);
  HttpClient silent(server->port());
  HttpClient half(server->port());
  half.send("GET /small HTTP/1.1\r\nHost:");
  HttpClient no_body(server->port());
  no_body.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");

  EXPECT_TRUE(silent.sees_end());
  EXPECT_TRUE(half.sees_end());
  EXPECT_TRUE(no_body.sees_end());
  EXPECT_TRUE(eventually([&] { return server->figures().timeouts == 3; }));
}

TEST(HttpServer, AnIdleConnectionIsClosed) {
  Limits limits;
  limits.idle_timeout = std::chrono::milliseconds(50);
  const auto server = serve(limits);
  HttpClient client(server->port());
  EXPECT_EQ(client.ask("GET", "/small").value_or(HttpResponse{}).status, 200U);
  EXPECT_TRUE(client.sees_end());
  EXPECT_TRUE(eventually([&] { return server->figures().timeouts == 1; }));
}

TEST(HttpServer, ConnectionsBeyondTheLimitAreRefusedAndCounted) {
  Limits limits;
  limits.connections = 2;
  const auto server = serve(limits);
  HttpClient first(server->port());
  HttpClient second(server->port());
  EXPECT_EQ(first.ask("GET", "/small").value_or(HttpResponse{}).status, 200U);
  EXPECT_EQ(second.ask("GET", "/small").value_or(HttpResponse{}).status, 200U);

  HttpClient third(server->port());
  EXPECT_TRUE(third.sees_end());

  EXPECT_EQ(server->figures().refused_connections, 1U);
  EXPECT_EQ(server->figures().open_connections, 2U);
  EXPECT_EQ(first.ask("GET", "/small").value_or(HttpResponse{}).status, 200U);
}

TEST(HttpServer, StopEndsOpenConnections) {
  const auto server = serve();
  HttpClient idle(server->port());
  EXPECT_EQ(idle.ask("GET", "/small").value_or(HttpResponse{}).status, 200U);
  HttpClient half(server->port());
  half.send("GET /small HTTP/1.1\r\nHo");
  HttpClient unread(server->port());
  unread.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");

  server->stop();

  EXPECT_TRUE(idle.sees_end());
  EXPECT_TRUE(half.sees_end());
  EXPECT_TRUE(unread.sees_end());
  EXPECT_EQ(server->figures().open_connections, 0U);
  server->stop();
}

TEST(HttpServer, APortInUseIsSaidInASentence) {
  const auto server = serve();
  ServerOptions options;
  options.port = server->port();

  const auto second = Server::listen(options, {});

  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::Unavailable);
  EXPECT_EQ(second.error().message, "http: 127.0.0.1:" + std::to_string(options.port) +
                                        " is in use by another program; stop it or choose another "
                                        "port under http.listen");
}

TEST(HttpServer, AnAddressOfAnotherMachineIsSaidInASentence) {
  ServerOptions options;
  options.address = IpAddress::v4(0xc000'0201);
  const auto server = Server::listen(options, {});
  ASSERT_FALSE(server.has_value());
  EXPECT_EQ(server.error().code, ErrorCode::NotFound);
  EXPECT_THAT(server.error().message, HasSubstr("192.0.2.1:0 is not an address of this machine"));
}

TEST(HttpServer, ThePortIsFreeAfterStop) {
  auto server = serve();
  const std::uint16_t port = server->port();
  HttpClient client(port);
  EXPECT_EQ(client.ask("GET", "/small").value_or(HttpResponse{}).status, 200U);
  server.reset();
  ServerOptions options;
  options.port = port;
  EXPECT_TRUE(Server::listen(options, some_routes()).has_value());
}

}  // namespace
}  // namespace weir::http
