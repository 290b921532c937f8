#include "exporters/http/routes.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace weir::http {
namespace {

[[nodiscard]] Handler says(std::string text) {
  return [text](const Request&) {
    Response response;
    response.body = text;
    return response;
  };
}

[[nodiscard]] Request request_for(Method method, std::string path) {
  Request request;
  request.method = method;
  request.path = std::move(path);
  return request;
}

TEST(Routes, TheHandlerOfMethodAndPathAnswers) {
  Routes routes;
  routes.add(Method::Get, "/a", says("get a"));
  routes.add(Method::Post, "/a", says("post a"));
  routes.add(Method::Get, "/b", says("get b"));

  EXPECT_EQ(routes.answer(request_for(Method::Get, "/a")).body, "get a");
  EXPECT_EQ(routes.answer(request_for(Method::Post, "/a")).body, "post a");
  EXPECT_EQ(routes.answer(request_for(Method::Get, "/b")).body, "get b");
  EXPECT_EQ(routes.answer(request_for(Method::Head, "/b")).body, "get b");
}

TEST(Routes, AnUnknownPathIs404) {
  Routes routes;
  routes.add(Method::Get, "/a", says("a"));
  EXPECT_EQ(routes.answer(request_for(Method::Get, "/a/")).status, 404U);
  EXPECT_EQ(routes.answer(request_for(Method::Get, "/A")).status, 404U);
}

TEST(Routes, APrefixAnswersWhatIsBelowItAndTheLongestWins) {
  Routes routes;
  routes.add(Method::Get, "/a/exact", says("exact"));
  routes.add_below(Method::Get, "/a/", says("a"));
  routes.add_below(Method::Get, "/a/b/", says("b"));
  EXPECT_EQ(routes.answer(request_for(Method::Get, "/a/exact")).body, "exact");
  EXPECT_EQ(routes.answer(request_for(Method::Get, "/a/x")).body, "a");
  EXPECT_EQ(routes.answer(request_for(Method::Get, "/a/x/y")).body, "a");
  EXPECT_EQ(routes.answer(request_for(Method::Get, "/a/b/x")).body, "b");
  EXPECT_EQ(routes.answer(request_for(Method::Get, "/a/b/")).body, "a");
  EXPECT_EQ(routes.answer(request_for(Method::Get, "/a/")).status, 404U);
  EXPECT_EQ(routes.answer(request_for(Method::Get, "/a")).status, 404U);
  EXPECT_EQ(routes.answer(request_for(Method::Get, "/b/x")).status, 404U);
  EXPECT_EQ(routes.answer(request_for(Method::Post, "/a/x")).status, 405U);
}

TEST(Routes, AnotherMethodIs405AndSaysWhichAreAllowed) {
  Routes routes;
  routes.add(Method::Get, "/a", says("a"));
  routes.add(Method::Post, "/b", says("b"));
  routes.add(Method::Put, "/b", says("b"));

  const Response a = routes.answer(request_for(Method::Delete, "/a"));
  EXPECT_EQ(a.status, 405U);
  ASSERT_EQ(a.headers.size(), 1U);
  EXPECT_EQ(a.headers[0].name, "Allow");
  EXPECT_EQ(a.headers[0].value, "GET, HEAD");
  const Response b = routes.answer(request_for(Method::Get, "/b"));
  EXPECT_EQ(b.status, 405U);
  EXPECT_EQ(b.headers.at(0).value, "POST, PUT");
}

TEST(Routes, AHandlerThatThrowsIs500) {
  Routes routes;
  routes.add(Method::Get, "/a",
             [](const Request&) -> Response { throw std::runtime_error("no ledger"); });
  const Response response = routes.answer(request_for(Method::Get, "/a"));
  EXPECT_EQ(response.status, 500U);
  EXPECT_EQ(response.body, "The answer could not be made: no ledger\n");
}

TEST(Request, HeadersAreFoundWhateverTheirCaseAndJoined) {
  Request request;
  request.headers = {{"Accept", "text/plain"}, {"X", "y"}, {"ACCEPT", "*/*"}};
  EXPECT_EQ(request.header("accept"), "text/plain, */*");
  EXPECT_EQ(request.header("missing"), "");
}

}  // namespace
}  // namespace weir::http
