#include "worker/exit_deadline.hpp"

namespace sluice::worker {

void ExitDeadline::arm(flow::Duration time) {
  armed_at_ = flow::Clock::now();
  thread_ = std::jthread([this, until = armed_at_ + time](const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    wake_.wait_until(lock, stop, until, [] { return false; });
    if (!stop.stop_requested()) expired_();
  });
}

flow::Duration ExitDeadline::elapsed() const {
  return armed() ? flow::Clock::now() - armed_at_ : flow::Duration{};
}

}  // namespace sluice::worker
