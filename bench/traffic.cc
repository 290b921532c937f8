#include "bench/traffic.h"

#include <algorithm>
#include <random>

namespace weir::bench {
namespace {

constexpr std::uint32_t kStartSeconds = 1'700'000'040;
constexpr std::uint32_t kStartUptimeMs = 3'600'000;
constexpr std::size_t kTemplateEvery = 64;
constexpr std::uint32_t kSpanMs = 60'000;

/// Big-endian writer.
class Writer {
 public:
  void u8(std::uint32_t value) { bytes_.push_back(static_cast<std::byte>(value)); }
  void u16(std::uint32_t value) {
    u8(value >> 8);
    u8(value);
  }
  void u32(std::uint32_t value) {
    u16(value >> 16);
    u16(value);
  }
  void u64(std::uint64_t value) {
    u32(static_cast<std::uint32_t>(value >> 32));
    u32(static_cast<std::uint32_t>(value));
  }
  void zeros(std::size_t count) { bytes_.resize(bytes_.size() + count); }
  void put_u16(std::size_t at, std::size_t value) {
    bytes_[at] = static_cast<std::byte>(value >> 8);
    bytes_[at + 1] = static_cast<std::byte>(value);
  }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

struct Flow {
  bool is_v6 = false;
  std::uint32_t source = 0;
  std::uint32_t destination = 0;
  std::uint32_t input = 0;
  std::uint32_t output = 0;
  std::uint32_t packets = 0;
  std::uint32_t octets = 0;
  std::uint32_t first_ms = 0;
  std::uint32_t last_ms = 0;
};

struct Router {
  IpAddress address;
  std::uint32_t number = 0;
  std::uint32_t sequence = 0;
  std::uint32_t datagrams = 0;
  std::uint32_t pool = 0;
};

class Maker {
 public:
  explicit Maker(const TrafficShape& shape) : shape_(shape), random_(shape.seed) {}

  std::vector<Message> make() {
    std::vector<Router> routers(shape_.exporters);
    for (std::uint32_t i = 0; i < shape_.exporters; ++i)
      routers[i] = {.address = IpAddress::v4(0x7f01'0001U + i), .number = i};
    std::vector<Message> messages;
    std::uint32_t made = 0;
    for (std::uint32_t turn = 0; made < shape_.records; ++turn) {
      // Some datagrams of one router in a row, as routers send.
      Router& router = routers[turn / 8 % shape_.exporters];
      now_ms_ = static_cast<std::uint32_t>(std::uint64_t{kSpanMs} * made / shape_.records);
      const bool has_templates =
          shape_.protocol == Protocol::Netflow9 || shape_.protocol == Protocol::Ipfix;
      if (has_templates && router.datagrams % kTemplateEvery == 0)
        messages.push_back(templates(router));
      messages.push_back(data(router));
      made += messages.back().records;
      ++router.datagrams;
    }
    return messages;
  }

 private:
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_() % bound); }

