#include "exporters/remote_write/remote_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tests/remote_write/receiver.h"

namespace weir::remote_write {
namespace {

using ::testing::ElementsAre;
using namespace std::chrono_literals;

/// A receiver that is told what to answer, and keeps what it has accepted. Any thread.
class Server {
 public:
  /// Answers to come; after them, 204. Status 0: no answer.
  explicit Server(std::deque<PushAnswer> answers = {}) : answers_(std::move(answers)) {}

  /// Samples of this cell's contract are answered by `status` for ever.
  void dislike(const std::string& contract, unsigned status) {
    const std::lock_guard lock(mutex_);
    disliked_ = contract;
    disliked_status_ = status;
  }
  void go_away() {
    const std::lock_guard lock(mutex_);
    is_away_ = true;
  }
  void come_back() {
    const std::lock_guard lock(mutex_);
    is_away_ = false;
  }

  RemoteWriter::Road road() {
    return {.post = [this](const std::string& body) { return post(body); }, .abort = [] {}};
  }

  /// "A@1000=5" for each sample that was accepted, in order.
  std::vector<std::string> accepted() {
    const std::lock_guard lock(mutex_);
    return accepted_;
  }
  std::size_t requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  void wait_for_requests(std::size_t count) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(wake_.wait_for(lock, 30s, [&] { return requests_ >= count; }));
  }
  void wait_for_accepted(std::size_t count) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(wake_.wait_for(lock, 30s, [&] { return accepted_.size() >= count; }));
  }

