#include "collector/model/published.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace weir {
namespace {

TEST(Published, ReaderKeepsItsValueUntilItRefreshes) {
  Published<int> published(std::make_shared<const int>(1));
  Published<int>::Reader reader(published);
  published.publish(std::make_shared<const int>(2));
  EXPECT_EQ(*reader, 1);
  EXPECT_TRUE(reader.refresh());
  EXPECT_EQ(*reader, 2);
  EXPECT_FALSE(reader.refresh());
}

TEST(Published, OldValueLivesAsLongAsAReaderHoldsIt) {
  auto first = std::make_shared<const int>(1);
  const std::weak_ptr<const int> watch = first;
  Published<int> published(std::move(first));
  Published<int>::Reader reader(published);
  published.publish(std::make_shared<const int>(2));
  EXPECT_FALSE(watch.expired());
  EXPECT_TRUE(reader.refresh());
  EXPECT_TRUE(watch.expired());
}

// Property: a reader never sees a value older than one it has seen.
TEST(Published, ReadersNeverGoBack) {
  constexpr int kLast = 2'000;
  Published<int> published(std::make_shared<const int>(0));
  std::atomic<int> fallen{0};
  std::vector<std::jthread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      Published<int>::Reader reader(published);
      int seen = 0;
      while (seen < kLast) {
        if (reader.refresh() && *reader < seen) fallen.fetch_add(1);
        seen = *reader;
        std::this_thread::yield();
      }
    });
  }
  for (int value = 1; value <= kLast; ++value)
    published.publish(std::make_shared<const int>(value));
  readers.clear();
  EXPECT_EQ(fallen.load(), 0);
}

}  // namespace
}  // namespace weir
