#include "sinks/http/request_scheduler.hpp"

#include <gtest/gtest.h>

namespace sluice::sinks::http {
namespace {

using namespace std::chrono_literals;

class RequestSchedulerTest : public testing::Test {
 protected:
  /// A batch of one request for each key.
  struct Sent {
    Sent(std::uint64_t id, const std::vector<std::uint64_t>& keys, flow::Time until) : answers(keys.size()) {
      for (const std::uint64_t key : keys) requests.push_back({"POST", "/", "", "", key});
      batch.emplace(id, requests, answers, judge, until);
    }

    std::vector<Request> requests;
    std::vector<Answer> answers;
    Endpoint::Judge judge = [](std::size_t, const Answer& answer) {
      return answer.status == 200 ? Judgement::done : Judgement::retry;
    };
    std::optional<RequestBatch> batch;
  };

  void answer(const Job& job, unsigned status) {
    job.answer() = {.kind = Answer::Kind::answered, .status = status, .text = {}, .retry_after = {}};
    scheduler_.ended(job, false);
  }

  const flow::Time now_ = flow::Clock::now();
  RequestScheduler scheduler_{{.failures = 1, .open = 1h, .most_open = 1h}};
};

TEST_F(RequestSchedulerTest, BatchesTakeTurns) {
  Sent one(1, {1, 2}, now_ + 1h);
  Sent other(2, {3, 4}, now_ + 1h);
  scheduler_.add(*one.batch);
  scheduler_.add(*other.batch);
  std::vector<std::uint64_t> order;
  while (const auto job = scheduler_.next(now_)) order.push_back(job->batch->id);
  EXPECT_EQ(order, (std::vector<std::uint64_t>{1, 2, 1, 2}));
}

TEST_F(RequestSchedulerTest, RequestsOfOneKeyWaitForEachOther) {
  Sent sent(1, {7, 7}, now_ + 1h);
  scheduler_.add(*sent.batch);
  const auto first = scheduler_.next(now_);
  ASSERT_TRUE(first);
  EXPECT_FALSE(scheduler_.next(now_));
  answer(*first, 200);
  const auto second = scheduler_.next(now_);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->index, 1U);
}

TEST_F(RequestSchedulerTest, NothingIsBegunBehindTheDeadline) {
  Sent sent(1, {1}, now_);
  scheduler_.add(*sent.batch);
  EXPECT_FALSE(scheduler_.next(now_));
  EXPECT_TRUE(sent.batch->unsent.late);
  scheduler_.end_batches();
  EXPECT_FALSE(scheduler_.has(*sent.batch));
  sent.batch->wait();  // it has ended
}

TEST_F(RequestSchedulerTest, AnOpenBreakerGivesUpAllBatches) {
  Sent failing(1, {1}, now_ + 1h);
  Sent waiting(2, {2}, now_ + 1h);
  scheduler_.add(*failing.batch);
  const auto job = scheduler_.next(now_);
  ASSERT_TRUE(job);
  scheduler_.add(*waiting.batch);
  answer(*job, 500);
  EXPECT_EQ(scheduler_.breaker_state(), flow::CircuitBreaker::State::open);
  EXPECT_FALSE(scheduler_.next(flow::Clock::now()));
  EXPECT_TRUE(waiting.batch->unsent.not_before);
  EXPECT_TRUE(waiting.batch->over());
}

TEST_F(RequestSchedulerTest, AnAbandonedBatchEndsWhenItsLastRequestHas) {
  Sent sent(5, {1, 2}, now_ + 1h);
  scheduler_.add(*sent.batch);
  const auto job = scheduler_.next(now_);
  ASSERT_TRUE(job);
  EXPECT_EQ(scheduler_.abandon(4), nullptr);
  EXPECT_EQ(scheduler_.abandon(5), &*sent.batch);
  EXPECT_FALSE(scheduler_.next(now_));
  scheduler_.end_batches();
  EXPECT_TRUE(scheduler_.has(*sent.batch));
  scheduler_.ended(*job, true);
  EXPECT_EQ(job->answer().kind, Answer::Kind::unsent);
  scheduler_.end_batches();
  EXPECT_FALSE(scheduler_.has(*sent.batch));
  EXPECT_TRUE(sent.batch->unsent.abandoned);
}

}  // namespace
}  // namespace sluice::sinks::http
