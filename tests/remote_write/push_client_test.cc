#include "exporters/remote_write/push_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/error.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include "exporters/remote_write/name_lookup.h"
#include "tests/remote_write/receiver.h"
#include "tests/support/config_files.h"
#include "tests/support/test_certificates.h"

namespace weir::remote_write {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::chrono_literals;

constexpr const char* kTaken = "HTTP/1.1 204 No Content\r\n\r\n";

PushTarget target_at(const std::string& port) {
  return {.host = "127.0.0.1",
          .port = port,
          .host_field = "127.0.0.1:" + port,
          .path = "/api/v1/write?a=b"};
}

std::unique_ptr<PushClient> client_of(PushTarget target) {
  auto made = PushClient::make(std::move(target));
  EXPECT_TRUE(made) << made.error().message;
  return std::move(*made);
}

TEST(PushClient, SendsTheHeadersOfRemoteWriteAndTheBodyAsItIs) {
  std::string header;
  std::string body;
  test::Receiver receiver([&](const std::string& got, const std::string& rest) {
    header = got;
    body = rest;
    return kTaken;
  });
  auto target = target_at(receiver.port());
  target.headers = {{"X-Scope-OrgID", "noc"}};
  const std::string sent("\0\xff\r\n", 4);
  const auto answer = client_of(std::move(target))->post(sent);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 204U);
  EXPECT_EQ(answer->retry_after, std::nullopt);
  EXPECT_EQ(body, sent);
  EXPECT_EQ(header,
            "POST /api/v1/write?a=b HTTP/1.1\r\n"
            "Host: 127.0.0.1:" +
                receiver.port() +
                "\r\n"
                "User-Agent: weir\r\n"
                "Connection: close\r\n"
                "Content-Type: application/x-protobuf\r\n"
                "Content-Encoding: snappy\r\n"
                "X-Prometheus-Remote-Write-Version: 0.1.0\r\n"
                "X-Scope-OrgID: noc\r\n"
                "Content-Length: 4\r\n\r\n");
}

TEST(PushClient, GivesTheStatusThePauseAskedForAndTheReason) {
  test::Receiver receiver([](const std::string&, const std::string&) {
    return "HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\nContent-Length: 9\r\n\r\nslow\ndown";
  });
  const auto answer = client_of(target_at(receiver.port()))->post("x");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 429U);
  EXPECT_EQ(answer->retry_after, 7s);
  EXPECT_EQ(answer->text, "slow down");
}

TEST(PushClient, SignsInWithSecretsThatAreReadAnew) {
  std::vector<std::string> headers;
  test::Receiver receiver([&](const std::string& header, const std::string&) {
    headers.push_back(header);
    return kTaken;
  });
  const test::ConfigFiles files;
  auto target = target_at(receiver.port());
  target.bearer_token_file = files.write("token", "first\n");
  const auto bearer = client_of(target);
  ASSERT_TRUE(bearer->post("x"));
  files.write("token", "second\n");
  ASSERT_TRUE(bearer->post("x"));
  target.bearer_token_file.clear();
  target.user = "weir";
  target.password_file = files.write("password", "open sesame\n");
  ASSERT_TRUE(client_of(target)->post("x"));
  ASSERT_EQ(headers.size(), 3U);
  EXPECT_THAT(headers[0], HasSubstr("Authorization: Bearer first\r\n"));
  EXPECT_THAT(headers[1], HasSubstr("Authorization: Bearer second\r\n"));
  EXPECT_THAT(headers[2], HasSubstr("Authorization: Basic d2VpcjpvcGVuIHNlc2FtZQ==\r\n"));
}

TEST(PushClient, AFileThatIsNotThereIsToldAtOnce) {
  auto target = target_at("1");
  target.bearer_token_file = "/nonexistent/token";
  const auto made = PushClient::make(target);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::NotFound);
  EXPECT_EQ(made.error().message,
            "cannot read the bearer_token_file of remote_write `/nonexistent/token`: No such file "
            "or directory; name a file that exists and that this user may read");
  target.bearer_token_file.clear();
  target.ca_file = "/nonexistent/ca.pem";
  const auto without_authority = PushClient::make(target);
  ASSERT_FALSE(without_authority);
  EXPECT_THAT(without_authority.error().message,
              StartsWith("remote_write: cannot use the ca_file `/nonexistent/ca.pem`: "));
}

TEST(PushClient, NobodyThereAndNoAnswerAreUnavailable) {
  std::string port;
  {
    test::Receiver receiver([](const std::string&, const std::string&) { return ""; });
    port = receiver.port();
    const auto answer = client_of(target_at(port))->post("x");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::Unavailable);
    EXPECT_EQ(answer.error().message,
              "no answer from http://127.0.0.1:" + port + "/api/v1/write: end of stream");
  }
  const auto answer = client_of(target_at(port))->post("x");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message,
            "no answer from http://127.0.0.1:" + port + "/api/v1/write: Connection refused");
}

/// Holds an answer back until it is let go.
class Gate {
 public:
  void open() {
    {
      const std::lock_guard lock(mutex_);
      is_open_ = true;
    }
    wake_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    is_reached_ = true;
    wake_.notify_all();
    wake_.wait(lock, [this] { return is_open_; });
  }
  void wait_until_reached() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return is_reached_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_open_ = false;
  bool is_reached_ = false;
};

TEST(PushClient, AServerThatDoesNotAnswerIsGivenUpInTime) {
  Gate gate;
  test::Receiver receiver([&](const std::string&, const std::string&) {
    gate.pass();
    return kTaken;
  });
  auto target = target_at(receiver.port());
  target.timeout = 50ms;
  const auto answer = client_of(target)->post("x");
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr(": not in time"));
  gate.open();
}

TEST(PushClient, AbortEndsWhatIsUnderWayAndRefusesMore) {
  Gate gate;
  test::Receiver receiver([&](const std::string&, const std::string&) {
    gate.pass();
    return kTaken;
  });
  const auto client = client_of(target_at(receiver.port()));
  std::thread stopper([&] {
    gate.wait_until_reached();
    client->abort();
  });
  EXPECT_FALSE(client->post("x"));
  stopper.join();
  EXPECT_FALSE(client->post("x"));
  gate.open();
}

TEST(NameLookup, FindsAnAddressAndEndsAtAStop) {
  const auto later = std::chrono::steady_clock::now() + 60s;
  const auto found = look_up("127.0.0.1", "80", later, {});
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->begin()->endpoint().port(), 80);

  std::stop_source stop;
  stop.request_stop();
  const auto stopped = look_up("127.0.0.1", "80", later, stop.get_token());
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error(), boost::asio::error::operation_aborted);
}

TEST(PushClient, TlsTrustsTheAuthorityNamedAndNoOther) {
  const test::TestAuthority ours("ours");
  const test::TestAuthority others("others");
  const auto pem = ours.sign("localhost");
  test::Receiver receiver([](const std::string&, const std::string&) { return kTaken; },
                          {.certificate = pem.certificate, .key = pem.key});
  const test::ConfigFiles files;
  auto target = target_at(receiver.port());
  target.is_tls = true;
  target.host = "localhost";
  target.ca_file = files.write("others.pem", others.certificate());
  const auto refused = client_of(target)->post("x");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("TLS: certificate verify failed"));
  target.ca_file = files.write("ours.pem", ours.certificate());
  const auto taken = client_of(target)->post("x");
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(taken->status, 204U);
  target.host = "127.0.0.1";
  const auto other_name = client_of(target)->post("x");
  EXPECT_FALSE(other_name) << "the certificate is for localhost";
}

}  // namespace
}  // namespace weir::remote_write
