#include "collector/core/exporter_sums.h"

#include <gtest/gtest.h>

namespace weir::core {
namespace {

constexpr ExporterId kRouter{3};

TEST(ExporterSums, APairThatNoWorkerMetHasNone) {
  const WorkerBooks books;
  const std::array<const WorkerBooks*, 1> all{&books};
  EXPECT_EQ(sums_of(all, kRouter, Protocol::Ipfix), std::nullopt);
}

TEST(ExporterSums, AddUpOverTheWorkersAndTakeTheGaugesOfTheOneThatHeardLast) {
  WorkerBooks first;
  WorkerBooks second;
  ExporterCounters& a = first.of(kRouter, Protocol::Ipfix);
  ExporterCounters& b = second.of(kRouter, Protocol::Ipfix);
  a.datagrams.add(10);
  a.units.add(300);
  a.lost.add(5);
  a.recovered.add(2);
  a.malformed[static_cast<std::size_t>(DecodeError::BadCount)].add(1);
  a.reported_bytes.add(70);
  a.fates[static_cast<std::size_t>(Fate::Attributed)].add(70);
  a.last_seen_ms.set(1'000);
  a.clock_skew_ms = -40;
  a.sampling_interval.set(100);
  a.sampling_source.set(static_cast<std::uint64_t>(SamplingSource::Record));
  a.last_template_ms.set(900);
  a.template_gap_ms.set(300);
  b.datagrams.add(1);
  b.units.add(30);
  b.malformed[static_cast<std::size_t>(DecodeError::BadCount)].add(2);
  b.last_seen_ms.set(2'000);
  b.clock_skew_ms = 60;
  b.sampling_interval.set(200);
  b.sampling_source.set(static_cast<std::uint64_t>(SamplingSource::Sampler));

  ExporterSums expected;
  expected.counts.datagrams = 11;
  expected.counts.units = 330;
  expected.counts.lost = 5;
  expected.counts.recovered = 2;
  expected.counts.malformed[static_cast<std::size_t>(DecodeError::BadCount)] = 3;
  expected.counts.reported_bytes = 70;
  expected.counts.fates[static_cast<std::size_t>(Fate::Attributed)] = 70;
  expected.last_seen_ms = 2'000;
  expected.clock_skew_ms = 60;
  expected.sampling_interval = 200;
  expected.sampling_source = SamplingSource::Sampler;
  expected.last_template_ms = 900;
  expected.template_gap_ms = 300;
  const std::array<const WorkerBooks*, 2> all{&first, &second};
  EXPECT_EQ(sums_of(all, kRouter, Protocol::Ipfix), expected);
  EXPECT_EQ(expected.counts.net_lost(), 3U);
}

TEST(ExporterSums, ListDomainsByNumberOverTheWorkers) {
  WorkerBooks first;
  WorkerBooks second;
  ExporterCounters& a = first.of(kRouter, Protocol::Netflow9);
  ExporterCounters& b = second.of(kRouter, Protocol::Netflow9);
  first.domain_of(a, 7)->lost.add(4);
  first.domain_of(a, 2)->records.add(9);
  second.domain_of(b, 7)->lost.add(1);
  second.domain_of(b, 7)->last_seen_ms.set(50);
  EXPECT_EQ(first.domain_of(a, 7), first.domain_of(a, 7));
  const std::array<const WorkerBooks*, 2> all{&first, &second};
  EXPECT_EQ(sums_of(all, kRouter, Protocol::Netflow9)->domains,
            (std::vector<DomainCounts>{{.domain = 2, .records = 9},
                                       {.domain = 7, .lost = 5, .last_seen_ms = 50}}));
}

TEST(ExporterSums, DomainsBeyondTheBoundAreNotMade) {
  WorkerBooks books;
  ExporterCounters& counters = books.of(kRouter, Protocol::Sflow5);
  for (std::uint32_t i = 0; i < kMaxCountedDomains; ++i)
    ASSERT_NE(books.domain_of(counters, i), nullptr);
  EXPECT_EQ(books.domain_of(counters, kMaxCountedDomains), nullptr);
  EXPECT_NE(books.domain_of(counters, 0), nullptr);
}

TEST(ExporterCounts, SinceIsWhatWasAdded) {
  ExporterCounts earlier;
  earlier.datagrams = 5;
  earlier.malformed[2] = 1;
  earlier.fates[0] = 10;
  ExporterCounts later = earlier;
  later.datagrams = 9;
  later.lost = 3;
  later.malformed[2] = 4;
  later.fates[0] = 11;
  ExporterCounts expected;
  expected.datagrams = 4;
  expected.lost = 3;
  expected.malformed[2] = 3;
  expected.fates[0] = 1;
  EXPECT_EQ(later.since(earlier), expected);
}

}  // namespace
}  // namespace weir::core
