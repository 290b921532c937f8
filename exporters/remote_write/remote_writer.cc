#include "exporters/remote_write/remote_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace weir::remote_write {
namespace {

using Moment = std::chrono::steady_clock::time_point;

bool is_success(unsigned status) noexcept { return status / 100 == 2; }
/// RFC 9110, 15.6, and RFC 6585, 4: the same request may be accepted later.
bool is_for_now(unsigned status) noexcept { return status / 100 == 5 || status == 429; }
/// The receiver may dislike a part of the samples; other answers are about the way or the sender.
bool is_about_samples(unsigned status) noexcept {
  return status == 400 || status == 409 || status == 413 || status == 422;
}
/// Prometheus dislikes the time, which all samples of a request share: halves would fare no better.
/// Release 2.42 says it with 500 where it has a window for samples out of order, and for ever.
bool is_about_time(const PushAnswer& answer) noexcept {
  return (answer.status == 400 || answer.status == 500) &&
         (answer.text.find("out of bounds") != std::string::npos ||
          answer.text.find("too old sample") != std::string::npos);
}

}  // namespace

RemoteWriter::RemoteWriter(WriteRequests requests, Road road, Listeners listeners, Limits limits)
    : requests_(std::move(requests)),
      road_(std::move(road)),
      listeners_(std::move(listeners)),
      limits_(limits) {}

RemoteWriter::~RemoteWriter() {
  if (thread_.joinable()) static_cast<void>(stop());
}

void RemoteWriter::start() {
  is_ended_ = false;
  thread_ = std::thread([this] { run(); });
}

std::uint64_t RemoteWriter::stop() {
  {
    std::unique_lock lock(mutex_);
    stop_until_ = std::chrono::steady_clock::now() + limits_.stop_deadline;
    wake_.notify_all();
    ended_wake_.wait_until(lock, *stop_until_, [this] { return is_ended_; });
  }
  road_.abort();
  if (thread_.joinable()) thread_.join();
  const std::lock_guard lock(mutex_);
  const std::uint64_t left = figures_.pending_samples;
  figures_.dropped_samples += left;
  figures_.pending_samples = 0;
  figures_.pending_bytes = 0;
  waiting_.clear();
  return left;
}

void RemoteWriter::queue(SampleBatch batch) {
  {
    const std::lock_guard lock(mutex_);
    figures_.pending_samples += batch.samples.size();
    figures_.pending_bytes += batch.bytes();
    waiting_.push_back(std::move(batch));
    // The one that is being sent is not among them, and stays.
    while (figures_.pending_bytes > limits_.queue_bytes && !waiting_.empty()) {
      const SampleBatch& oldest = waiting_.front();
      figures_.pending_samples -= oldest.samples.size();
      figures_.pending_bytes -= oldest.bytes();
      figures_.dropped_samples += oldest.samples.size();
      dropped_untold_ += oldest.samples.size();
      waiting_.pop_front();
    }
  }
  wake_.notify_all();
}

WriterFigures RemoteWriter::figures() const {
  const std::lock_guard lock(mutex_);
  return figures_;
}

void RemoteWriter::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return !waiting_.empty() || stop_until_; });
    if (waiting_.empty()) break;
    const SampleBatch batch = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    const bool has_ended = send(batch);
    // A receiver that is slow fails nothing.
    tell_dropped();
    lock.lock();
    if (!has_ended) break;
    figures_.pending_bytes -= batch.bytes();
  }
  is_ended_ = true;
  ended_wake_.notify_all();
}

bool RemoteWriter::send(const SampleBatch& batch) {
  std::size_t halvings = limits_.most_halvings;
  std::span<const CellSample> rest(batch.samples);
  while (!rest.empty()) {
    const std::size_t taken = std::min(rest.size(), limits_.samples_per_request);
    if (!deliver(batch.time_ms, rest.first(taken), halvings)) return false;
    rest = rest.subspan(taken);
  }
  return true;
}

bool RemoteWriter::deliver(std::int64_t time_ms, std::span<const CellSample> samples,
                           std::size_t& halvings) {
  switch (insist(time_ms, samples)) {
    case Ending::Accepted:
      succeed(time_ms, samples.size());
      return true;
    case Ending::Stopped:
      return false;
    case Ending::RefusedWhole:
      reject(samples);
      return true;
    case Ending::Refused:
      break;
  }
  if (samples.size() == 1 || halvings == 0) {
    reject(samples);
    return true;
  }
  --halvings;
  const std::size_t half = samples.size() / 2;
  return deliver(time_ms, samples.first(half), halvings) &&
         deliver(time_ms, samples.subspan(half), halvings);
}

