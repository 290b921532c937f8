#include "collector/core/books.h"

#include <gtest/gtest.h>

#include <thread>

namespace weir::core {
namespace {

TEST(WorkerBooks, KeepsOneEntryByExporterAndProtocol) {
  WorkerBooks books;
  ExporterCounters& counters = books.of(ExporterId{7}, Protocol::Ipfix);
  counters.records.add(3);
  EXPECT_EQ(&books.of(ExporterId{7}, Protocol::Ipfix), &counters);
  EXPECT_NE(&books.of(ExporterId{7}, Protocol::Sflow5), &counters);
  ASSERT_EQ(books.find(ExporterId{7}, Protocol::Ipfix), &counters);
  EXPECT_EQ(books.find(ExporterId{7}, Protocol::Ipfix)->records.read(), 3U);
}

TEST(WorkerBooks, FindsNothingThatWasNotMet) {
  const WorkerBooks books;
  EXPECT_EQ(books.find(ExporterId{0}, Protocol::Ipfix), nullptr);
  EXPECT_EQ(books.find(ExporterId{kMaxExporters}, Protocol::Ipfix), nullptr);
}

TEST(WorkerBooks, ShowsANewEntryToOtherThreadsWhole) {
  WorkerBooks books;
  std::jthread worker([&books] {
    for (std::uint32_t i = 0; i < 1'000; ++i)
      books.of(ExporterId{i}, Protocol::Netflow9).datagrams.add(1);
  });
  std::uint32_t met = 0;
  while (met < 1'000) {
    const ExporterCounters* counters = books.find(ExporterId{met}, Protocol::Netflow9);
    if (counters == nullptr) continue;
    EXPECT_LE(counters->datagrams.read(), 1U);
    EXPECT_EQ(counters->lost.read(), 0U);
    ++met;
  }
}

}  // namespace
}  // namespace weir::core
