#include "pipeline/lane_driver.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

#include "mongo/client.hpp"
#include "unit/pipeline/dispatcher_fixture.hpp"

namespace sluice::pipeline {
namespace {

/// Ends each batch as the test says.
class ScriptedSink final : public BatchSink {
 public:
  Outcome commit(const Batch&) override {
    ++batches;
    return answer();
  }
  std::size_t bytes_while_sending(const Batch&) const override { return 1000; }
  bool commits_together(const Batch&) const override { return answer_together != nullptr; }
  std::optional<Outcome> commit_together(const std::vector<const Batch*>& together) override {
    group = together.size();
    return answer_together();
  }
  std::function<Outcome()> answer;
  std::function<std::optional<Outcome>()> answer_together;
  int batches = 0;
  std::size_t group = 0;  ///< batches that were last to be committed together
};

Outcome committed() {
  Outcome outcome;
  outcome.committed = true;
  return outcome;
}

class LaneDriverTest : public DispatcherTest {
 protected:
  LaneDriverTest()
      : strand_(asio::make_strand(io_)),
        driver_({strand_, threads_, sink_, dispatcher_, metrics_, [](const Error&) {},
                 [this](const Error& error, const std::string& outlet) {
                   story_.push_back(outlet + ": " + error.message);
                 },
                 [this] { story_.emplace_back("recovered"); }, allowance_, [this] { driver_.wake(); },
                 &turns_, 0},
                std::make_unique<flow::Lane>(flow::LaneLimits{}, LaneGuard{}, names_, 1)) {
    dispatcher_.start({}, {&driver_.lane()});
    dispatch({favorite("8201", "1")}, "8202");
  }

  /// Until what is queued is done, or something threw; the text of what did.
  std::string run() {
    std::string thrown;
    async::spawn(strand_, driver_.run(),
                 [&](const std::exception_ptr& error) { thrown = async::what_of(error); });
    driver_.finish();
    io_.run();
    return thrown;
  }

  /// Once the lane stands in the line of those that want to send.
  void when_it_waits(std::function<void()> then) {
    asio::post(strand_, [this, then = std::move(then)]() mutable {
      if (!allowance_.anybody_waits()) return when_it_waits(std::move(then));
      then();
    });
  }

  /// Once the driver has done what it can do.
  void after_a_while(std::function<void()> then) {
    asio::post(strand_, [this, then = std::move(then)]() mutable { asio::post(strand_, std::move(then)); });
  }

