#pragma once

#include <string>

#include "collector/model/flow_record.h"

namespace weir::app {

/// The heading of the table that `weir decode` prints for people.
[[nodiscard]] std::string table_heading();

/// One flow record or sample as a row of that table. The start is on the exporter's clock
/// as the collector reads it; a dash stands for what was not sent; amounts are not scaled.
[[nodiscard]] std::string table_row(const MessageContext& context, const FlowRecord& record);

}  // namespace weir::app
