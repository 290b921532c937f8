#include "exporters/prometheus/process_use.h"

#include <gtest/gtest.h>

namespace weir::prometheus {
namespace {

TEST(ProcessUse, SaysWhatThisProcessUses) {
  const ProcessUse use = read_process_use();
  EXPECT_GE(use.cpu_seconds.value_or(-1), 0.0);
  EXPECT_GT(use.resident_bytes.value_or(0), 1'000'000U);
  EXPECT_GT(use.virtual_bytes.value_or(0), use.resident_bytes.value_or(0));
  EXPECT_GE(use.open_files.value_or(0), 3U);
  EXPECT_GE(use.most_open_files.value_or(0), use.open_files.value_or(0));
  EXPECT_GE(use.threads.value_or(0), 1U);
  EXPECT_GT(use.start_seconds.value_or(0), 1'500'000'000.0);
}

TEST(ProcessUse, WhatIsNotKnownMakesNoFamily) {
  MetricSet set;
  ProcessUse use;
  use.open_files = 7;
  add_process_families(set, use);
  ASSERT_EQ(set.families().size(), 1U);
  EXPECT_EQ(set.families()[0].name, "process_open_fds");
  EXPECT_EQ(set.families()[0].samples.at(0).value, Value(std::uint64_t{7}));
}

}  // namespace
}  // namespace weir::prometheus
