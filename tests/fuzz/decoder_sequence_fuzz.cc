// A sequence of datagrams of any protocol for two workers that share their state, under small
// limits: each input begins a datagram with a byte that picks worker and port, a byte of
// arrival time, and a 16-bit length.

#include <algorithm>
#include <array>
#include <vector>

#include "tests/fuzz/decode_oracle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const wire::DecoderLimits limits{.domains_per_exporter = 3,
                                   .templates_per_domain = 4,
                                   .fields_per_template = 16,
                                   .held_bytes_per_exporter = 2'048,
                                   .held_seconds = 60,
                                   .exporters = 3};
  const auto shared = wire::make_shared_decoder_state();
  wire::Decoder first{shared, limits};
  wire::Decoder second{shared, limits};
  const std::array<wire::Decoder*, 2> decoders{&first, &second};
  std::array<fuzz::Waiting, 2> waiting{};
  auto now = traffic_time_ms(1'700'000'000'000);
  while (size >= 4) {
    const std::size_t worker = data[0] & 1U;
    const auto port = static_cast<std::uint16_t>(1'000 + ((data[0] >> 1) & 3U));
    const std::uint32_t host = (data[0] >> 3) & 3U;
    now += std::chrono::seconds{data[1]};
    const std::size_t length =
        std::min<std::size_t>(static_cast<std::size_t>(data[2]) << 8 | data[3], size - 4);
    data += 4;
    size -= 4;
    std::vector<std::byte> payload(length);
    std::transform(data, data + length, payload.begin(),
                   [](std::uint8_t b) { return static_cast<std::byte>(b); });
    data += length;
    size -= length;
    Datagram datagram = fuzz::datagram_of(payload, port);
    datagram.source = IpAddress::v4(0xc000'0200U + host);
    datagram.arrival = now;
    fuzz::decode_checked(*decoders[worker], datagram, waiting[worker]);
  }
  for (std::size_t worker = 0; worker < decoders.size(); ++worker) {
    fuzz::finish_checked(*decoders[worker], waiting[worker]);
  }
  return 0;
}
