#include "async/spawn.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

#include <boost/asio/strand.hpp>

namespace sluice::async {
namespace {

asio::awaitable<void> throws(const char* what) {
  co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
  throw std::runtime_error(what);
}

/// Keeps the texts of what it is told.
struct Told {
  std::vector<std::string> texts;
  OnException handler() {
    return [this](const std::exception_ptr& thrown) { texts.push_back(what_of(thrown)); };
  }
};

TEST(Spawn, ExceptionOfACoroutineGoesToItsFailureHandler) {
  asio::io_context io;
  Told told;
  spawn(io.get_executor(), throws("broken"), told.handler());
  EXPECT_NO_THROW(io.run());
  EXPECT_EQ(told.texts, std::vector<std::string>{"broken"});
}

TEST(Spawn, CoroutineThatEndsWellTellsNothingAndFreesWhatItsHandlerOwns) {
  asio::io_context io;
  auto owned = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = owned;
  bool seen = false;
  spawn(
      io.get_executor(),
      [](std::weak_ptr<int> value, bool& alive) -> asio::awaitable<void> {
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        alive = !value.expired();
      }(watched, seen),
      [owned = std::move(owned)](const std::exception_ptr&) { FAIL(); });
  io.run();
  EXPECT_TRUE(seen);
  EXPECT_TRUE(watched.expired());
}

TEST(Run, ExceptionOfAHandlerGoesToTheBoundaryAndTheOthersGoOn) {
  asio::io_context io;
  Told told;
  int ran = 0;
  asio::post(io, [&] { ++ran; });
  asio::post(io, [] { throw std::runtime_error("in a handler"); });
  asio::post(io, [&] { ++ran; });
  run(io, told.handler());
  EXPECT_EQ(ran, 2);
  EXPECT_EQ(told.texts, std::vector<std::string>{"in a handler"});
}

TEST(Run, HandlersOfAStrandGoOnBehindOneThatThrew) {
  asio::io_context io;
  Told told;
  auto strand = asio::make_strand(io);
  int ran = 0;
  asio::post(strand, [] { throw std::runtime_error("on a strand"); });
  asio::post(strand, [&] { ++ran; });
  {
    std::vector<std::jthread> threads;
    std::mutex mutex;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        run(io, [&](const std::exception_ptr& thrown) {
          const std::lock_guard lock(mutex);
          told.handler()(thrown);
        });
      });
    }
  }
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(told.texts, std::vector<std::string>{"on a strand"});
}

TEST(Run, WhatIsNoStdExceptionIsToldToo) {
  asio::io_context io;
  Told told;
  asio::post(io, [] { throw 1; });
  run(io, told.handler());
  EXPECT_EQ(told.texts, std::vector<std::string>{"an exception of unknown type"});
}

asio::awaitable<void> blocks(asio::thread_pool& threads, bool fails, std::string& caught, int& result) {
  const auto work = [fails]() -> int {
    if (fails) throw std::runtime_error("in a blocking call");
    return 42;
  };
  try {
    result = co_await run_blocking<int>(threads, work);
  } catch (const std::exception& error) {
    caught = error.what();
  }
}

TEST(RunBlocking, ComesBackWithTheResult) {
  asio::io_context io;
  asio::thread_pool threads(1);
  std::string caught;
  int result = 0;
  spawn(io.get_executor(), blocks(threads, false, caught, result), [](const std::exception_ptr&) { FAIL(); });
  io.run();
  EXPECT_EQ(result, 42);
  EXPECT_EQ(caught, "");
}

TEST(RunBlocking, WhatTheWorkThrowsIsThrownInTheCoroutine) {
  asio::io_context io;
  asio::thread_pool threads(1);
  std::string caught;
  int result = 0;
  spawn(io.get_executor(), blocks(threads, true, caught, result), [](const std::exception_ptr&) { FAIL(); });
  io.run();
  EXPECT_EQ(result, 0);
  EXPECT_EQ(caught, "in a blocking call");
}

}  // namespace
}  // namespace sluice::async
