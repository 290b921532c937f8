#include "collector/app/stop_on_signal.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <thread>

namespace weir::app {

struct StopOnSignal::State {
  std::atomic<bool> requested{false};
  boost::asio::io_context context{1};
  boost::asio::signal_set signals{context, SIGINT, SIGTERM};
  std::jthread thread;
};

StopOnSignal::StopOnSignal() : state_(std::make_unique<State>()) {
  state_->signals.async_wait([state = state_.get()](const boost::system::error_code& error, int) {
    if (!error) state->requested.store(true);
  });
  state_->thread = std::jthread([state = state_.get()] { state->context.run(); });
}

StopOnSignal::~StopOnSignal() { state_->context.stop(); }

const std::atomic<bool>& StopOnSignal::requested() const noexcept { return state_->requested; }

}  // namespace weir::app
