#pragma once

#include "async/spawn.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

namespace sluice {

namespace asio = boost::asio;

using async::run_blocking;
using Strand = asio::strand<asio::io_context::executor_type>;

/// Completes at `time`, or as soon as the timer is cancelled.
inline asio::awaitable<void> wait_until(asio::steady_timer& timer, asio::steady_timer::time_point time) {
  timer.expires_at(time);
  boost::system::error_code woken;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

/// Completes after `time`, or as soon as the timer is cancelled.
inline asio::awaitable<void> wait_for(asio::steady_timer& timer, asio::steady_timer::duration time) {
  return wait_until(timer, asio::steady_timer::clock_type::now() + time);
}

}  // namespace sluice
