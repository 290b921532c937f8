#include "exporters/remote_write/name_lookup.h"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace weir::remote_write {
namespace {

namespace asio = boost::asio;
using SystemError = boost::system::error_code;

/// What the thread that looks up and the one that waits for it share: either may end first.
struct LookUp {
  std::mutex mutex;
  std::condition_variable_any done;
  std::optional<std::pair<SystemError, Addresses>> answer;  ///< guarded by the mutex
};

}  // namespace

tl::expected<Addresses, SystemError> look_up(const std::string& host, const std::string& port,
                                             std::chrono::steady_clock::time_point deadline,
                                             const std::stop_token& stop) {
  const auto shared = std::make_shared<LookUp>();
  try {
    std::thread([shared, host, port] {
      asio::io_context context{1};
      SystemError error;
      auto addresses = asio::ip::tcp::resolver(context).resolve(host, port, error);
      const std::lock_guard lock(shared->mutex);
      shared->answer.emplace(error, std::move(addresses));
      shared->done.notify_one();
    }).detach();
  } catch (const std::system_error&) {
    return tl::unexpected(SystemError(asio::error::no_memory));
  }
  std::unique_lock lock(shared->mutex);
  const bool is_there = shared->done.wait_until(lock, stop, deadline,
                                                [&shared] { return shared->answer.has_value(); });
  if (stop.stop_requested()) return tl::unexpected(SystemError(asio::error::operation_aborted));
  if (!is_there) return tl::unexpected(SystemError(asio::error::timed_out));
  auto& [error, addresses] = *shared->answer;
  if (error) return tl::unexpected(error);
  return std::move(addresses);
}

}  // namespace weir::remote_write
