// What an independent decoder reads in generated captures.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <sstream>

#include "collector/generator/pcap_writer.h"
#include "tests/generator/play.h"

namespace weir::generator {
namespace {

using namespace std::chrono_literals;
using test::Played;
using test::SmallScenario;
using test::TemporaryFile;

constexpr std::uint64_t kCustomerInterface = 10;

void write_capture(const Played& played, const std::string& path) {
  auto writer = PcapWriter::create(path);
  ASSERT_TRUE(writer);
  for (const Emission& emission : played.emissions)
    writer->write({.source = IpAddress::v4(0x7f01'0001),
                   .destination = IpAddress::v4(0x7f00'0001),
                   .source_port = 49'152,
                   .destination_port = 2'055,
                   .time = emission.time,
                   .payload = emission.payload});
  ASSERT_TRUE(writer->close());
}

std::string output_of(const std::string& command) {
  struct Closer {
    void operator()(std::FILE* pipe) const noexcept { (void)pclose(pipe); }
  };
  const std::unique_ptr<std::FILE, Closer> pipe{popen(command.c_str(), "r")};
  std::string output;
  char buffer[4096];
  while (pipe && std::fgets(buffer, sizeof buffer, pipe.get()) != nullptr) output += buffer;
  return output;
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, at);) parts.push_back(part);
  return parts;
}

/// Sums of tshark's fields over all records of one direction. `fields` are the input
/// interface, then bytes, then packets (which may be absent).
Volume decoded(const std::string& path, Direction direction, const std::string& protocol,
               const std::vector<std::string>& fields) {
  std::string command =
      fmt::format("tshark -r {} -d udp.port==2055,{} -T fields -E separator=';' -E aggregator=,",
                  path, protocol);
  for (const std::string& field : fields) command += " -e " + field;
  Volume total;
  for (const std::string& line : split(output_of(command + " 2>/dev/null"), '\n')) {
    const auto columns = split(line, ';');
    if (columns.size() < 2 || columns[0].empty()) continue;
    const auto inputs = split(columns[0], ',');
    const auto bytes = split(columns[1], ',');
    EXPECT_EQ(inputs.size(), bytes.size()) << line;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const bool is_from = std::stoull(inputs[i]) == kCustomerInterface;
      if (is_from != (direction == Direction::FromCustomer)) continue;
      total.ip_bytes += std::stoull(bytes[i]);
      total.packets += columns.size() > 2 ? std::stoull(split(columns[2], ',').at(i)) : 1;
    }
  }
  return total;
}

void expect_same_sums(const SmallScenario& small, const std::string& dissector,
                      const std::vector<std::string>& fields, std::uint64_t interval) {
  const Played played = test::play(small, 70s);
  const TemporaryFile capture;
  write_capture(played, capture.path());
  for (const Direction direction : {Direction::FromCustomer, Direction::ToCustomer}) {
    const Volume read = decoded(capture.path(), direction, dissector, fields);
    const Volume truth = played.sum(&Truth::Row::delivered, direction);
    EXPECT_GT(read.packets, 0U) << "is tshark installed?";
    EXPECT_EQ(read.packets * interval, truth.packets);
    const bool is_frame = dissector == "sflow";
    EXPECT_EQ(read.ip_bytes * interval, is_frame ? truth.ethernet_bytes : truth.ip_bytes);
  }
  EXPECT_EQ(output_of(fmt::format("tshark -r {} -d udp.port==2055,{} -Y _ws.malformed 2>/dev/null",
                                  capture.path(), dissector)),
            "");
}

TEST(Tshark, ReadsTheTruthInNetflow5) {
  const std::vector<std::string> fields{"cflow.inputint", "cflow.octets", "cflow.packets"};
  expect_same_sums({.protocol = "netflow5"}, "cflow", fields, 1);
  expect_same_sums(
      {.protocol = "netflow5", .exporter_keys = ", sampling: 50", .traffic_keys = "peak: 40M"},
      "cflow", fields, 50);
}

TEST(Tshark, ReadsTheTruthInNetflow9) {
  const std::vector<std::string> fields{"cflow.inputint", "cflow.octets", "cflow.packets"};
  for (const char* announce : {"options", "options_305", "record", "none"}) {
    const SmallScenario small{
        .protocol = "netflow9",
        .exporter_keys = fmt::format(", sampling: 20, announce: {}", announce),
        .traffic_keys = "peak: 20M, ipv6_share: 40%"};
    expect_same_sums(small, "cflow", fields, 20);
  }
}

TEST(Tshark, ReadsTheTruthInIpfix) {
  const std::vector<std::string> fields{"cflow.inputint", "cflow.octets", "cflow.packets"};
  for (const char* announce : {"options", "options_305", "record", "none"}) {
    const SmallScenario small{.protocol = "ipfix",
                              .exporter_keys = fmt::format(", announce: {}", announce),
                              .traffic_keys = "peak: 20M, ipv6_share: 40%, packet_mix: imix"};
    expect_same_sums(small, "cflow", fields, 1);
  }
}

TEST(Tshark, ReadsTheTruthInSflow) {
  const std::vector<std::string> fields{"sflow.flow_sample.input_interface",
                                        "sflow_245.header.frame_length"};
  expect_same_sums({.protocol = "sflow5",
                    .exporter_keys = ", sampling: 50",
                    .traffic_keys = "peak: 20M, ipv6_share: 40%, packet_mix: imix",
                    .customer_port = "role: customer, tagged: true",
                    .attachment = "{exporter: r1, interface: 10, vlan: 100}"},
                   "sflow", fields, 50);
}

}  // namespace
}  // namespace weir::generator