  asio::io_context io_;
  asio::thread_pool threads_{1};
  Strand strand_;
  std::vector<std::string> story_;  ///< of failures
  ScriptedSink sink_;
  flow::SendAllowance allowance_{budget_};
  LaneTurns turns_{std::chrono::milliseconds(0), 1000};
  LaneDriver driver_;
};

TEST_F(LaneDriverTest, EndsWhenWhatIsQueuedIsCommitted) {
  std::int64_t charged = 0;
  sink_.answer = [&] {
    charged = budget_.bytes();
    return committed();
  };
  EXPECT_EQ(run(), "");
  EXPECT_GE(charged, 1000) << "what is being sent counts";
  EXPECT_EQ(budget_.peak_bytes(), charged);
  EXPECT_EQ(allowance_.in_use(), 0);
  EXPECT_TRUE(driver_.ended());
  EXPECT_EQ(reached(), "8202");
}

/// Nothing is known of that batch, so nothing of it is resolved; and nobody waits for the lane for ever.
TEST_F(LaneDriverTest, WhatTheSinkThrowsLeavesTheLaneEndedAndItsBatchUnresolved) {
  sink_.answer = []() -> Outcome { throw std::runtime_error("a bug in a sink"); };
  EXPECT_EQ(run(), "a bug in a sink");
  EXPECT_TRUE(driver_.ended());
  EXPECT_EQ(sink_.batches, 1);
  EXPECT_EQ(reached(), "none");
  EXPECT_EQ(allowance_.in_use(), 0);
}

TEST_F(LaneDriverTest, WithoutAFreeClientTheBatchIsTriedAgain) {
  sink_.answer = [this]() -> Outcome {
    if (sink_.batches == 1) throw mongo::NoClient();
    return committed();
  };
  EXPECT_EQ(run(), "");
  EXPECT_EQ(sink_.batches, 2);
  EXPECT_EQ(reached(), "8202");
  EXPECT_EQ(allowance_.in_use(), 0);
}

TEST_F(LaneDriverTest, TellsOfEachFailureAndOnceThatItIsOver) {
  sink_.answer = [this]() -> Outcome {
    if (sink_.batches > 2) return committed();
    Outcome outcome;
    outcome.error = Error{ErrorKind::unavailable, 0, "away", false, false};
    outcome.outlet = "nats://n";
    return outcome;
  };
  EXPECT_EQ(run(), "");
  EXPECT_EQ(story_, (std::vector<std::string>{"nats://n: away", "nats://n: away", "recovered"}));
}

TEST_F(LaneDriverTest, ALaneThatWaitsForItsTurnGoesWhenThereIsRoom) {
  sink_.answer = committed;
  const std::int64_t others = budget_.most_sending();
  ASSERT_TRUE(allowance_.take(allowance_.ask(others)));
  when_it_waits([&] {
    EXPECT_EQ(sink_.batches, 0);
    allowance_.release(others);
    driver_.wake();
  });
  EXPECT_EQ(run(), "");
  EXPECT_EQ(reached(), "8202");
  EXPECT_EQ(allowance_.in_use(), 0);
}

TEST_F(LaneDriverTest, WritesWhenAnotherPartHasWrittenToTheSameDocuments) {
  sink_.answer = committed;
  std::optional<LaneTurns::Place> other(turns_.line_up(0, [] {}));
  std::thread leaves;
  after_a_while([&] {
    EXPECT_EQ(sink_.batches, 0);
    leaves = std::thread([&] { other.reset(); });
  });
  EXPECT_EQ(run(), "");
  leaves.join();
  EXPECT_EQ(reached(), "8202");
  EXPECT_TRUE(turns_.line_up(0, [] {}).is_first()) << "it has left the line";
}

/// The driver's lane leads while a part behind it waits.
TEST_F(LaneDriverTest, CommitsTheBatchesOfWaitingPartsToo) {
  const Batch theirs;
  std::optional<LaneTurns::Place> first(turns_.line_up(0, [] {}));
  std::optional<LaneTurns::Place> waiting;
  after_a_while([&] {
    waiting.emplace(turns_.line_up(
        0, [] {}, &theirs));
    first.reset();
  });
  sink_.answer_together = [] { return committed(); };
  EXPECT_EQ(run(), "");
  EXPECT_EQ(sink_.group, 2U);
  EXPECT_EQ(sink_.batches, 0);
  ASSERT_TRUE(waiting->outcome());
  EXPECT_TRUE(waiting->outcome()->committed);
  EXPECT_EQ(reached(), "8202");
}

TEST_F(LaneDriverTest, CommitsAloneWhatCannotBeCommittedTogether) {
  const Batch theirs;
  std::optional<LaneTurns::Place> first(turns_.line_up(0, [] {}));
  std::optional<LaneTurns::Place> waiting;
  after_a_while([&] {
    waiting.emplace(turns_.line_up(
        0, [] {}, &theirs));
    first.reset();
  });
  sink_.answer_together = [] { return std::nullopt; };
  sink_.answer = committed;
  EXPECT_EQ(run(), "");
  EXPECT_EQ(sink_.group, 2U);
  EXPECT_EQ(sink_.batches, 1);
  EXPECT_FALSE(waiting->outcome());
  EXPECT_TRUE(waiting->is_first()) << "it is to commit its batch itself";
}

/// Another part's lane has it in its transaction.
TEST_F(LaneDriverTest, TakesTheOutcomeOfAnotherPartsTransaction) {
  const Batch own;
  sink_.answer_together = [] { return committed(); };
  std::optional<LaneTurns::Place> other(turns_.line_up(
      0, [] {}, &own));
  after_a_while([&] {
    auto group = other->take_others(own, 1000, flow::Clock::now());
    EXPECT_EQ(group.batches().size(), 2U);
    driver_.abandon();  // it waits all the same, since its batch is in use
    group.answer(committed());
  });
  EXPECT_EQ(run(), "");
  EXPECT_EQ(sink_.batches, 0);
  EXPECT_EQ(reached(), "8202") << "committed by the other part";
  EXPECT_EQ(allowance_.in_use(), 0);
}

TEST_F(LaneDriverTest, AnAbandonedLaneDoesNotWaitForAnotherPart) {
  const LaneTurns::Place other = turns_.line_up(0, [] {});
  after_a_while([&] { driver_.abandon(); });
  EXPECT_EQ(run(), "");
  EXPECT_EQ(sink_.batches, 0);
  EXPECT_EQ(allowance_.in_use(), 0);
  EXPECT_TRUE(other.is_first());
}

TEST_F(LaneDriverTest, ALaneThatIsAbandonedLeavesTheLine) {
  const std::int64_t others = budget_.most_sending();
  ASSERT_TRUE(allowance_.take(allowance_.ask(others)));
  when_it_waits([&] { driver_.abandon(); });
  EXPECT_EQ(run(), "");
  EXPECT_TRUE(driver_.ended());
  EXPECT_EQ(sink_.batches, 0);
  EXPECT_FALSE(allowance_.anybody_waits());
  EXPECT_EQ(allowance_.in_use(), others);
}

}  // namespace
}  // namespace sluice::pipeline