  Flow flow() {
    Flow flow;
    flow.is_v6 = shape_.protocol != Protocol::Netflow5 && below(4) == 0;
    flow.source = below(shape_.hosts);
    flow.destination = below(shape_.hosts);
    flow.input = 1 + below(shape_.interfaces);
    flow.output = 1 + below(shape_.interfaces);
    flow.packets = 1 + below(below(8) != 0 ? 20 : 2'000);
    flow.octets = flow.packets * (60 + below(1'440));
    flow.last_ms = now_ms_ - std::min(now_ms_, below(1'000));
    flow.first_ms = flow.last_ms - std::min(flow.last_ms, below(30'000));
    return flow;
  }

  Message finish(Writer& writer, const Router& router, std::uint32_t records) {
    return {.payload = writer.take(), .source = router.address, .records = records};
  }

  Message data(Router& router) {
    switch (shape_.protocol) {
      case Protocol::Netflow5:
        return netflow5(router);
      case Protocol::Sflow5:
        return sflow(router);
      default:
        return templated(router);
    }
  }

  Message netflow5(Router& router) {
    constexpr std::uint32_t kRecords = 30;
    Writer out;
    out.u16(5);
    out.u16(kRecords);
    out.u32(kStartUptimeMs + now_ms_);
    out.u32(kStartSeconds + now_ms_ / 1'000);
    out.u32(now_ms_ % 1'000 * 1'000'000);
    out.u32(router.sequence);
    out.u16(router.number & 0xff);
    out.u16(1U << 14 | (shape_.sampling & 0x3fff));
    for (std::uint32_t i = 0; i < kRecords; ++i) {
      const Flow flow = this->flow();
      out.u32(0xc612'0000U + flow.source % 0x2'0000);
      out.u32(0x0a00'0000U + flow.destination);
      out.u32(0x0a00'00fe);
      out.u16(flow.input);
      out.u16(flow.output);
      out.u32(flow.packets);
      out.u32(flow.octets);
      out.u32(kStartUptimeMs + flow.first_ms);
      out.u32(kStartUptimeMs + flow.last_ms);
      out.u16(443);
      out.u16(50'000);
      out.u32(0x001b'0600);
      out.u16(64'496);
      out.u16(64'500);
      out.u32(0x1818'0000);
    }
    router.sequence += kRecords;
    return finish(out, router, kRecords);
  }

  void header(Writer& out, const Router& router) {
    const std::uint32_t seconds = kStartSeconds + now_ms_ / 1'000;
    if (shape_.protocol == Protocol::Netflow9) {
      out.u16(9);
      out.u16(0);
      out.u32(kStartUptimeMs + now_ms_);
    } else {
      out.u16(10);
      out.u16(0);
    }
    out.u32(seconds);
    out.u32(router.sequence);
    out.u32(router.number + 1);
  }

  void close(Writer& out, Router& router, std::uint32_t records, std::uint32_t data_records) {
    if (shape_.protocol == Protocol::Netflow9) {
      out.put_u16(2, records);
      ++router.sequence;
    } else {
      out.put_u16(2, out.size());
      router.sequence += data_records;
    }
  }

  void template_record(Writer& out, std::uint32_t id, bool is_v6) {
    const bool is_v9 = shape_.protocol == Protocol::Netflow9;
    const std::uint16_t fields[][2] = {
        {static_cast<std::uint16_t>(is_v6 ? 27 : 8), static_cast<std::uint16_t>(is_v6 ? 16 : 4)},
        {static_cast<std::uint16_t>(is_v6 ? 28 : 12), static_cast<std::uint16_t>(is_v6 ? 16 : 4)},
        {7, 2},
        {11, 2},
        {4, 1},
        {6, 1},
        {5, 1},
        {61, 1},
        {10, 4},
        {14, 4},
        {1, 8},
        {2, 8},
        {static_cast<std::uint16_t>(is_v9 ? 22 : 150), 4},
        {static_cast<std::uint16_t>(is_v9 ? 21 : 151), 4},
        {58, 2},
        {9, 1},
        {13, 1}};
    out.u16(id);
    out.u16(std::size(fields));
    for (const auto& [element, length] : fields) {
      out.u16(element);
      out.u16(length);
    }
  }

  Message templates(Router& router) {
    const bool is_v9 = shape_.protocol == Protocol::Netflow9;
    Writer out;
    header(out, router);
    std::size_t at = out.size();
    out.u16(is_v9 ? 0 : 2);
    out.u16(0);
    template_record(out, 256, false);
    template_record(out, 257, true);
    out.put_u16(at + 2, out.size() - at);
    at = out.size();
    if (is_v9) {
      out.u16(1);
      out.u16(0);
      for (const std::uint32_t word : {258U, 4U, 8U, 1U, 4U, 48U, 1U, 50U, 4U}) out.u16(word);
      out.u16(0);
    } else {
      out.u16(3);
      out.u16(0);
      for (const std::uint32_t word : {258U, 3U, 1U, 149U, 4U, 305U, 4U, 306U, 4U}) out.u16(word);
      out.u16(0);
    }
    out.put_u16(at + 2, out.size() - at);
    at = out.size();
    out.u16(258);
    out.u16(0);
    out.u32(router.number + 1);
    if (is_v9) {
      out.u8(1);
      out.u32(shape_.sampling);
    } else {
      out.u32(1);
      out.u32(shape_.sampling - 1);
    }
    while ((out.size() - at) % 4 != 0) out.u8(0);
    out.put_u16(at + 2, out.size() - at);
    close(out, router, 4, 1);
    return finish(out, router, 0);
  }

  Message templated(Router& router) {
    constexpr std::size_t kFlows = 24;
    constexpr std::size_t kPayload = 1'472;
    std::vector<Flow> flows;
    std::size_t length = 32;
    while (flows.size() < kFlows) {
      const Flow next = flow();
      length += next.is_v6 ? 76 : 52;
      if (length > kPayload) break;
      flows.push_back(next);
    }
    Writer out;
    header(out, router);
    for (const bool is_v6 : {false, true}) {
      const std::size_t at = out.size();
      out.u16(is_v6 ? 257 : 256);
      out.u16(0);
      for (const Flow& flow : flows)
        if (flow.is_v6 == is_v6) record(out, flow);
      while ((out.size() - at) % 4 != 0) out.u8(0);
      out.put_u16(at + 2, out.size() - at);
    }
    const auto count = static_cast<std::uint32_t>(flows.size());
    close(out, router, count, count);
    return finish(out, router, count);
  }

  void record(Writer& out, const Flow& flow) {
    if (flow.is_v6) {
      for (const std::uint32_t host : {flow.source, 0x1'0000U + flow.destination}) {
        out.u32(0x2001'0db8);
        out.u32(host);
        out.u64(1);
      }
    } else {
      out.u32(0xc612'0000U + flow.source % 0x2'0000);
      out.u32(0x0a00'0000U + flow.destination);
    }
    out.u16(443);
    out.u16(50'000);
    out.u32(0x061b'0000);
    out.u32(flow.input);
    out.u32(flow.output);
    out.u64(flow.octets);
    out.u64(flow.packets);
    if (shape_.protocol == Protocol::Netflow9) {
      out.u32(kStartUptimeMs + flow.first_ms);
      out.u32(kStartUptimeMs + flow.last_ms);
    } else {
      out.u32(kStartSeconds + flow.first_ms / 1'000);
      out.u32(kStartSeconds + flow.last_ms / 1'000);
    }
    out.u16(100);
    out.u16(0x1818);
  }

  Message sflow(Router& router) {
    constexpr std::uint32_t kSamples = 6;
    Writer out;
    out.u32(5);
    out.u32(1);
    out.u32(router.address.v4_value());
    out.u32(0);
    out.u32(router.datagrams + 1);
    out.u32(kStartUptimeMs + now_ms_);
    out.u32(kSamples);
    for (std::uint32_t i = 0; i < kSamples; ++i) flow_sample(out, router);
    return finish(out, router, kSamples);
  }

  void flow_sample(Writer& out, Router& router) {
    const Flow flow = this->flow();
    const std::uint32_t frame_bytes = 128 + below(1'391);
    const std::uint32_t ip_bytes = frame_bytes - 22;
    router.pool += shape_.sampling;
    out.u32(1);
    out.u32(208);
    out.u32(++router.sequence);
    out.u32(flow.input);
    out.u32(shape_.sampling);
    out.u32(router.pool);
    out.u32(0);
    out.u32(flow.input);
    out.u32(flow.output);
    out.u32(2);
    for (const std::uint32_t word : {1U, 144U, 1U, frame_bytes, 4U, 128U}) out.u32(word);
    const std::size_t header_at = out.size();
    out.zeros(12);
    out.u16(0x8100);
    out.u16(100);
    if (flow.is_v6) {
      out.u16(0x86dd);
      out.u32(6U << 28);
      out.u16(ip_bytes - 40);
      out.u16(0x0640);
      for (const std::uint32_t host : {flow.source, 0x1'0000U + flow.destination}) {
        out.u32(0x2001'0db8);
        out.u32(host);
        out.u64(1);
      }
    } else {
      out.u16(0x0800);
      out.u16(0x4500);
      out.u16(ip_bytes);
      out.u32(0x4000);
      out.u32(0x4006'0000);
      out.u32(0xc612'0000U + flow.source % 0x2'0000);
      out.u32(0x0a00'0000U + flow.destination);
    }
    out.u16(443);
    out.u16(50'000);
    out.zeros(8);
    out.u16(0x5018);
    out.zeros(128 - (out.size() - header_at));
    for (const std::uint32_t word : {1'001U, 16U, 100U, 0U, 100U, 0U}) out.u32(word);
  }

  TrafficShape shape_;
  std::mt19937_64 random_;
  std::uint32_t now_ms_ = 0;
};

}  // namespace

std::vector<Message> make_traffic(const TrafficShape& shape) { return Maker(shape).make(); }

Protocol protocol_of(std::string_view word) noexcept {
  if (word == "v5") return Protocol::Netflow5;
  if (word == "ipfix") return Protocol::Ipfix;
  if (word == "sflow") return Protocol::Sflow5;
  return Protocol::Netflow9;
}

}  // namespace weir::bench
