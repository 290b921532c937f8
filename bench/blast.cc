// Sends a benchmark's export traffic to a collector on this machine, each router from its own
// loopback address, and reports what it sent. Two paces: as fast as the receiver takes it
// (the sender looks at the receiver's queue and waits while it is long, so that nothing is
// lost and the receiver is never idle), or a fixed rate (what the receiver loses is its own).

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <thread>

#include "bench/traffic.h"

namespace weir::bench {
namespace {

struct Options {
  std::string protocol = "v9";
  std::uint16_t port = 2055;
  std::uint64_t records = 2'000'000;
  std::uint64_t records_per_second = 0;  ///< 0: as fast as the receiver takes it
  std::uint64_t queue_bytes = 8U << 20;
  std::uint32_t exporters = 32;
  std::uint32_t interfaces = 48;
  std::uint32_t hosts = 65'536;
};

/// Bytes that wait in the receive queues of the UDP port, as /proc/net/udp says.
std::uint64_t queued_bytes(std::uint16_t port) {
  std::ifstream table("/proc/net/udp");
  std::string line;
  std::uint64_t bytes = 0;
  const std::string suffix = fmt::format(":{:04X}", port);
  while (std::getline(table, line)) {
    std::istringstream fields(line);
    std::string number;
    std::string local;
    std::string remote;
    std::string state;
    std::string queues;
    fields >> number >> local >> remote >> state >> queues;
    if (local.ends_with(suffix))
      bytes += std::stoull(queues.substr(queues.find(':') + 1), nullptr, 16);
  }
  return bytes;
}

int socket_from(const IpAddress& source, std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in from{.sin_family = AF_INET, .sin_addr = {htonl(source.v4_value())}};
  sockaddr_in to{
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  // The socket interface takes every address family by this pointer.
  if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&from), sizeof from) != 0 ||
      ::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
    throw std::runtime_error("cannot send from " + source.to_string());
  return fd;
}

/// Sends all of `messages` in batches of one router's run; false when the receiver is gone.
class Sender {
 public:
  explicit Sender(const Options& options) : options_(options) {}
  ~Sender() {
    for (const auto& [source, fd] : sockets_) ::close(fd);
  }
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  void send(const Message& message) {
    auto found = sockets_.find(message.source);
    if (found == sockets_.end())
      found = sockets_.emplace(message.source, socket_from(message.source, options_.port)).first;
    if (::send(found->second, message.payload.data(), message.payload.size(), 0) < 0) ++failures_;
    records_ += message.records;
    if (++datagrams_ % 64 == 0) pace();
  }

  [[nodiscard]] std::uint64_t records() const { return records_; }
  [[nodiscard]] std::uint64_t datagrams() const { return datagrams_; }
  [[nodiscard]] std::uint64_t failures() const { return failures_; }

 private:
  void pace() {
    using std::chrono::steady_clock;
    if (options_.records_per_second != 0) {
      const std::chrono::duration<double> due{static_cast<double>(records_) /
                                              static_cast<double>(options_.records_per_second)};
      std::this_thread::sleep_until(start_ +
                                    std::chrono::duration_cast<steady_clock::duration>(due));
      return;
    }
    // A receiver that never drains ends the run: bounded.
    for (int wait = 0; wait < 100'000 && queued_bytes(options_.port) > options_.queue_bytes; ++wait)
      std::this_thread::sleep_for(std::chrono::microseconds{200});
  }

  Options options_;
  std::map<IpAddress, int> sockets_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::uint64_t records_ = 0;
  std::uint64_t datagrams_ = 0;
  std::uint64_t failures_ = 0;
};

int run(const Options& options) {
  const auto traffic = make_traffic({.protocol = protocol_of(options.protocol),
                                     .exporters = options.exporters,
                                     .interfaces = options.interfaces,
                                     .hosts = options.hosts,
                                     .records = 500'000});
  // Tells who measures that sending begins.
  fmt::print("ready\n");
  std::fflush(stdout);
  const auto start = std::chrono::steady_clock::now();
  Sender sender(options);
  while (sender.records() < options.records)
    for (const Message& message : traffic) {
      if (sender.records() >= options.records) break;
      sender.send(message);
    }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  fmt::print("{{\"records\":{},\"datagrams\":{},\"failures\":{},\"seconds\":{:.3f}}}\n",
             sender.records(), sender.datagrams(), sender.failures(), took.count());
  return 0;
}

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  CLI::App app{"Sends benchmark traffic to 127.0.0.1"};
  weir::bench::Options options;
  app.add_option("--protocol", options.protocol, "v5, v9, ipfix or sflow")
      ->check(CLI::IsMember({"v5", "v9", "ipfix", "sflow"}));
  app.add_option("--port", options.port, "UDP port of the collector");
  app.add_option("--records", options.records, "flow records or samples to send")
      ->check(CLI::Range(1, 100'000'000));
  app.add_option("--rate", options.records_per_second, "records a second; 0: as fast as taken");
  app.add_option("--exporters", options.exporters, "routers, from 127.1.0.1 on")
      ->check(CLI::Range(1, 250));
  app.add_option("--interfaces", options.interfaces, "interfaces of each router");
  app.add_option("--hosts", options.hosts, "hosts behind them");
  CLI11_PARSE(app, argc, argv);
  return weir::bench::run(options);
}