RemoteWriter::Ending RemoteWriter::insist(std::int64_t time_ms,
                                          std::span<const CellSample> samples) {
  const std::string body = requests_.body(time_ms, samples);
  std::optional<Moment> first_500;
  while (true) {
    if (must_end()) return Ending::Stopped;
    const auto answer = road_.post(body);
    std::optional<std::chrono::seconds> asked;
    if (!answer) {
      first_500.reset();
      refusal_ = answer.error().message;
    } else if (is_success(answer->status)) {
      return Ending::Accepted;
    } else {
      refusal_ = fmt::format("status {}{}{}", answer->status, answer->text.empty() ? "" : ": ",
                             answer->text);
      if (is_about_time(*answer)) return Ending::RefusedWhole;
      if (!is_for_now(answer->status))
        return is_about_samples(answer->status) ? Ending::Refused : Ending::RefusedWhole;
      if (answer->status != 500) {
        first_500.reset();
      } else {
        const Moment now = std::chrono::steady_clock::now();
        if (!first_500) first_500 = now;
        if (now - *first_500 >= limits_.poison_age) return Ending::RefusedWhole;
      }
      asked = answer->retry_after;
    }
    fail(refusal_);
    if (!pause(asked)) return Ending::Stopped;
  }
}

void RemoteWriter::succeed(std::int64_t time_ms, std::size_t samples) {
  bool has_recovered = false;
  {
    const std::lock_guard lock(mutex_);
    settle(samples);
    figures_.sent_samples += samples;
    figures_.last_success_ms = since_epoch_ms(traffic_now());
    figures_.sent_until_ms = time_ms;
    has_recovered = std::exchange(figures_.is_failing, false);
  }
  pause_ = {};
  if (has_recovered && listeners_.on_recovered) listeners_.on_recovered();
}

void RemoteWriter::fail(const std::string& why) {
  bool is_first = false;
  {
    const std::lock_guard lock(mutex_);
    ++figures_.failed_requests;
    is_first = !std::exchange(figures_.is_failing, true);
  }
  if (is_first && listeners_.on_failing) listeners_.on_failing(why);
  tell_dropped();
}

void RemoteWriter::tell_dropped() {
  std::uint64_t dropped = 0;
  {
    const std::lock_guard lock(mutex_);
    dropped = std::exchange(dropped_untold_, 0);
  }
  if (dropped != 0 && listeners_.on_dropped) listeners_.on_dropped(dropped);
}

void RemoteWriter::reject(std::span<const CellSample> samples) {
  {
    const std::lock_guard lock(mutex_);
    settle(samples.size());
    figures_.rejected_samples += samples.size();
  }
  pause_ = {};
  if (listeners_.on_rejected)
    listeners_.on_rejected(samples.size(), fmt::format("{}; the first is {}", refusal_,
                                                       requests_.describe(samples.front().cell)));
}

void RemoteWriter::settle(std::uint64_t samples) { figures_.pending_samples -= samples; }

bool RemoteWriter::must_end() const {
  const std::lock_guard lock(mutex_);
  return stop_until_ && std::chrono::steady_clock::now() >= *stop_until_;
}

bool RemoteWriter::pause(std::optional<std::chrono::seconds> asked) {
  pause_ = std::clamp(pause_ * 2, limits_.first_pause, limits_.longest_pause);
  auto length = pause_;
  if (asked)
    length = std::clamp<std::chrono::milliseconds>(*asked, length, limits_.longest_retry_after);
  std::unique_lock lock(mutex_);
  const Moment until = std::chrono::steady_clock::now() + length;
  // A stop shortens the pause: there is little time left to try in.
  const bool was_stopping = stop_until_.has_value();
  if (was_stopping) {
    wake_.wait_until(lock, std::min({until, *stop_until_,
                                     std::chrono::steady_clock::now() + limits_.first_pause}));
  } else {
    wake_.wait_until(lock, until, [this] { return stop_until_.has_value(); });
  }
  return !stop_until_ || std::chrono::steady_clock::now() < *stop_until_;
}

}  // namespace weir::remote_write
