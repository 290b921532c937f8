#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <stop_token>
#include <string>
#include <tl/expected.hpp>

namespace weir::remote_write {

using Addresses = boost::asio::ip::tcp::resolver::results_type;

/// The addresses of a host, looked up on a thread of its own: where no name server answers, the
/// system holds whoever asks for longer than anyone waits, and cannot be stopped.
///
/// Errors: timed_out at the deadline, operation_aborted at the stop, no_memory without a thread;
/// what the system says otherwise. Threads: any.
[[nodiscard]] tl::expected<Addresses, boost::system::error_code> look_up(
    const std::string& host, const std::string& port,
    std::chrono::steady_clock::time_point deadline, const std::stop_token& stop);

}  // namespace weir::remote_write
