// One sFlow datagram and its repetition, which must be known as one.

#include <algorithm>
#include <vector>

#include "tests/fuzz/decode_oracle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  std::vector<std::byte> payload(size + 4);
  payload[3] = std::byte{5};
  std::transform(data, data + size, payload.begin() + 4,
                 [](std::uint8_t b) { return static_cast<std::byte>(b); });
  wire::Decoder decoder{wire::make_shared_decoder_state(), {}};
  fuzz::Waiting waiting;
  fuzz::decode_checked(decoder, fuzz::datagram_of(payload, 1'000), waiting);

  fuzz::OracleSink sink;
  const wire::DecodeOutcome repeated = decoder.decode(fuzz::datagram_of(payload, 1'000), sink);
  // A datagram that is whole up to its sample count has a sequence number.
  const bool has_sequence = size >= 36;
  const bool is_refused =
      repeated.malformed[static_cast<std::size_t>(DecodeError::BadAddressType)] != 0;
  if (has_sequence && !is_refused && repeated.duplicates != 1) std::abort();
  if (repeated.duplicates == 1 && sink.flows + sink.counters != 0) std::abort();
  return 0;
}
