// One datagram of version 10, decoded twice by a fresh decoder: the second time with the
// templates of the first.

#include <algorithm>
#include <vector>

#include "tests/fuzz/decode_oracle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  std::vector<std::byte> payload(size + 2);
  payload[1] = std::byte{10};
  std::transform(data, data + size, payload.begin() + 2,
                 [](std::uint8_t b) { return static_cast<std::byte>(b); });
  wire::Decoder decoder{wire::make_shared_decoder_state(), {}};
  fuzz::Waiting waiting;
  fuzz::decode_checked(decoder, fuzz::datagram_of(payload, 1'000), waiting);
  fuzz::decode_checked(decoder, fuzz::datagram_of(payload, 1'001), waiting);
  return 0;
}
