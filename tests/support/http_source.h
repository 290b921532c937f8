#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace weir::test {

/// A web server on 127.0.0.1 that answers every request alike, or never.
///
/// Threads: one of its own serves, one connection at a time; the rest from any.
class HttpSource {
 public:
  HttpSource();
  ~HttpSource();
  HttpSource(const HttpSource&) = delete;
  HttpSource& operator=(const HttpSource&) = delete;

  /// From now on `body` as JSON, with this status.
  void answer(std::string body, unsigned status = 200);
  /// From now on reads requests and leaves them without an answer.
  void stay_silent();

  /// Whether so many requests have come, within ten seconds.
  [[nodiscard]] bool sees(std::size_t requests);
  [[nodiscard]] std::string url() const;

 private:
  void serve();

  int listening_ = -1;
  std::uint16_t port_ = 0;
  std::mutex mutex_;  ///< guards the next three
  std::condition_variable came_;
  std::size_t requests_ = 0;
  std::optional<std::string> answer_;
  std::vector<int> open_;  ///< connections without an answer; the thread's
  std::thread thread_;
};

}  // namespace weir::test
