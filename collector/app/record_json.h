#pragma once

#include <string>

#include "collector/model/counter_record.h"
#include "collector/model/flow_record.h"

namespace weir::app {

/// A flow record or sample as one JSON object without a line end: only fields that were sent,
/// by their names in the IPFIX registry (IANA "IPFIX Information Elements") in snake case, with
/// values as sent: not scaled, times unread.
[[nodiscard]] std::string record_json(const MessageContext& context, const FlowRecord& record);

/// An sFlow counter sample likewise, by the names of the sFlow document.
[[nodiscard]] std::string record_json(const MessageContext& context, const CounterRecord& record);

}  // namespace weir::app
