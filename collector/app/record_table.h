#pragma once

#include <array>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include "collector/model/flow_record.h"

namespace weir::app {

/// The table of flow records that `weir decode` prints for people. Rows are collected for a
/// while, so that columns are as wide as what stands in them; a column never becomes narrower
/// again, and the heading is repeated when one had to become wider.
///
/// Times are the exporter's, as the collector reads them; a dash stands for what was not
/// sent; amounts are not scaled.
///
/// Threads: one.
class RecordTable {
 public:
  static constexpr std::size_t kColumns = 12;
  /// Rows that are collected before they are written.
  static constexpr std::size_t kRows = 500;
  using Cells = std::array<std::string, kColumns>;

  explicit RecordTable(std::FILE* out);
  RecordTable(const RecordTable&) = delete;
  RecordTable& operator=(const RecordTable&) = delete;

  void add(const MessageContext& context, const FlowRecord& record);
  /// Writes what is collected. Call before anything else is written, and at the end.
  void flush();

 private:
  void write(const Cells& cells);

  std::FILE* out_;
  std::array<std::size_t, kColumns> widths_{};
  std::vector<Cells> rows_;
};

}  // namespace weir::app
