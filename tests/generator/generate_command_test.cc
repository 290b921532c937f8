#include "collector/app/generate_command.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "tests/generator/play.h"

namespace weir::generator {
namespace {

using app::GenerateOptions;
using test::SmallScenario;
using test::TemporaryFile;

struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
};

Outcome run(const GenerateOptions& options) {
  const TemporaryFile out_file;
  const TemporaryFile err_file;
  std::FILE* out = std::fopen(out_file.path().c_str(), "w");
  std::FILE* err = std::fopen(err_file.path().c_str(), "w");
  Outcome outcome;
  outcome.code = app::run_generate(options, out, err);
  std::fclose(out);
  std::fclose(err);
  outcome.out = out_file.read();
  outcome.err = err_file.read();
  return outcome;
}

TEST(GenerateCommand, WritesCaptureAndTruth) {
  const TemporaryFile scenario(SmallScenario{}.text());
  const TemporaryFile capture;
  const TemporaryFile truth;
  const Outcome outcome = run({.scenario = scenario.path(),
                               .pcap = capture.path(),
                               .truth = truth.path(),
                               .duration = "1m",
                               .start = "2024-06-05T03:00:00Z"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_TRUE(outcome.out.ends_with(
      "of export from 1 exporters, 2024-06-05T03:00:00Z to 2024-06-05T03:01:00Z\n"))
      << outcome.out;
  const std::string text = truth.read();
  EXPECT_TRUE(text.starts_with("contract,direction,family,start,packets,")) << text;
  EXPECT_NE(text.find("\nC-1,from_customer,ipv4,2024-06-05T03:00:00Z,"), std::string::npos);
  EXPECT_NE(text.find("\nC-1,to_customer,ipv4,2024-06-05T03:00:00Z,"), std::string::npos);
}

TEST(GenerateCommand, SendsEveryDatagramFromTheExportersAddress) {
  const int receiver = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = static_cast<sockaddr*>(static_cast<void*>(&address));
  ASSERT_EQ(bind(receiver, generic, size), 0);
  ASSERT_EQ(getsockname(receiver, generic, &size), 0);

  const TemporaryFile scenario(SmallScenario{}.text());
  const Outcome outcome = run({.scenario = scenario.path(),
                               .to = "127.0.0.1:" + std::to_string(ntohs(address.sin_port)),
                               .speed = 0,
                               .duration = "1m"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
  std::size_t received = 0;
  char buffer[2048];
  sockaddr_in from{};
  auto* const source = static_cast<sockaddr*>(static_cast<void*>(&from));
  socklen_t from_size = sizeof from;
  while (recvfrom(receiver, buffer, sizeof buffer, MSG_DONTWAIT, source, &from_size) > 0) {
    EXPECT_EQ(ntohl(from.sin_addr.s_addr), 0x7f01'0001U);
    ++received;
  }
  close(receiver);
  EXPECT_TRUE(outcome.out.starts_with(std::to_string(received) + " datagrams")) << outcome.out;
  EXPECT_GT(received, 0U);
}

TEST(GenerateCommand, StopsWhenToldAndWritesTheTruth) {
  const TemporaryFile scenario(SmallScenario{}.text());
  const TemporaryFile truth;
  const std::atomic<bool> stop{true};
  const Outcome outcome = run({.scenario = scenario.path(),
                               .to = "127.0.0.1:9",
                               .truth = truth.path(),
                               .duration = "0",
                               .stop = &stop});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_TRUE(truth.read().starts_with("contract,"));
}

TEST(GenerateCommand, ExplainsWrongUsage) {
  const TemporaryFile scenario(SmallScenario{}.text());
  const auto refusal = [&](GenerateOptions options) {
    options.scenario = scenario.path();
    const Outcome outcome = run(options);
    EXPECT_EQ(outcome.code, 2);
    return outcome.err;
  };
  EXPECT_EQ(refusal({}), "weir generate: give either --to HOST:PORT or --pcap FILE\n");
  EXPECT_EQ(refusal({.pcap = "x.pcap"}),
            "weir generate: a capture file needs an end: give --duration, or duration in the "
            "scenario\n");
  EXPECT_EQ(refusal({.pcap = "x.pcap", .duration = "1500ms"}),
            "weir generate: --duration 1500ms is not whole seconds; write such as 600s or 10m\n");
  EXPECT_EQ(refusal({.pcap = "x.pcap", .duration = "1m", .start = "noon"}),
            "weir generate: --start noon is not a time; write now or 2026-01-31T15:00:00Z\n");
  EXPECT_EQ(refusal({.to = "nowhere"}),
            "weir generate: 'nowhere' is not a target; write HOST:PORT or [ADDRESS]:PORT\n");
}

TEST(GenerateCommand, FailsWhenTheAddressIsNotOfThisMachine) {
  SmallScenario small;
  std::string text = small.text();
  text.replace(text.find("127.1.0.1"), 9, "192.0.2.1");
  const TemporaryFile scenario(text);
  const Outcome outcome = run({.scenario = scenario.path(), .to = "127.0.0.1:9", .duration = "1s"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.err.starts_with("weir generate: cannot send from 192.0.2.1 (exporter r1): "))
      << outcome.err;
}

}  // namespace
}  // namespace weir::generator
