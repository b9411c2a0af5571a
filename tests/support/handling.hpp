#pragma once

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "support/fixture.hpp"
#include "support/hosted_pipeline.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sluice::test {

namespace asio = boost::asio;

inline asio::awaitable<void> pause(std::chrono::microseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

/// A log of handler calls, which handlers write themselves. Thread-safe.
class Seen {
 public:
  void add(std::string what) {
    const std::lock_guard lock(mutex_);
    all_.push_back(std::move(what));
  }
  std::vector<std::string> all() const {
    const std::lock_guard lock(mutex_);
    return all_;
  }
  std::size_t size() const { return all().size(); }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> all_;
};

using Texts = std::vector<std::string>;

inline Texts sorted(Texts texts) {
  std::ranges::sort(texts);
  return texts;
}

/// Tests of handlers: functions that the library calls for each change, in the test's own process.
class HandlersTest : public PipelineTest {
 protected:
  HandlersTest() = default;
  explicit HandlersTest(ReplicaSet& server) : PipelineTest(server) {}

  Config config(const std::string& pipeline = "shop") {
    Config made;
    made.pipeline = pipeline;
    made.state_database = state().database();
    made.streams = {{.name = "shop", .uri = server().uri(), .database = db().database()}};
    return made;
  }

  void insert(const std::string& id, int n = 0) {
    db().insert("orders", R"({"_id":")" + id + R"(","n":)" + std::to_string(n) + "}");
  }
  void write(const std::string& id, int n) {
    db().update("orders", R"({"_id":")" + id + R"("})", R"({"$set":{"n":)" + std::to_string(n) + "}}");
  }
  static std::string id_of(const Change& change) { return std::string(change.id().text()); }
};

}  // namespace sluice::test
