#include "collector/ingest/stream_receiver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <future>
#include <map>
#include <set>

#include "tests/support/config_files.h"
#include "tests/support/message_builder.h"
#include "tests/support/stream_client.h"
#include "tests/support/test_certificates.h"

namespace weir::ingest {
namespace {

using std::chrono::milliseconds;
using test::IpfixMessage;
using test::TcpClient;
using test::TlsClientFiles;
using Bytes = std::vector<std::byte>;

constexpr IpAddress kLoopback = IpAddress::v4(0x7f00'0001);
constexpr IpAddress kOther = IpAddress::v4(0x7f00'0002);
/// Far beyond any test.
constexpr milliseconds kNever{600'000};

Bytes message(std::uint32_t sequence, std::size_t padding = 0) {
  return test::build(IpfixMessage{.sequence = sequence,
                                  .sets = {{.id = 256, .body = Bytes(padding, std::byte{1})}}});
}

/// A receiver that the test's own thread runs.
class StreamReceiverTest : public testing::Test {
 protected:
  struct Received {
    IpAddress source;
    ConnectionId connection;
    Bytes payload;
  };

  void open(StreamLimits limits = {}, std::optional<TlsFiles> tls = {}) {
    const std::vector<StreamListen> listeners{{.address = kLoopback, .tls = std::move(tls)}};
    receiver = StreamReceiver::open(listeners, limits).value();
    receiver->start({.admits = [this](const IpAddress& source) { return source != refused; },
                     .take =
                         [this](const Datagram& datagram) {
                           received.push_back({datagram.source,
                                               datagram.connection,
                                               {datagram.payload.begin(), datagram.payload.end()}});
                           EXPECT_EQ(datagram.destination_port, receiver->port(0));
                           EXPECT_NE(datagram.source_port, 0);
                           return verdict;
                         },
                     .ended = [this](const IpAddress&,
                                     ConnectionId connection) { ended.push_back(connection); }});
  }
  bool until(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!condition() && std::chrono::steady_clock::now() < end)
      receiver->run_for(milliseconds{1});
    return condition();
  }
  [[nodiscard]] TcpClient connect(const IpAddress& from = kLoopback) const {
    return TcpClient(receiver->port(0), from);
  }
  [[nodiscard]] StreamFigures figures() const { return receiver->figures().at(0); }
  [[nodiscard]] std::uint64_t refusals(StreamRefusal reason) const {
    return figures().refused[static_cast<std::size_t>(reason)];
  }
  [[nodiscard]] std::uint64_t ends(StreamEnd reason) const {
    return figures().ended[static_cast<std::size_t>(reason)];
  }
  [[nodiscard]] std::vector<Bytes> payloads() const {
    std::vector<Bytes> all;
    for (const auto& one : received) all.push_back(one.payload);
    return all;
  }

  IpAddress refused;
  StreamVerdict verdict = StreamVerdict::Sound;
  std::vector<Received> received;
  std::vector<ConnectionId> ended;
  std::unique_ptr<StreamReceiver> receiver;
};

TEST_F(StreamReceiverTest, HandsOnTheMessagesOfSeveralExportersApart) {
  open();
  const TcpClient first = connect();
  const TcpClient second = connect(kOther);
  first.send(message(1));
  second.send(message(2));
  first.send(message(3, 2'000));
  ASSERT_TRUE(until([&] { return received.size() == 3; }));
  std::map<IpAddress, std::vector<Bytes>> by_source;
  std::map<IpAddress, std::set<ConnectionId>> connections;
  for (const auto& one : received) {
    by_source[one.source].push_back(one.payload);
    connections[one.source].insert(one.connection);
  }
  EXPECT_EQ(by_source[kLoopback], (std::vector{message(1), message(3, 2'000)}));
  EXPECT_EQ(by_source[kOther], (std::vector<Bytes>{message(2)}));
  EXPECT_EQ(connections[kLoopback].size(), 1U);
  EXPECT_NE(connections[kLoopback], connections[kOther]);
  EXPECT_EQ(figures().accepted, 2U);
  EXPECT_EQ(figures().open, 2U);
  EXPECT_EQ(figures().messages, 3U);
  EXPECT_EQ(figures().bytes, message(1).size() + message(2).size() + message(3, 2'000).size());
  EXPECT_EQ(figures().listen, "tcp 127.0.0.1:" + std::to_string(receiver->port(0)));
}

TEST_F(StreamReceiverTest, AnOrderlyEndIsToldOnceWithItsConnection) {
  open();
  TcpClient client = connect();
  client.send(message(1));
  client.close();
  ASSERT_TRUE(until([&] { return !ended.empty(); }));
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(ended, std::vector{received[0].connection});
  EXPECT_EQ(ends(StreamEnd::Peer), 1U);
  EXPECT_EQ(figures().open, 0U);
  EXPECT_EQ(figures().troubles, 0U);
}

TEST_F(StreamReceiverTest, AnEndInsideAMessageIsTold) {
  open();
  TcpClient client = connect();
  const Bytes whole = message(1);
  client.send(std::span{whole}.first(18));
  client.close();
  ASSERT_TRUE(until([&] { return !ended.empty(); }));
  EXPECT_EQ(ends(StreamEnd::CutShort), 1U);
  EXPECT_TRUE(received.empty());
  EXPECT_EQ(figures().troubles, 1U);
}

TEST_F(StreamReceiverTest, AResetIsTold) {
  open();
  TcpClient client = connect();
  client.send(message(1));
  ASSERT_TRUE(until([&] { return received.size() == 1; }));
  client.reset();
  ASSERT_TRUE(until([&] { return !ended.empty(); }));
  EXPECT_EQ(ends(StreamEnd::Lost), 1U);
}

TEST_F(StreamReceiverTest, WhatIsNotIpfixEndsItsConnectionAlone) {
  open();
  const TcpClient good = connect();
  const TcpClient web = connect();
  const std::string request = "GET / HTTP/1.1\r\n\r\n";
  web.send(std::as_bytes(std::span{request}));
  const TcpClient short_one = connect();
  short_one.send(test::build(IpfixMessage{.declared_length = 15}));
  ASSERT_TRUE(until([&] { return ended.size() == 2; }));
  EXPECT_EQ(ends(StreamEnd::BadVersion), 1U);
  EXPECT_EQ(ends(StreamEnd::BadLength), 1U);
  EXPECT_TRUE(web.is_closed());
  good.send(message(1));
  EXPECT_TRUE(until([&] { return received.size() == 1; }));
  EXPECT_EQ(figures().open, 1U);
}

TEST_F(StreamReceiverTest, AMalformedMessageEndsTheConnectionAndWhatFollowsIt) {
  open();
  verdict = StreamVerdict::Malformed;
  const TcpClient client = connect();
  Bytes two = message(1);
  const Bytes more = message(2);
  two.insert(two.end(), more.begin(), more.end());
  client.send(two);
  ASSERT_TRUE(until([&] { return client.is_closed(); }));
  EXPECT_EQ(received.size(), 1U);
  EXPECT_EQ(ends(StreamEnd::Malformed), 1U);
  EXPECT_EQ(figures().troubles, 1U);
  EXPECT_THAT(figures().last_trouble, testing::MatchesRegex("127.0.0.1:[0-9]+: malformed"));
}

TEST_F(StreamReceiverTest, ASourceThatAReloadForbidsIsClosed) {
  open();
  verdict = StreamVerdict::NotAllowed;
  const TcpClient client = connect();
  client.send(message(1));
  ASSERT_TRUE(until([&] { return client.is_closed(); }));
  EXPECT_EQ(ends(StreamEnd::NotAllowed), 1U);
}

TEST_F(StreamReceiverTest, StrangersAreClosedAtTheAccept) {
  refused = kOther;
  open();
  const TcpClient stranger = connect(kOther);
  ASSERT_TRUE(until([&] { return stranger.is_closed(); }));
  EXPECT_EQ(refusals(StreamRefusal::NotAllowed), 1U);
  EXPECT_EQ(figures().accepted, 0U);
  EXPECT_TRUE(ended.empty());
}

TEST_F(StreamReceiverTest, ConnectionsAreBoundedInAllAndByAddress) {
  open({.connections = 3, .connections_per_address = 2});
  const TcpClient first = connect();
  TcpClient second = connect();
  const TcpClient third = connect();
  ASSERT_TRUE(until([&] { return third.is_closed(); }));
  EXPECT_EQ(refusals(StreamRefusal::TooManyFromAddress), 1U);
  const TcpClient of_other = connect(kOther);
  const TcpClient one_too_many = connect(IpAddress::v4(0x7f00'0003));
  ASSERT_TRUE(until([&] { return one_too_many.is_closed(); }));
  EXPECT_EQ(refusals(StreamRefusal::TooMany), 1U);
  EXPECT_EQ(figures().open, 3U);
  // Room again once one has gone.
  second.close();
  ASSERT_TRUE(until([&] { return figures().open == 2; }));
  const TcpClient next = connect();
  EXPECT_TRUE(until([&] { return figures().accepted == 4; }));
}

TEST_F(StreamReceiverTest, ASlowMessageEndsHoweverItsBytesTrickle) {
  open({.message = milliseconds{60}, .idle = kNever});
  const TcpClient client = connect();
  const Bytes slow = message(1, 4'000);
  std::size_t sent = 0;
  // A byte each turn of the loop: the deadline stays.
  ASSERT_TRUE(until([&] {
    if (sent < slow.size() && !client.is_closed())
      static_cast<void>(::send(client.fd(), &slow[sent++], 1, MSG_NOSIGNAL));
    return client.is_closed();
  }));
  EXPECT_EQ(ends(StreamEnd::SlowMessage), 1U);
  EXPECT_TRUE(received.empty());
  EXPECT_LT(sent, slow.size());
}

TEST_F(StreamReceiverTest, ASilentConnectionEnds) {
  open({.message = kNever, .idle = milliseconds{50}});
  const TcpClient client = connect();
  ASSERT_TRUE(until([&] { return client.is_closed(); }));
  EXPECT_EQ(ends(StreamEnd::Idle), 1U);
}

TEST_F(StreamReceiverTest, MessagesMoveTheIdleDeadline) {
  open({.message = kNever, .idle = milliseconds{80}});
  const TcpClient client = connect();
  const auto end = std::chrono::steady_clock::now() + milliseconds{300};
  std::uint32_t sent = 0;
  while (std::chrono::steady_clock::now() < end) {
    client.send(message(sent++));
    ASSERT_TRUE(until([&] { return received.size() == sent; }));
  }
  EXPECT_EQ(figures().open, 1U);
}

TEST_F(StreamReceiverTest, AFastExporterDoesNotKeepOthersWaiting) {
  open();
  const TcpClient fast = connect();
  const TcpClient calm = connect(kOther);
  ASSERT_TRUE(until([&] { return figures().accepted == 2; }));
  // More than one turn takes, all there before the other's message.
  Bytes flood;
  for (std::uint32_t i = 0; i < 1'000; ++i) {
    const Bytes one = message(i, 200);
    flood.insert(flood.end(), one.begin(), one.end());
  }
  fast.send(flood);
  calm.send(message(0));
  ASSERT_TRUE(until([&] { return received.size() == 1'001; }));
  const auto place = std::ranges::find(received, kOther, &Received::source) - received.begin();
  EXPECT_LT(place, 900);
}

TEST_F(StreamReceiverTest, AStopTakesWhatHasArrivedAndClosesAll) {
  open();
  const TcpClient client = connect();
  ASSERT_TRUE(until([&] { return figures().accepted == 1; }));
  client.send(message(1));
  client.send(message(2));
  receiver->stop(milliseconds{500});
  EXPECT_EQ(payloads(), (std::vector{message(1), message(2)}));
  EXPECT_TRUE(client.is_closed());
  EXPECT_EQ(ends(StreamEnd::Stopped), 1U);
  EXPECT_EQ(ended.size(), 1U);
  EXPECT_EQ(figures().open, 0U);
}

TEST_F(StreamReceiverTest, AcceptsAgainOnceTheSystemHasDescriptorsAgain) {
  open();
  const TcpClient before = connect();
  ASSERT_TRUE(until([&] { return figures().accepted == 1; }));
  const TcpClient waiting = connect();
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &old), 0);
  const rlimit none{.rlim_cur = 3, .rlim_max = old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const bool is_refused = until([&] { return refusals(StreamRefusal::AcceptFailed) == 1; });
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &old), 0);
  EXPECT_TRUE(is_refused);
  EXPECT_TRUE(until([&] { return figures().accepted == 2; }));
}

TEST(StreamReceiver, APortInUseIsNamedWithTheMend) {
  const std::vector<StreamListen> free{{.address = kLoopback}};
  const auto first = StreamReceiver::open(free, {}).value();
  const std::vector<StreamListen> taken{{.address = kLoopback, .port = first->port(0)}};
  const auto second = StreamReceiver::open(taken, {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::Unavailable);
  EXPECT_EQ(second.error().message,
            "cannot listen on tcp 127.0.0.1:" + std::to_string(first->port(0)) +
                ": another program listens there; stop it (`ss -tlpn` names it) or choose another "
                "port");
}

/// TLS with certificates made here.
class StreamReceiverTls : public StreamReceiverTest {
 protected:
  void open_tls(const std::string& client_ca, StreamLimits limits = {}) {
    const auto own = authority.sign("collector");
    open(limits, TlsFiles{.certificate = files.write("own.pem", own.certificate),
                          .key = files.write("own.key", own.key),
                          .client_ca = client_ca});
  }
  [[nodiscard]] TlsClientFiles client_of(const test::TestAuthority& signer) {
    const auto made = signer.sign("edge1.tyo");
    return {.authority = ca,
            .certificate = files.write("client.pem", made.certificate),
            .key = files.write("client.key", made.key)};
  }
  /// Runs the receiver until the client has its answer.
  bool send(const TlsClientFiles& client, int highest_version = 0) {
    auto answer = std::async(std::launch::async, [&, port = receiver->port(0)] {
      return test::send_with_tls(port, client, message(1), highest_version);
    });
    EXPECT_TRUE(
        until([&] { return answer.wait_for(milliseconds{0}) == std::future_status::ready; }));
    return answer.get();
  }

  test::ConfigFiles files;
  test::TestAuthority authority{"Test authority"};
  std::string ca = files.write("ca.pem", authority.certificate());
};

TEST_F(StreamReceiverTls, AClientWithACertificateOfTheAuthorityIsHeard) {
  open_tls(ca);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    received.clear();
    EXPECT_TRUE(send(client_of(authority), version));
    EXPECT_EQ(payloads(), std::vector<Bytes>{message(1)});
  }
  EXPECT_EQ(figures().accepted, 2U);
  EXPECT_TRUE(until([&] { return ends(StreamEnd::Peer) == 2; }));
  EXPECT_TRUE(figures().listen.starts_with("tls 127.0.0.1:"));
}

TEST_F(StreamReceiverTls, WithoutClientCaAnyClientIsHeard) {
  open_tls("");
  EXPECT_TRUE(send({.authority = ca}));
  EXPECT_EQ(payloads(), std::vector<Bytes>{message(1)});
}

TEST_F(StreamReceiverTls, AClientWithoutCertificateIsRefused) {
  open_tls(ca);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION})
    EXPECT_FALSE(send({.authority = ca}, version));
  EXPECT_TRUE(until([&] { return refusals(StreamRefusal::Handshake) == 2; }));
  EXPECT_TRUE(received.empty());
  EXPECT_EQ(figures().accepted, 0U);
}

TEST_F(StreamReceiverTls, AClientOfAnotherAuthorityIsRefused) {
  open_tls(ca);
  const test::TestAuthority stranger{"Test authority"};
  EXPECT_FALSE(send(client_of(stranger)));
  EXPECT_TRUE(until([&] { return refusals(StreamRefusal::Handshake) == 1; }));
  EXPECT_TRUE(received.empty());
}

TEST_F(StreamReceiverTls, OldVersionsAreRefused) {
  open_tls("");
  EXPECT_FALSE(send({.authority = ca}, TLS1_1_VERSION));
  EXPECT_TRUE(until([&] { return refusals(StreamRefusal::Handshake) == 1; }));
}

TEST_F(StreamReceiverTls, PlainBytesAreRefused) {
  open_tls("");
  const TcpClient client = connect();
  client.send(message(1));
  ASSERT_TRUE(until([&] { return client.is_closed() || refusals(StreamRefusal::Handshake) == 1; }));
  EXPECT_EQ(refusals(StreamRefusal::Handshake), 1U);
  EXPECT_TRUE(received.empty());
}

TEST_F(StreamReceiverTls, AHandshakeThatDoesNotComeEnds) {
  open_tls("", {.handshake = milliseconds{50}});
  const TcpClient client = connect();
  ASSERT_TRUE(until([&] { return client.is_closed(); }));
  EXPECT_EQ(refusals(StreamRefusal::HandshakeTimeout), 1U);
}

TEST_F(StreamReceiverTls, StrangersCostNoHandshake) {
  refused = kLoopback;
  open_tls(ca);
  EXPECT_FALSE(send(client_of(authority)));
  EXPECT_EQ(refusals(StreamRefusal::NotAllowed), 1U);
  EXPECT_EQ(refusals(StreamRefusal::Handshake), 0U);
}

TEST_F(StreamReceiverTls, FilesThatCannotBeUsedAreNamed) {
  const auto own = authority.sign("collector");
  const auto other = authority.sign("other");
  const TlsFiles good{.certificate = files.write("own.pem", own.certificate),
                      .key = files.write("own.key", own.key),
                      .client_ca = ca};
  const auto told = [](const TlsFiles& tls) {
    const std::vector<StreamListen> listeners{{.address = kLoopback, .port = 1, .tls = tls}};
    const auto opened = StreamReceiver::open(listeners, {});
    EXPECT_FALSE(opened);
    return opened ? std::string() : opened.error().message;
  };
  TlsFiles files_of = good;
  files_of.key = files.path("none.key");
  EXPECT_EQ(told(files_of), "tls 127.0.0.1:1: cannot read the key `" + files_of.key +
                                "`: No such file or directory; name a file that exists and that "
                                "this user may read");
  files_of = good;
  files_of.certificate = files.path("none.pem");
  EXPECT_THAT(told(files_of), testing::HasSubstr("cannot read the certificate `"));
  files_of = good;
  files_of.client_ca = files.path("none.pem");
  EXPECT_THAT(told(files_of), testing::HasSubstr("cannot read the client_ca `"));
  files_of = good;
  files_of.key = files.write("other.key", other.key);
  EXPECT_THAT(told(files_of), testing::HasSubstr("cannot use the key `"));
  files_of = good;
  files_of.certificate = files.write("text.pem", "no certificate");
  EXPECT_THAT(told(files_of), testing::HasSubstr("cannot use the certificate `"));
  files_of = good;
  files_of.client_ca = files.path("text.pem");
  EXPECT_THAT(told(files_of), testing::HasSubstr("cannot use the client_ca `"));
}

}  // namespace
}  // namespace weir::ingest
