#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "exporters/remote_write/bucket_samples.h"

namespace weir::test {

/// What a request of remote write carried.
struct ReceivedSample {
  std::map<std::string, std::string> labels;
  double value = 0;
  std::int64_t time_ms = 0;

  friend bool operator==(const ReceivedSample&, const ReceivedSample&) = default;
};

/// Unpacks a body; fails the test if it is none.
[[nodiscard]] std::vector<ReceivedSample> unpack(const std::string& body);

/// A plain or TLS server on a free port of 127.0.0.1 that keeps each request as it came and
/// answers with what it is given, one connection after the other.
class Receiver {
 public:
  /// Gives the whole answer to a request (header and body); an empty one closes without answer.
  using Answer = std::function<std::string(const std::string& header, const std::string& body)>;
  struct Pem {
    std::string certificate;
    std::string key;
  };

  explicit Receiver(Answer answer) : Receiver(std::move(answer), Pem{}) {}
  Receiver(Answer answer, const Pem& pem);
  ~Receiver();
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  [[nodiscard]] std::string port() const { return port_; }

 private:
  void serve(const Pem& pem);

  const Answer answer_;
  int socket_ = -1;
  std::string port_;
  std::thread thread_;
};

}  // namespace weir::test
