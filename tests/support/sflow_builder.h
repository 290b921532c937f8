#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "collector/model/counter_record.h"
#include "collector/model/ip_address.h"
#include "tests/support/sflow_frame.h"

namespace weir::test {

/// A record of a sample. `declared_length` breaks what is built: the bytes stay.
struct SflowRecord {
  std::uint32_t tag = 0;
  Bytes body{};
  std::optional<std::uint32_t> declared_length{};
};

struct RawHeader {
  std::uint32_t protocol = 1;
  std::uint32_t frame_length = 0;
  std::uint32_t stripped = 4;
  Bytes header{};
  std::optional<std::uint32_t> declared_header_length{};
};

struct SampledIp {
  std::uint32_t length = 0;
  std::uint32_t protocol = 6;
  IpAddress source{};
  IpAddress destination{};
  std::uint32_t source_port = 0;
  std::uint32_t destination_port = 0;
  std::uint32_t tcp_flags = 0;
  std::uint32_t tos = 0;
};

struct Gateway {
  IpAddress next_hop{};
  std::uint32_t own_as = 0;
  std::uint32_t source_as = 0;
  std::uint32_t peer_as = 0;
  std::vector<std::vector<std::uint32_t>> path{};
  std::vector<std::uint32_t> communities{};
  std::optional<std::uint32_t> declared_segments{};
  std::optional<std::uint32_t> declared_segment_length{};  ///< of the first segment
  std::optional<std::uint32_t> declared_communities{};
};

[[nodiscard]] SflowRecord raw_header_record(const RawHeader& raw);
[[nodiscard]] SflowRecord ethernet_record(std::uint32_t length);
/// Record 3 or 4, by the family of the addresses.
[[nodiscard]] SflowRecord sampled_ip_record(const SampledIp& ip);
[[nodiscard]] SflowRecord switch_record(std::uint32_t input_vlan, std::uint32_t output_vlan);
[[nodiscard]] SflowRecord router_record(const IpAddress& next_hop);
[[nodiscard]] SflowRecord gateway_record(const Gateway& gateway);
[[nodiscard]] SflowRecord generic_counters_record(const CounterRecord& counters);

enum class SflowForm : std::uint8_t { Compact, Expanded };

/// Words of a flow sample. In the compact form a class and a format share a word with
/// their value.
struct FlowSample {
  SflowForm form = SflowForm::Compact;
  std::uint32_t sequence = 1;
  std::uint32_t source_class = 0;
  std::uint32_t source_index = 0;
  std::uint32_t rate = 1'000;
  std::uint32_t pool = 0;
  std::uint32_t drops = 0;
  std::uint32_t input_format = 0;
  std::uint32_t input = 0;
  std::uint32_t output_format = 0;
  std::uint32_t output = 0;
  std::vector<SflowRecord> records{};
  std::optional<std::uint32_t> declared_records{};
};

struct CounterSample {
  SflowForm form = SflowForm::Compact;
  std::uint32_t source_class = 0;
  std::uint32_t source_index = 0;
  std::vector<SflowRecord> records{};
  std::optional<std::uint32_t> declared_records{};
};

/// Builds a datagram, whole or broken.
class SflowBuilder {
 public:
  SflowBuilder& agent(const IpAddress& agent);
  /// Writes only this word for the agent's address.
  SflowBuilder& agent_type(std::uint32_t type);
  SflowBuilder& sub_agent(std::uint32_t id);
  SflowBuilder& sequence(std::uint32_t sequence);
  SflowBuilder& uptime_ms(std::uint32_t uptime);
  SflowBuilder& declared_samples(std::uint32_t count);

  SflowBuilder& add(const FlowSample& flow_sample);
  SflowBuilder& add(const CounterSample& counter_sample);
  SflowBuilder& add_item(std::uint32_t tag, std::span<const std::byte> body,
                         std::optional<std::uint32_t> declared_length = std::nullopt);
  /// The next sample declares this length instead of its own.
  SflowBuilder& next_declares(std::uint32_t length);

  [[nodiscard]] Bytes build() const;

 private:
  IpAddress agent_ = IpAddress::v4(0xc000'02fe);  // 192.0.2.254
  std::optional<std::uint32_t> agent_type_;
  std::uint32_t sub_agent_ = 0;
  std::uint32_t sequence_ = 1;
  std::uint32_t uptime_ms_ = 60'000;
  std::uint32_t samples_ = 0;
  std::optional<std::uint32_t> declared_samples_;
  std::optional<std::uint32_t> next_declares_;
  WordWriter body_;
};

}  // namespace weir::test
