#include "collector/core/cell.h"

#include <gtest/gtest.h>

namespace weir::core {
namespace {

TEST(Cell, SumsWhatIsAdded) {
  Cell cell;
  cell.add({.bytes = 1'500, .packets = 2, .variance = 7}, 1);
  cell.add({.bytes = 500, .packets = 1, .variance = 3}, 0);
  EXPECT_EQ(cell.read(), (CellTotal{.bytes = 2'000, .packets = 3, .records = 1, .variance = 10}));
}

TEST(Cell, VarianceSaturates) {
  Cell cell;
  cell.add({.bytes = 1, .packets = 1, .variance = UINT64_MAX - 1}, 1);
  cell.add({.bytes = 1, .packets = 1, .variance = 5}, 1);
  EXPECT_EQ(cell.read(),
            (CellTotal{.bytes = 2, .packets = 2, .records = 2, .variance = UINT64_MAX}));
}

TEST(Cell, AddToLeavesTheCellAndGathersBeyond64Bits) {
  Cell cell;
  cell.add({.bytes = 1, .packets = 1, .variance = UINT64_MAX}, 1);
  CellTotal total;
  cell.add_to(total);
  cell.add_to(total);
  EXPECT_EQ(total,
            (CellTotal{.bytes = 2, .packets = 2, .records = 2, .variance = Wide{UINT64_MAX} * 2}));
}

TEST(Cell, ClearEmptiesIt) {
  Cell cell;
  cell.add({.bytes = 1, .packets = 2, .variance = 3}, 4);
  cell.clear();
  EXPECT_EQ(cell.read(), CellTotal{});
}

}  // namespace
}  // namespace weir::core
