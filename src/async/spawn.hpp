#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "async/asio.hpp"

namespace sluice::async {

/// What to do about an exception that nothing else has caught. Called on the thread that caught it.
using OnException = std::function<void(const std::exception_ptr&)>;

/// The exception's text, for a log.
std::string what_of(const std::exception_ptr& exception);

/// Starts a coroutine on an executor. All coroutines of the program are started here. An exception that
/// leaves the coroutine is passed to `failed` on that executor, so none is lost. `failed` is kept until the
/// coroutine has ended, so what it owns outlives the coroutine.
template <typename Executor>
void spawn(const Executor& executor, asio::awaitable<void> work, OnException failed) {
  asio::co_spawn(executor, std::move(work), [failed = std::move(failed)](const std::exception_ptr& thrown) {
    if (thrown) failed(thrown);
  });
}

/// Sets a flag, and clears it when destroyed: shows whether a coroutine runs, however it ends.
class Raised {
 public:
  explicit Raised(bool& flag) : flag_(flag) { flag_ = true; }
  ~Raised() { flag_ = false; }
  Raised(const Raised&) = delete;
  Raised& operator=(const Raised&) = delete;

 private:
  bool& flag_;
};

/// Runs the handlers of `io` until it is out of work or stopped, as io_context::run() does. An exception that
/// leaves a handler is passed to `failed`, and the remaining handlers still run: otherwise the thread would
/// end, and what waits for them would wait for ever.
void run(asio::io_context& io, const OnException& failed);

/// Runs a blocking call `work` on a thread of `threads`, and resumes the awaiting coroutine on its own
/// executor with the result. An exception from `work` is thrown in the coroutine. Meanwhile a work guard
/// keeps the coroutine's io_context running.
///
/// Store `work` in a variable before awaiting: GCC 12 destroys a lambda twice that is created inside a
/// co_await expression.
template <typename Result, typename Work>
asio::awaitable<Result> run_blocking(asio::thread_pool& threads, Work work) {
  using Ended = std::pair<std::exception_ptr, std::unique_ptr<Result>>;
  const auto initiate = [&threads, &work](auto handler) {
    auto guard = asio::make_work_guard(asio::get_associated_executor(handler));
    asio::post(threads, [work = std::move(work), handler = std::move(handler),
                         guard = std::move(guard)]() mutable {
      auto ended = std::make_unique<Ended>();
      try {
        ended->second = std::make_unique<Result>(work());
      } catch (...) {
        ended->first = std::current_exception();
      }
      asio::post(guard.get_executor(), [handler = std::move(handler), ended = std::move(ended)]() mutable {
        handler(std::move(ended->first), std::move(ended->second));
      });
    });
  };
  auto result = co_await asio::async_initiate<const asio::use_awaitable_t<>,
                                              void(std::exception_ptr, std::unique_ptr<Result>)>(
      initiate, asio::use_awaitable);
  co_return std::move(*result);
}

}  // namespace sluice::async
