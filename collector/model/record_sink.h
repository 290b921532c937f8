#pragma once

#include <span>

#include "collector/model/counter_record.h"
#include "collector/model/flow_record.h"

namespace weir {
inline namespace model {

/// Who takes what a decoder reads. Called by the decoding thread, some records at a time
/// so that look-ups and cells can be touched for many at once; the spans live for the call.
class RecordSink {
 public:
  virtual void take(const MessageContext& context, std::span<const FlowRecord> records) = 0;
  virtual void take(const MessageContext& context, const CounterRecord& record) = 0;

  /// Whether records whose sampling interval nobody has announced are taken as they are. If
  /// not, a decoder that may still learn the interval holds them for a while. Asked for sets
  /// that have such records only.
  [[nodiscard]] virtual bool takes_unknown_sampling(const MessageContext& /*context*/) {
    return true;
  }

 protected:
  ~RecordSink() = default;
};

}  // namespace model
}  // namespace weir
