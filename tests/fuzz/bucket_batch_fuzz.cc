/// Batches of buckets made of any bytes: no crash, and what is accepted keeps its promises and
/// comes back the same when it is sent again.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "proto/bucket_batch_codec.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto batch = weir::proto::decode(bytes)) {
    require(!batch->run.empty() && batch->width.count() > 0);
    const auto again = weir::proto::decode(weir::proto::encode(*batch));
    require(again && *again == *batch);
  }
  if (const auto batches = weir::proto::decode_delimited(bytes))
    for (const auto& batch : *batches) require(batch.width.count() > 0);
  return 0;
}
