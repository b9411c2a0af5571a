#pragma once

#include <gtest/gtest.h>

#include <exception>
#include <stop_token>
#include <thread>
#include <type_traits>

namespace sluice::test {

/// Runs `work` in a thread, with a stop token if it takes one. An exception fails the test that is running.
/// Without this it would end the program, with all the tests to come and without a word about the cause.
template <class Work>
std::jthread test_thread(Work work) {
  return std::jthread([work = std::move(work)](const std::stop_token& stop) mutable {
    try {
      if constexpr (std::is_invocable_v<Work&, const std::stop_token&>) {
        work(stop);
      } else {
        work();
      }
    } catch (const std::exception& error) {
      ADD_FAILURE() << "a thread of the test ended with an exception: " << error.what();
    }
  });
}

}  // namespace sluice::test
