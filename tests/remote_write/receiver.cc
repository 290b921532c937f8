#include "tests/remote_write/receiver.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <snappy.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include "proto/remote_write.pb.h"

namespace weir::test {
namespace {

namespace asio = boost::asio;
using Failure = boost::system::error_code;

/// Of "Content-Length: N".
std::size_t length_of(const std::string& header) {
  constexpr std::string_view kName = "Content-Length: ";
  const std::size_t at = header.find(kName);
  return at == std::string::npos ? 0 : std::stoul(header.substr(at + kName.size()));
}

template <class Stream>
void answer_one(Stream& stream, const Receiver::Answer& answer) {
  Failure failed;
  std::string read;
  const std::size_t end = asio::read_until(stream, asio::dynamic_buffer(read), "\r\n\r\n", failed);
  if (failed) return;
  const std::size_t whole = end + length_of(read);
  if (read.size() < whole)
    asio::read(stream, asio::dynamic_buffer(read), asio::transfer_exactly(whole - read.size()),
               failed);
  if (failed) return;
  const std::string reply = answer(read.substr(0, end), read.substr(end));
  asio::write(stream, asio::buffer(reply), failed);
}

}  // namespace

std::vector<ReceivedSample> unpack(const std::string& body) {
  std::string plain;
  EXPECT_TRUE(snappy::Uncompress(body.data(), body.size(), &plain));
  remote_write::v1::WriteRequest request;
  EXPECT_TRUE(request.ParseFromString(plain));
  std::vector<ReceivedSample> samples;
  for (const auto& series : request.timeseries()) {
    ReceivedSample sample;
    std::string before;
    for (const auto& label : series.labels()) {
      EXPECT_LT(before, label.name()) << "labels are sorted, and none stands twice";
      EXPECT_FALSE(label.value().empty());
      before = label.name();
      sample.labels[label.name()] = label.value();
    }
    EXPECT_EQ(series.samples_size(), 1);
    sample.value = series.samples(0).value();
    sample.time_ms = series.samples(0).timestamp();
    samples.push_back(std::move(sample));
  }
  return samples;
}

Receiver::Receiver(Answer answer, const Pem& pem) : answer_(std::move(answer)) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(::bind(socket_, generic, length), 0);
  EXPECT_EQ(::listen(socket_, 8), 0);
  EXPECT_EQ(::getsockname(socket_, generic, &length), 0);
  port_ = std::to_string(ntohs(address.sin_port));
  thread_ = std::thread([this, pem] { serve(pem); });
}

Receiver::~Receiver() {
  ::shutdown(socket_, SHUT_RDWR);
  thread_.join();
  ::close(socket_);
}

void Receiver::serve(const Pem& pem) {
  asio::io_context context;
  asio::ssl::context tls(asio::ssl::context::tls_server);
  if (!pem.key.empty()) {
    tls.use_certificate_chain(asio::buffer(pem.certificate));
    tls.use_private_key(asio::buffer(pem.key), asio::ssl::context::pem);
  }
  while (true) {
    const int accepted = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
    if (accepted < 0) return;
    asio::ip::tcp::socket plain(context, asio::ip::tcp::v4(), accepted);
    if (pem.key.empty()) {
      answer_one(plain, answer_);
      continue;
    }
    asio::ssl::stream<asio::ip::tcp::socket&> stream(plain, tls);
    Failure failed;
    stream.handshake(asio::ssl::stream_base::server, failed);
    if (!failed) answer_one(stream, answer_);
  }
}

}  // namespace weir::test
