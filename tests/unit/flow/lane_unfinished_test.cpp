#include "unit/flow/lane_fixture.hpp"

namespace sluice::flow {
namespace {

/// Batches whose messages are done one by one, while the others go on.
class UnfinishedBatch : public LaneTest {
 protected:
  Effect deliver(const std::string& address) {
    Message& message = messages_.emplace_back();
    message.address = addresses_.emplace_back(address);
    return {Deliver{&plan_, &message}, 1, 0};
  }
  static Outcome unfinished(std::size_t done_first) {
    Outcome outcome;
    outcome.unfinished = true;
    outcome.done_first = done_first;
    return outcome;
  }
  void offer_three() {
    for (const char* address : {"a", "b", "c"}) offer({deliver(address)});
    ASSERT_TRUE(send());
  }

  struct Plan final : DeliveryPlan {
    std::string_view sink() const override { return "test"; }
  } plan_;
  std::deque<Message> messages_;
  std::deque<std::string> addresses_;
};

TEST_F(UnfinishedBatch, IsSentAgainAtOnceWithWhatCameMeanwhile) {
  offer_three();
  offer({deliver("d")});
  const LaneReport report = answer(unfinished(0));
  EXPECT_EQ(report.resolved, 0U);
  EXPECT_FALSE(report.retry);
  EXPECT_EQ(lane().next(now_).what, LaneActionKind::send) << "no lingering";
  EXPECT_EQ(sent(), (Texts{"deliver a", "deliver b", "deliver c", "deliver d"}));
  answer(committed());
  EXPECT_EQ(applied_, 4);
}

TEST_F(UnfinishedBatch, LeavesBehindWhatIsDone) {
  offer_three();
  EXPECT_EQ(answer(unfinished(2)).resolved, 2U);
  EXPECT_EQ(applied_, 2);
  ASSERT_TRUE(send());
  EXPECT_EQ(sent(), Texts{"deliver c"});
  EXPECT_EQ(lane().batch().guard.seq, 100) << "nothing was committed";
}

TEST_F(UnfinishedBatch, IsResolvedByWholeEvents) {
  offer({deliver("a1"), deliver("a2")});
  offer({deliver("b1"), deliver("b2")});
  ASSERT_TRUE(send());
  EXPECT_EQ(answer(unfinished(3)).resolved, 2U);
  ASSERT_TRUE(send());
  EXPECT_EQ(sent(), (Texts{"deliver b1", "deliver b2"}));
}

TEST_F(UnfinishedBatch, AFailureKeepsWhatIsDone) {
  offer_three();
  Outcome outcome = failed(ErrorKind::transient);
  outcome.done_first = 1;
  const LaneReport report = answer(outcome);
  EXPECT_EQ(report.resolved, 1U);
  EXPECT_TRUE(report.retry);
  ASSERT_TRUE(send());
  EXPECT_EQ(sent(), (Texts{"deliver b", "deliver c"}));
}

TEST_F(UnfinishedBatch, ARefusalKeepsWhatIsDone) {
  offer_three();
  Outcome outcome = failed(ErrorKind::own_fault, 1);
  outcome.done_first = 1;
  EXPECT_EQ(answer(outcome).resolved, 1U);
  ASSERT_TRUE(send());
  EXPECT_EQ(sent(), Texts{"dead count 1 2"}) << "a small batch, as after any refusal";
  // The dead letter is no message, and is not done before it is committed.
  EXPECT_EQ(answer(unfinished(1)).resolved, 0U);
  ASSERT_TRUE(send());
  answer(committed());
  EXPECT_EQ(dead_, 1);
}

TEST_F(UnfinishedBatch, StaysWholeWhileItsCommitIsInDoubt) {
  offer({deliver("a"), increment("1")});
  ASSERT_TRUE(send());
  answer(unanswered());
  ASSERT_TRUE(send());
  Outcome outcome = failed(ErrorKind::transient);
  outcome.done_first = 1;
  EXPECT_EQ(answer(outcome).resolved, 0U);
  ASSERT_TRUE(send());
  EXPECT_EQ(sent(), (Texts{"deliver a", "c 1 1"}));
}

}  // namespace
}  // namespace sluice::flow
