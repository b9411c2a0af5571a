#include "source/feed/feed_queue.hpp"

#include <gtest/gtest.h>

#include <random>
#include <thread>

namespace sluice::source {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class FeedQueueTest : public testing::Test {
 protected:
  std::shared_ptr<FeedBatch> batch(std::size_t size, const std::string& begin = "") {
    auto made = std::make_shared<FeedBatch>();
    made->answer.size = size;
    made->begin = begin;
    made->bytes_queued = bytes_;
    return made;
  }

  /// The first batch, as a whole. Null if the queue is empty.
  static auto taken_from(FeedQueue& queue) {
    auto first = queue.front();
    if (first) queue.took(first, true);
    return first;
  }

  const std::shared_ptr<std::atomic<std::int64_t>> bytes_ = std::make_shared<std::atomic<std::int64_t>>(0);
};

TEST_F(FeedQueueTest, CountsABatchOnceThatIsInSeveral) {
  FeedQueue first;
  FeedQueue second;
  const auto shared = batch(100);
  first.push(shared);
  second.push(shared);
  second.push(batch(10));
  EXPECT_EQ(*bytes_, 110);
  EXPECT_NE(taken_from(first), nullptr);
  EXPECT_EQ(*bytes_, 110);
  second.discard();
  EXPECT_EQ(*bytes_, 0);
  EXPECT_TRUE(second.empty());
}

TEST_F(FeedQueueTest, IsFullBeforeItHasNoRoom) {
  FeedQueue queue;
  for (std::size_t i = 0; i < FeedQueue::full; ++i) {
    EXPECT_FALSE(queue.is_full());
    queue.push(batch(1));
  }
  EXPECT_TRUE(queue.is_full());
  for (std::size_t i = 0; i < FeedQueue::replayed; ++i) queue.push(batch(1));
  EXPECT_EQ(*bytes_, static_cast<std::int64_t>(FeedQueue::full + FeedQueue::replayed));
}

TEST_F(FeedQueueTest, LetsTheReaderTakeWhatIsThereWhenItHasEnded) {
  FeedQueue queue;
  queue.push(batch(1));
  queue.end();
  queue.wait(seconds(60));
  EXPECT_TRUE(queue.has_ended());
  EXPECT_NE(taken_from(queue), nullptr);
  queue.wait(seconds(60));
  EXPECT_EQ(taken_from(queue), nullptr);
  queue.begin();
  EXPECT_FALSE(queue.has_ended());
}

/// One thread pushes, one takes, and a third throws away what is there now and then, as leaving readers do.
TEST_F(FeedQueueTest, KeepsTheOrderBetweenThreads) {
  constexpr int all = 20'000;
  FeedQueue queue;
  int last = -1;
  std::jthread takes([&] {
    while (true) {
      const bool ended = queue.has_ended();
      if (const auto one = taken_from(queue)) {
        const int number = std::stoi(one->begin);
        ASSERT_GT(number, last);
        last = number;
      } else if (ended && queue.empty()) {
        return;
      } else {
        queue.wait(milliseconds(1));
      }
    }
  });
  std::jthread discards([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      queue.discard();
      std::this_thread::yield();
    }
  });
  for (int i = 0; i < all; ++i) {
    while (queue.is_full()) std::this_thread::yield();
    queue.push(batch(1, std::to_string(i)));
  }
  discards.request_stop();
  discards.join();
  queue.push(batch(1, std::to_string(all)));
  queue.end();
  takes.join();
  EXPECT_EQ(last, all);
  EXPECT_EQ(*bytes_, 0);
}

}  // namespace
}  // namespace sluice::source
