#pragma once

#if defined(__SANITIZE_ADDRESS__)
// With AddressSanitizer, GCC 12 no longer sees that Asio's coroutine frames are allocated and freed by a
// matching pair, and warns wrongly.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

#include <utility>  // Boost 1.74's awaitable.hpp uses std::exchange without including it

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sluice::async {

namespace asio = boost::asio;

}  // namespace sluice::async
