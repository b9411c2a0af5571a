#include "observe/log/log_queue.hpp"

#include <gtest/gtest.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

namespace sluice::observe {
namespace {

using namespace std::chrono_literals;

/// Keeps lines; hangs in a write, as a pipe that nobody reads, while it is shut.
class Gate final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  void shut() {
    const std::lock_guard lock(gate_);
    open_ = false;
  }
  void open() {
    const std::lock_guard lock(gate_);
    open_ = true;
    opened_.notify_all();
  }
  /// Until a write hangs.
  void wait_for_a_write() {
    std::unique_lock lock(gate_);
    opened_.wait(lock, [this] { return waiting_; });
  }
  std::vector<std::string> lines() {
    const std::lock_guard lock(gate_);
    return lines_;
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    std::unique_lock lock(gate_);
    waiting_ = true;
    opened_.notify_all();
    opened_.wait(lock, [this] { return open_; });
    waiting_ = false;
    const std::string text(message.payload.data(), message.payload.size());
    if (text == "throw") throw std::runtime_error("the disk is full");
    lines_.push_back(text);
  }
  void flush_() override {}

 private:
  std::mutex gate_;
  std::condition_variable opened_;
  bool open_ = true;
  bool waiting_ = false;
  std::vector<std::string> lines_;
};

struct Queued {
  std::shared_ptr<Gate> gate = std::make_shared<Gate>();
  std::shared_ptr<LogQueue> queue;
  spdlog::logger log;

  explicit Queued(LogQueueLimits limits = {})
      : queue(std::make_shared<LogQueue>(gate, limits)), log("test", queue) {}

  /// The queue's thread hangs in the write of the first line, so that what follows stays queued.
  void hang() {
    gate->shut();
    log.info("first");
    gate->wait_for_a_write();
  }
};

TEST(LogQueue, WritesInOrder) {
  Queued queued;
  for (int i = 0; i < 100; ++i) queued.log.info("{}", i);
  ASSERT_TRUE(queued.queue->drain(20s));
  const auto lines = queued.gate->lines();
  ASSERT_EQ(lines.size(), 100);
  EXPECT_EQ(lines.front(), "0");
  EXPECT_EQ(lines.back(), "99");
}

TEST(LogQueue, ThatIsFullDropsAndCountsAndSaysSo) {
  Queued queued({.lines = 2, .lines_for_errors = 1});
  queued.hang();
  for (const char* text : {"second", "third", "dropped", "dropped"}) queued.log.info(text);
  EXPECT_EQ(queued.queue->dropped(), 2);
  queued.gate->open();
  ASSERT_TRUE(queued.queue->drain(20s));
  EXPECT_EQ(queued.gate->lines(),
            (std::vector<std::string>{"first", "second", "third",
                                      "2 log lines were dropped: they could not be written fast enough"}));
}

TEST(LogQueue, HasRoomForErrorsWhereThereIsNoneForOthers) {
  Queued queued({.lines = 1, .lines_for_errors = 1});
  queued.hang();
  queued.log.info("second");
  queued.log.info("dropped");
  queued.log.error("an error");
  queued.log.error("one error too many");
  EXPECT_EQ(queued.queue->dropped(), 2);
  queued.gate->open();
  ASSERT_TRUE(queued.queue->drain(20s));
  EXPECT_EQ(queued.gate->lines().at(2), "an error");
}

TEST(LogQueue, IsBoundedInBytes) {
  Queued queued({.lines = 100, .lines_for_errors = 0, .bytes = 10});
  queued.hang();
  queued.log.info("12345678");
  queued.log.info("123");
  queued.log.info("12");
  EXPECT_EQ(queued.queue->dropped(), 1);
  queued.gate->open();
}

TEST(LogQueue, DrainIsBoundedWhereNothingCanBeWritten) {
  Queued queued;
  queued.hang();
  EXPECT_FALSE(queued.queue->drain(1ms));
  queued.gate->open();
  EXPECT_TRUE(queued.queue->drain(20s));
}

TEST(LogQueue, EndsWithEverythingWritten) {
  auto gate = std::make_shared<Gate>();
  {
    spdlog::logger log("test", std::make_shared<LogQueue>(gate));
    for (int i = 0; i < 1000; ++i) log.info("{}", i);
  }
  EXPECT_EQ(gate->lines().size(), 1000);
}

TEST(LogQueue, LineThatCannotBeWrittenIsCountedAndTheNextIsTried) {
  Queued queued;
  queued.log.info("throw");
  queued.log.info("after");
  ASSERT_TRUE(queued.queue->drain(20s));
  EXPECT_EQ(queued.gate->lines(), std::vector<std::string>{"after"});
  EXPECT_EQ(queued.queue->dropped(), 1);
}

}  // namespace
}  // namespace sluice::observe
