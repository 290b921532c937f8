// What does decoding alone cost a record? Datagrams in memory, more than a cache holds, to a
// sink that adds up octets.

#include <benchmark/benchmark.h>

#include "bench/traffic.h"
#include "collector/wire/decoder.h"

namespace weir::bench {
namespace {

class AddingSink final : public RecordSink {
 public:
  void take(const MessageContext&, std::span<const FlowRecord> records) override {
    for (const FlowRecord& record : records) octets += record.octets;
  }
  void take(const MessageContext&, const CounterRecord&) override {}

  std::uint64_t octets = 0;
};

void decode(benchmark::State& state, Protocol protocol) {
  const auto traffic = make_traffic({.protocol = protocol, .records = 600'000});
  AddingSink sink;
  std::int64_t records = 0;
  for (auto _ : state) {
    // A new decoder a round: the sequences begin again.
    wire::Decoder decoder(wire::make_shared_decoder_state(), wire::DecoderLimits{});
    for (const Message& message : traffic) {
      const auto outcome = decoder.decode({.payload = message.payload,
                                           .source = message.source,
                                           .source_port = 50'000,
                                           .arrival = traffic_time_ms(1'700'000'100'000)},
                                          sink);
      records += outcome.records;
    }
  }
  benchmark::DoNotOptimize(sink.octets);
  state.SetItemsProcessed(records);
}

BENCHMARK_CAPTURE(decode, v5, Protocol::Netflow5);
BENCHMARK_CAPTURE(decode, v9, Protocol::Netflow9);
BENCHMARK_CAPTURE(decode, ipfix, Protocol::Ipfix);
BENCHMARK_CAPTURE(decode, sflow, Protocol::Sflow5);

}  // namespace
}  // namespace weir::bench
