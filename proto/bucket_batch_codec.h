#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collector/core/amounts.h"
#include "collector/model/fate.h"
#include "collector/model/result.h"
#include "collector/model/time.h"

namespace weir::proto {

/// One contract, direction and family of a batch.
struct ContractBucket {
  std::string contract;
  Direction direction = Direction::FromCustomer;
  Family family = Family::Ipv4;
  core::CellTotal total;

  friend bool operator==(const ContractBucket&, const ContractBucket&) = default;
};

/// The message BucketBatch (bucket_batch.proto) as a plain value: what contracts carried in
/// [start, start + width).
struct BucketBatch {
  std::string run;             ///< what measured it
  std::uint64_t sequence = 0;  ///< within the run, from 1 on
  TrafficTime start;
  TrafficSpan width{};
  std::vector<ContractBucket> buckets;  ///< by contract, direction and family; each once

  friend bool operator==(const BucketBatch&, const BucketBatch&) = default;
};

/// Larger messages are refused: 65,536 contracts with names of 200 bytes stay below.
inline constexpr std::size_t kMostBatchBytes = 128U << 20;

/// The same value gives the same bytes. Texts are UTF-8, as the configuration demands of them.
[[nodiscard]] std::string encode(const BucketBatch& batch);

/// The same behind its length (a varint), as messages follow each other in a file.
[[nodiscard]] std::string encode_delimited(const BucketBatch& batch);

/// Reads one message from anywhere: ErrorCode::Malformed if it is none, of another version, or
/// breaks what bucket_batch.proto says of it. Unknown fields are passed over.
[[nodiscard]] Result<BucketBatch> decode(std::string_view bytes);

/// Reads messages behind their lengths to the end of `bytes`.
[[nodiscard]] Result<std::vector<BucketBatch>> decode_delimited(std::string_view bytes);

}  // namespace weir::proto
