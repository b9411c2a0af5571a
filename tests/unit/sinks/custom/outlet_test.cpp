#include "sinks/custom/outlet.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <stdexcept>

#include "sluice/config.hpp"

namespace sluice::sinks {
namespace {

using Ids = std::vector<std::string>;

/// Answers as a test says, and remembers what it was given.
class FakeSink final : public Sink {
 public:
  std::string target() const override { return "fake"; }
  SinkResult open(std::stop_token) override {
    ++opened;
    return on_open();
  }
  SinkResult send(std::span<const SinkMessage> messages, std::stop_token stop) override {
    calls.emplace_back();
    for (const SinkMessage& one : messages) calls.back().emplace_back(one.id);
    stoppable = stop.stop_possible();
    return on_send(messages.size());
  }

  std::function<SinkResult()> on_open = [] { return SinkResult::done(); };
  std::function<SinkResult(std::size_t)> on_send = [](std::size_t) { return SinkResult::done(); };
  int opened = 0;
  bool stoppable = false;
  std::vector<Ids> calls;
};

class CustomOutletTest : public testing::Test {
 protected:
  CustomOutletTest() {
    plan_.kind = "fake";
    plan_.receiver = sink_;
    plan_.target = "fake";
    for (const char* id : {"a", "b", "c", "d"}) {
      CustomMessage& message = messages_.emplace_back();
      message.id = message.change.id = id;
    }
  }

  /// The messages from `first` on, as one batch of a lane.
  Outcome send(std::size_t first = 0) {
    Batch batch;
    batch.guard.lane_id = "lane";
    for (std::size_t i = first; i < messages_.size(); ++i)
      batch.writes.emplace_back(DeliverWrite{&plan_, &messages_[i], i});
    return outlet_.send(batch);
  }

  std::shared_ptr<FakeSink> sink_ = std::make_shared<FakeSink>();
  CustomPlan plan_;
  std::deque<CustomMessage> messages_;
  Config config_;
  CustomOutlet outlet_{OutletParts{config_, {&plan_}}};
};

TEST_F(CustomOutletTest, OpensOnceAndSendsInOrder) {
  EXPECT_FALSE(outlet_.prepare());
  const Outcome outcome = send();
  EXPECT_TRUE(outcome.committed);
  EXPECT_EQ(outcome.documents, 4U);
  EXPECT_EQ(sink_->calls, (std::vector<Ids>{{"a", "b", "c", "d"}}));
  EXPECT_EQ(sink_->opened, 1);
  EXPECT_TRUE(sink_->stoppable);
  EXPECT_TRUE(outlet_.takes(plan_));
  EXPECT_FALSE(outlet_.takes(CustomPlan()));
}

TEST_F(CustomOutletTest, ARetrySendsOnlyTheRest) {
  sink_->on_send = [](std::size_t) { return SinkResult::retry(2, "full", std::chrono::seconds(3)); };
  const Outcome outcome = send();
  EXPECT_FALSE(outcome.committed);
  EXPECT_EQ(outcome.error->kind, ErrorKind::unavailable);
  EXPECT_EQ(outcome.error->message, "fake: full");
  EXPECT_EQ(outcome.outlet, "fake");
  EXPECT_EQ(outcome.retry_in, std::chrono::milliseconds(3000));
  sink_->on_send = [](std::size_t) { return SinkResult::done(); };
  EXPECT_TRUE(send().committed);
  EXPECT_EQ(sink_->calls, (std::vector<Ids>{{"a", "b", "c", "d"}, {"c", "d"}}));
}

TEST_F(CustomOutletTest, ARefusedMessageIsNamed) {
  sink_->on_send = [](std::size_t) { return SinkResult::dead_letter(1, "poison", 9); };
  const Outcome outcome = send();
  EXPECT_EQ(outcome.error->kind, ErrorKind::own_fault);
  EXPECT_EQ(outcome.error->code, 9);
  EXPECT_EQ(outcome.failed_write, 1U);
  sink_->on_send = [](std::size_t) { return SinkResult::dead_letter(1, "poison"); };
  EXPECT_EQ(send().failed_write, 2U) << "the index in the batch, not in what was left of it";
}

TEST_F(CustomOutletTest, ARefusalOfNoMessageIsTriedAgain) {
  sink_->on_send = [](std::size_t count) { return SinkResult::dead_letter(count, "poison"); };
  const Outcome outcome = send();
  EXPECT_EQ(outcome.error->kind, ErrorKind::unavailable);
  EXPECT_FALSE(outcome.failed_write);
}

TEST_F(CustomOutletTest, AnExceptionIsTriedAgain) {
  sink_->on_send = [](std::size_t) -> SinkResult { throw std::runtime_error("no luck"); };
  EXPECT_EQ(send().error->message, "fake: its code threw: no luck");
  sink_->on_send = [](std::size_t) -> SinkResult { throw 5; };
  EXPECT_EQ(send().error->kind, ErrorKind::unavailable);
  sink_->on_send = [](std::size_t) { return SinkResult::done(); };
  EXPECT_TRUE(send().committed);
  EXPECT_EQ(sink_->calls.back(), (Ids{"a", "b", "c", "d"}));
}

TEST_F(CustomOutletTest, AStopIsFatal) {
  sink_->on_send = [](std::size_t) { return SinkResult::stop("wrong password"); };
  EXPECT_EQ(send().error->kind, ErrorKind::fatal);
}

TEST_F(CustomOutletTest, OneThatIsAwayIsOpenedAgain) {
  sink_->on_open = [] { return SinkResult::retry(0, "away"); };
  EXPECT_FALSE(outlet_.prepare()) << "no reason not to begin";
  EXPECT_EQ(send().error->kind, ErrorKind::unavailable);
  EXPECT_TRUE(sink_->calls.empty());
  sink_->on_open = [] { return SinkResult::done(); };
  EXPECT_TRUE(send().committed);
  sink_->on_open = []() -> SinkResult { throw std::runtime_error("opened again"); };
  EXPECT_TRUE(send().committed);
}

TEST_F(CustomOutletTest, OneThatCannotBeOpenedEndsTheStart) {
  sink_->on_open = [] { return SinkResult::stop("no such folder"); };
  EXPECT_EQ(outlet_.prepare()->kind, ErrorKind::fatal);
  sink_->on_open = [] { return SinkResult::dead_letter(0, "no such folder"); };
  EXPECT_EQ(outlet_.prepare()->kind, ErrorKind::fatal);
}

TEST_F(CustomOutletTest, NothingIsSentOnceItIsAbandoned) {
  outlet_.abandon();
  EXPECT_EQ(send().error->kind, ErrorKind::transient);
  EXPECT_TRUE(sink_->calls.empty());
}

}  // namespace
}  // namespace sluice::sinks
