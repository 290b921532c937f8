#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collector/model/result.h"
#include "collector/pipeline/export_intervals.h"
#include "collector/pipeline/replay.h"
#include "exporters/ledger/rows.h"

namespace weir::app {

/// Rows of the ledger for intervals of the pipeline. Cells without a record give no row.
[[nodiscard]] std::vector<ledger::IntervalRow> ledger_rows(
    const pipeline::ContractNames& names, const std::vector<pipeline::SlotInterval>& intervals);

/// The same for intervals of interfaces.
[[nodiscard]] std::vector<ledger::InterfaceRow> interface_rows(
    const std::vector<pipeline::InterfaceInterval>& intervals);

/// The same for what arrived from exporters.
[[nodiscard]] std::vector<ledger::ExportRow> export_rows(
    const std::vector<pipeline::ExportInterval>& intervals);

/// The run that a replay of these captures is: the same bytes in the same order give the same
/// name, so that a replay which is repeated writes its rows anew and adds nothing. Errors:
/// Usage for the standard input, which cannot be read twice; NotFound, Permission.
[[nodiscard]] Result<std::string> run_of_captures(const std::vector<std::string>& captures);

}  // namespace weir::app
