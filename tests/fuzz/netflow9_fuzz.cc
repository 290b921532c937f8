// One NetFlow v9 datagram, decoded twice.

#include "tests/fuzz/decode_oracle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::fuzz::decode_twice(9, data, size);
  return 0;
}
