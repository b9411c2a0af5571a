#pragma once

// Boost 1.74's awaitable uses std::exchange without including it.
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sluice::pipeline {

namespace asio = boost::asio;

using Strand = asio::strand<asio::io_context::executor_type>;

/// Runs `work` on a blocking thread and comes back with what it returned: the way from a coroutine to
/// libmongoc. The awaiting executor is kept busy meanwhile, so its io_context does not run dry. Name the work
/// before awaiting it: GCC 12 destroys a lambda twice that is made inside a co_await expression.
template <typename Result, typename Work>
asio::awaitable<Result> run_blocking(asio::thread_pool& threads, Work work) {
  const auto initiate = [&threads, &work](auto handler) {
    auto guard = asio::make_work_guard(asio::get_associated_executor(handler));
    asio::post(threads, [work = std::move(work), handler = std::move(handler),
                         guard = std::move(guard)]() mutable {
      auto result = std::make_unique<Result>(work());
      asio::post(guard.get_executor(), [handler = std::move(handler), result = std::move(result)]() mutable {
        handler(std::move(*result));
      });
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Result)>(initiate,
                                                                                       asio::use_awaitable);
}

}  // namespace sluice::pipeline
