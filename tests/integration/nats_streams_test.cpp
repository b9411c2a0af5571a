#include <gtest/gtest.h>

#include <atomic>
#include <barrier>

#include "sinks/jetstream/streams.hpp"
#include "support/nats_server.hpp"
#include "support/test_thread.hpp"

namespace sluice::test {
namespace {

using sinks::jetstream::Connection;
using sinks::jetstream::ensure_stream;

/// Workers that start at the same time all want the stream that is not there yet. Their rules differ in the
/// duplicate window, so that the server refuses all but the first that asks it to create the stream.
TEST(NatsStreams, SeveralMayCreateOneAtTheSameTime) {
  constexpr int workers = 6;
  constexpr int rounds = 50;
  NatsServer server;
  std::barrier start(workers);
  std::atomic<int> created{0};
  const auto work = [&](int number) {
    NatsConfig config;
    config.url = server.url();
    auto opened = Connection::open(config);
    const auto connection = std::get<std::shared_ptr<Connection>>(std::move(opened));
    for (int round = 0; round < rounds; ++round) {
      StreamShape shape;
      shape.name = "S" + std::to_string(round);
      shape.subjects = shape.needed = {shape.name + ".>"};
      shape.duplicate_window_ms = 60'000 + number * 1000;
      start.arrive_and_wait();
      const auto error = ensure_stream(*connection, shape, [&](const std::string& said) {
        if (said.rfind("created", 0) == 0) ++created;
      });
      EXPECT_FALSE(error) << error->message;
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < workers; ++i) threads.push_back(test_thread([&work, i] { work(i); }));
  }
  EXPECT_EQ(created, rounds);
}

}  // namespace
}  // namespace sluice::test