 private:
  Result<PushAnswer> post(const std::string& body) {
    const auto samples = test::unpack(body);
    const std::lock_guard lock(mutex_);
    ++requests_;
    wake_.notify_all();
    PushAnswer answer{.status = 204, .retry_after = {}, .text = {}};
    if (!answers_.empty()) {
      answer = answers_.front();
      answers_.pop_front();
    }
    if (is_away_ || answer.status == 0) return failure(ErrorCode::Unavailable, "nobody there");
    for (const auto& sample : samples)
      if (sample.labels.at("contract") == disliked_)
        answer = {.status = disliked_status_, .retry_after = {}, .text = "bad"};
    if (answer.status == 204)
      for (const auto& sample : samples)
        accepted_.push_back(sample.labels.at("contract") + "@" + std::to_string(sample.time_ms) +
                            "=" + std::to_string(static_cast<int>(sample.value)));
    return answer;
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<PushAnswer> answers_;
  std::vector<std::string> accepted_;
  std::size_t requests_ = 0;
  std::string disliked_;
  unsigned disliked_status_ = 0;
  bool is_away_ = false;
};

RemoteWriter::Limits quick() {
  RemoteWriter::Limits limits;
  limits.first_pause = 1ms;
  limits.longest_pause = 2ms;
  limits.longest_retry_after = 3ms;
  limits.stop_deadline = 20s;
  return limits;
}

WriteRequests requests() {
  return WriteRequests({}, [] { return std::vector<std::string>{"A", "B", "C", "D"}; });
}

/// One sample for each of `contracts` (0 is A), with the time in seconds as its value.
SampleBatch batch(std::int64_t seconds, const std::vector<std::uint32_t>& contracts) {
  SampleBatch made{.time_ms = seconds * 1'000, .samples = {}};
  for (const std::uint32_t contract : contracts)
    made.samples.push_back({.cell = contract * 4, .value = static_cast<double>(seconds)});
  return made;
}

PushAnswer status(unsigned code) { return {.status = code, .retry_after = {}, .text = {}}; }

TEST(RemoteWriter, SendsBatchesInOrderSplitIntoRequests) {
  Server server;
  auto limits = quick();
  limits.samples_per_request = 2;
  RemoteWriter writer(requests(), server.road(), {}, limits);
  writer.start();
  writer.queue(batch(1, {0, 1, 2}));
  writer.queue(batch(2, {0, 1}));
  EXPECT_EQ(writer.stop(), 0U);
  EXPECT_THAT(server.accepted(),
              ElementsAre("A@1000=1", "B@1000=1", "C@1000=1", "A@2000=2", "B@2000=2"));
  EXPECT_EQ(server.requests(), 3U);
  const auto figures = writer.figures();
  EXPECT_EQ(figures.sent_samples, 5U);
  EXPECT_EQ(figures.rejected_samples, 0U);
  EXPECT_EQ(figures.dropped_samples, 0U);
  EXPECT_EQ(figures.failed_requests, 0U);
  EXPECT_EQ(figures.pending_samples, 0U);
  EXPECT_EQ(figures.pending_bytes, 0U);
  EXPECT_EQ(figures.sent_until_ms, 2'000);
  EXPECT_TRUE(figures.last_success_ms.has_value());
  EXPECT_FALSE(figures.is_failing);
}

TEST(RemoteWriter, WhatFailsForNowIsSentAgainAndNothingOvertakesIt) {
  Server server({status(0),
                 status(500),
                 status(503),
                 status(429),
                 {.status = 503, .retry_after = 3'600s, .text = "later"}});
  std::vector<std::string> said;
  RemoteWriter writer(requests(), server.road(),
                      {.on_failing = [&](const std::string& why) { said.push_back(why); },
                       .on_recovered = [&] { said.emplace_back("recovered"); },
                       .on_rejected = {},
                       .on_dropped = {}},
                      quick());
  writer.queue(batch(1, {0}));
  writer.queue(batch(2, {0}));
  writer.start();
  server.wait_for_accepted(2);
  EXPECT_EQ(writer.stop(), 0U);
  EXPECT_THAT(server.accepted(), ElementsAre("A@1000=1", "A@2000=2"));
  EXPECT_EQ(writer.figures().failed_requests, 5U);
  EXPECT_THAT(said, ElementsAre("nobody there", "recovered"));
}

TEST(RemoteWriter, ASampleThatPoisonsItsBatchIsFoundAndTheRestArrives) {
  for (const unsigned code : {400U, 413U, 422U}) {
    Server server;
    server.dislike("C", code);
    std::vector<std::string> said;
    RemoteWriter writer(requests(), server.road(),
                        {.on_failing = {},
                         .on_recovered = {},
                         .on_rejected =
                             [&](std::uint64_t samples, const std::string& why) {
                               said.push_back(std::to_string(samples) + ": " + why);
                             },
                         .on_dropped = {}},
                        quick());
    writer.start();
    writer.queue(batch(1, {0, 1, 2, 3}));
    writer.queue(batch(2, {0}));
    EXPECT_EQ(writer.stop(), 0U);
    EXPECT_THAT(server.accepted(), ElementsAre("A@1000=1", "B@1000=1", "D@1000=1", "A@2000=2"));
    EXPECT_EQ(writer.figures().rejected_samples, 1U);
    EXPECT_EQ(writer.figures().failed_requests, 0U);
    EXPECT_THAT(said, ElementsAre("1: status " + std::to_string(code) +
                                  ": bad; the first is weir_contract_bucket_bytes{contract=\"C\","
                                  "direction=\"from_customer\",family=\"ipv4\"}"));
  }
}

TEST(RemoteWriter, ABatchThatIsRefusedThroughoutCostsABoundedNumberOfRequests) {
  Server server;
  server.dislike("A", 400);
  auto limits = quick();
  limits.most_halvings = 3;
  RemoteWriter writer(requests(), server.road(), {}, limits);
  writer.start();
  SampleBatch all{.time_ms = 1'000, .samples = std::vector<CellSample>(1'000)};
  writer.queue(std::move(all));
  EXPECT_EQ(writer.stop(), 0U);
  EXPECT_EQ(server.requests(), 1U + 2 * 3);
  EXPECT_EQ(writer.figures().rejected_samples, 1'000U);
}

TEST(RemoteWriter, WhatIsNotAboutTheSamplesIsNotHalved) {
  Server server({status(401), status(404), status(302)});
  RemoteWriter writer(requests(), server.road(), {}, quick());
  writer.start();
  for (int seconds = 1; seconds <= 4; ++seconds) writer.queue(batch(seconds, {0, 1}));
  EXPECT_EQ(writer.stop(), 0U);
  EXPECT_EQ(server.requests(), 4U);
  EXPECT_EQ(writer.figures().rejected_samples, 6U);
  EXPECT_THAT(server.accepted(), ElementsAre("A@4000=4", "B@4000=4"));
}

TEST(RemoteWriter, WhatTheReceiverSaysToBeTooOldIsGivenUpAtOnce) {
  Server server({{.status = 400, .retry_after = {}, .text = "out of bounds"},
                 {.status = 500, .retry_after = {}, .text = "too old sample"}});
  RemoteWriter writer(requests(), server.road(), {}, quick());
  writer.start();
  for (int seconds = 1; seconds <= 3; ++seconds) writer.queue(batch(seconds, {0, 1}));
  EXPECT_EQ(writer.stop(), 0U);
  EXPECT_EQ(server.requests(), 3U);
  EXPECT_EQ(writer.figures().rejected_samples, 4U);
  EXPECT_EQ(writer.figures().failed_requests, 0U);
  EXPECT_THAT(server.accepted(), ElementsAre("A@3000=3", "B@3000=3"));
}

TEST(RemoteWriter, ABatchThatIsAlwaysAnsweredBy500EndsByItsAge) {
  Server server;
  server.dislike("B", 500);
  auto limits = quick();
  limits.poison_age = 20ms;
  RemoteWriter writer(requests(), server.road(), {}, limits);
  writer.start();
  writer.queue(batch(1, {1}));
  writer.queue(batch(2, {0}));
  server.wait_for_accepted(1);
  EXPECT_EQ(writer.stop(), 0U);
  EXPECT_THAT(server.accepted(), ElementsAre("A@2000=2"));
  EXPECT_EQ(writer.figures().rejected_samples, 1U);
}

TEST(RemoteWriter, AnOutageIsWaitedForAndTheOldestGoBeyondTheBound) {
  Server server;
  server.go_away();
  auto limits = quick();
  limits.queue_bytes = 4 * batch(0, {0}).bytes();
  RemoteWriter writer(requests(), server.road(), {}, limits);
  writer.start();
  writer.queue(batch(1, {0}));
  // The second begins after the writer has taken note of how the first ended.
  server.wait_for_requests(2);
  for (int seconds = 2; seconds <= 10; ++seconds) writer.queue(batch(seconds, {0}));
  EXPECT_EQ(writer.figures().pending_samples, 4U);
  EXPECT_EQ(writer.figures().pending_bytes, limits.queue_bytes);
  EXPECT_EQ(writer.figures().dropped_samples, 6U);
  EXPECT_TRUE(writer.figures().is_failing);
  server.come_back();
  server.wait_for_accepted(4);
  EXPECT_EQ(writer.stop(), 0U);
  // The first was under way, and stays.
  EXPECT_THAT(server.accepted(), ElementsAre("A@1000=1", "A@8000=8", "A@9000=9", "A@10000=10"));
  EXPECT_EQ(writer.figures().sent_samples, 4U);
}

TEST(RemoteWriter, WhatASlowReceiverCostsIsTold) {
  std::promise<void> reached;
  std::promise<void> go_on;
  bool is_first = true;
  const RemoteWriter::Road slow{.post = [&](const std::string&) -> Result<PushAnswer> {
                                  if (std::exchange(is_first, false)) {
                                    reached.set_value();
                                    go_on.get_future().wait();
                                  }
                                  return status(204);
                                },
                                .abort = [] {}};
  std::uint64_t told = 0;
  auto limits = quick();
  limits.queue_bytes = 4 * batch(0, {0}).bytes();
  RemoteWriter writer(requests(), slow,
                      {.on_failing = {},
                       .on_recovered = {},
                       .on_rejected = {},
                       .on_dropped = [&](std::uint64_t samples) { told += samples; }},
                      limits);
  writer.start();
  writer.queue(batch(1, {0}));
  reached.get_future().wait();
  for (int seconds = 2; seconds <= 10; ++seconds) writer.queue(batch(seconds, {0}));
  go_on.set_value();
  EXPECT_EQ(writer.stop(), 0U);
  EXPECT_EQ(told, 6U);
  EXPECT_EQ(writer.figures().dropped_samples, 6U);
  EXPECT_EQ(writer.figures().sent_samples, 4U);
  EXPECT_EQ(writer.figures().failed_requests, 0U);
}

TEST(RemoteWriter, AStopGivesUpInTimeAndSaysWhatIsLost) {
  Server server;
  server.go_away();
  auto limits = quick();
  limits.longest_pause = 1h;
  limits.first_pause = 1h;
  limits.stop_deadline = 1ms;
  RemoteWriter writer(requests(), server.road(), {}, limits);
  writer.start();
  writer.queue(batch(1, {0, 1}));
  server.wait_for_requests(1);
  writer.queue(batch(2, {0}));
  EXPECT_EQ(writer.stop(), 3U);
  EXPECT_EQ(writer.figures().dropped_samples, 3U);
  EXPECT_EQ(writer.figures().pending_samples, 0U);
  EXPECT_EQ(writer.figures().pending_bytes, 0U);
}

}  // namespace
}  // namespace weir::remote_write
