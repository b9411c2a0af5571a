#include "sinks/outward.hpp"

#include <gtest/gtest.h>

#include "core/publish_plan.hpp"

namespace sluice::sinks {
namespace {

/// What was asked of the sinks, in order.
using Calls = std::vector<std::string>;

class Outside final : public Outlet {
 public:
  Outside(Calls& calls, std::optional<Error> error) : calls_(calls), error_(std::move(error)) {}
  bool takes(const DeliveryPlan&) const override { return true; }
  std::string server_of(const DeliveryPlan&) const override { return "nats://n"; }
  std::optional<Error> prepare() override { return error_; }
  Outcome send(const Batch&) override {
    calls_.emplace_back("outside");
    Outcome outcome;
    outcome.committed = !error_;
    outcome.error = error_;
    outcome.documents = 2;
    return outcome;
  }
  void abandon() override { calls_.emplace_back("abandoned"); }

 private:
  Calls& calls_;
  std::optional<Error> error_;
};

class Inside final : public BatchSink {
 public:
  explicit Inside(Calls& calls) : calls_(calls) {}
  Outcome commit(const Batch&) override {
    calls_.emplace_back("inside");
    Outcome outcome;
    outcome.committed = true;
    outcome.documents = 1;
    return outcome;
  }

 private:
  Calls& calls_;
};

class OutwardTest : public testing::Test {
 protected:
  Outcome commit(const std::vector<Write>& writes, std::optional<Error> error = {}) {
    std::vector<std::unique_ptr<Outlet>> outlets;
    outlets.push_back(std::make_unique<Outside>(calls_, std::move(error)));
    Batch batch;
    batch.writes = writes;
    return Outward(std::move(outlets), std::make_unique<Inside>(calls_)).commit(batch);
  }
  Calls calls_;
  PublishPlan plan_;
  Message message_;
};

TEST_F(OutwardTest, MessagesAloneStoreNoPosition) {
  const Outcome outcome = commit({DeliverWrite{&plan_, &message_, 0}});
  EXPECT_TRUE(outcome.committed);
  EXPECT_FALSE(outcome.position_moved);
  EXPECT_EQ(calls_, (Calls{"outside"}));
}

TEST_F(OutwardTest, MessagesGoOutBeforeWhatIsWritten) {
  const Outcome outcome = commit({CounterWrite{}, DeliverWrite{&plan_, &message_, 0}});
  EXPECT_TRUE(outcome.committed);
  EXPECT_TRUE(outcome.position_moved);
  EXPECT_EQ(outcome.documents, 3U);
  EXPECT_EQ(calls_, (Calls{"outside", "inside"}));
}

TEST_F(OutwardTest, NothingIsWrittenBehindAMessageThatDidNotGoOut) {
  const Outcome outcome =
      commit({CounterWrite{}, DeliverWrite{&plan_, &message_, 0}}, Error{ErrorKind::unavailable, 0, "away"});
  EXPECT_FALSE(outcome.committed);
  EXPECT_EQ(outcome.error->kind, ErrorKind::unavailable);
  EXPECT_EQ(calls_, (Calls{"outside"}));
}

}  // namespace
}  // namespace sluice::sinks
