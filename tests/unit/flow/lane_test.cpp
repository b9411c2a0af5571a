#include "flow/lane.hpp"

#include "unit/flow/lane_fixture.hpp"

namespace sluice::flow {
namespace {

TEST_F(LaneTest, HasNothingToDoWhenEmpty) {
  const LaneAction action = lane().next(now_);
  EXPECT_EQ(action.what, LaneActionKind::wait);
  EXPECT_FALSE(action.until);
  EXPECT_TRUE(lane().idle());
}

TEST_F(LaneTest, LingersForMoreWhenItWasBusy) {
  be_busy(1h);
  offer({increment("1")});
  now_ += 3ms;
  offer({increment("2")});
  const LaneAction action = lane().next(now_);
  EXPECT_EQ(action.what, LaneActionKind::wait);
  EXPECT_EQ(action.until, now_ + 2ms);
  now_ += 2ms;
  EXPECT_EQ(lane().next(now_).what, LaneActionKind::send);
  EXPECT_EQ(sent(), (Texts{"c 1 1", "c 2 1"}));
}

TEST_F(LaneTest, DoesNotLingerForAFullBatch) {
  make({3, 4u << 20, 1h});
  be_busy(1h);
  offer({increment("1")});
  offer({increment("2")});
  EXPECT_EQ(lane().next(now_).what, LaneActionKind::wait);
  offer({increment("3")});
  EXPECT_EQ(lane().next(now_).what, LaneActionKind::send);
}

TEST_F(LaneTest, DoesNotLingerOnceFlushed) {
  make({1000, 4u << 20, 1h});
  be_busy(1h);
  offer({increment("1")});
  lane().flush();
  EXPECT_EQ(lane().next(now_).what, LaneActionKind::send);
}

TEST_F(LaneTest, HasOneBatchOutAtATime) {
  offer({increment("1")});
  ASSERT_TRUE(send());
  offer({increment("2")});
  now_ += 1h;
  const LaneAction action = lane().next(now_);
  EXPECT_EQ(action.what, LaneActionKind::wait);
  EXPECT_FALSE(action.until) << "only the outcome can change anything";
  EXPECT_FALSE(lane().idle());
}

TEST_F(LaneTest, SendsAtOnceWhenItWasIdle) {
  offer({increment("1")});
  EXPECT_EQ(lane().next(now_).what, LaneActionKind::send) << "the first batch";
  now_ += 5ms;
  answer(committed());
  now_ += 5ms;
  offer({increment("2")});
  EXPECT_EQ(lane().next(now_).what, LaneActionKind::send);
}

TEST_F(LaneTest, LingersAsLongAsTheLastBatchTook) {
  be_busy(3ms);
  const Time ended = now_;
  now_ += 2ms;
  offer({increment("1")});
  EXPECT_EQ(lane().next(now_).until, ended + 3ms);
  be_busy(1h);
  offer({increment("2")});
  EXPECT_EQ(lane().next(now_).until, now_ + 5ms) << "no longer than the limit";
}

TEST_F(LaneTest, FillsBatchesAlsoWhenItWasIdle) {
  make({1000, 4u << 20, 5ms, 100ms});
  offer({increment("1")});
  EXPECT_EQ(lane().next(now_).until, now_ + 100ms);
}

TEST_F(LaneTest, LingersAnewForWhatCameWhileABatchWasOut) {
  offer({increment("1")});
  ASSERT_TRUE(send());
  now_ += 1h;
  offer({increment("2")});
  answer(committed());
  EXPECT_EQ(lane().next(now_).until, now_ + 5ms);
}

TEST_F(LaneTest, NamesTheGuardAndThePositionOfItsLastEvent) {
  offer({increment("1")});
  offer({increment("2")});
  ASSERT_TRUE(send());
  const Batch& batch = lane().batch();
  EXPECT_EQ(batch.guard.lane_id, "p/s/0-of-1/lane-0-of-1");
  EXPECT_EQ(batch.guard.epoch, 7);
  EXPECT_EQ(batch.guard.seq, 100);
  EXPECT_EQ(token(), "2");
  EXPECT_EQ(batch.cluster_time, 1002U);
  EXPECT_EQ(batch.events, 2U);
  EXPECT_FALSE(batch.in_pieces);
}

TEST_F(LaneTest, CountsItsCommits) {
  for (int seq = 100; seq < 103; ++seq) {
    offer({increment("1")});
    ASSERT_TRUE(send());
    EXPECT_EQ(lane().batch().guard.seq, seq);
    answer(failed(ErrorKind::transient));
    ASSERT_TRUE(send());
    EXPECT_EQ(lane().batch().guard.seq, seq) << "a failed batch is no commit";
    answer(committed());
  }
}

TEST_F(LaneTest, MergesIncrementsOnOneTarget) {
  offer({increment("1")});
  offer({increment("2", -1)});
  offer({increment("1", 5)});
  offer({increment(R"({"$numberLong": "1"})", -2)});
  ASSERT_TRUE(send());
  EXPECT_EQ(sent(), (Texts{"c 1 4", "c 2 -1"}));
  EXPECT_EQ(answer(committed()).resolved, 4U);
  EXPECT_TRUE(lane().idle());
}

TEST_F(LaneTest, NeverSplitsAnEvent) {
  make({2, 4u << 20, 5ms});
  offer({increment("1")});
  offer({increment("2"), increment("3"), increment("4")});
  offer({increment("5")});
  ASSERT_TRUE(send());
  EXPECT_EQ(sent(), (Texts{"c 1 1", "c 2 1", "c 3 1", "c 4 1"}));
  EXPECT_EQ(token(), "2");
  EXPECT_EQ(lane().batch().events, 2U);
  EXPECT_EQ(answer(committed()).resolved, 4U);
  ASSERT_TRUE(send());
  EXPECT_EQ(sent(), (Texts{"c 5 1"}));
}

TEST_F(LaneTest, CountsTargetsNotEffectsAgainstTheLimit) {
  make({2, 4u << 20, 5ms});
  for (int i = 0; i < 100; ++i) offer({increment("1")});
  offer({increment("2")});
  offer({increment("3")});
  ASSERT_TRUE(send());
  EXPECT_EQ(sent(), (Texts{"c 1 100", "c 2 1"}));
}

TEST_F(LaneTest, BoundsABatchInBytesOfWhatIsWritten) {
  make({1000, 10000, 5ms});
  const std::string long_tag(4000, 'x');
  for (const char* end : {"1", "2", "3", "4"}) offer({increment('"' + long_tag + end + '"')});
  ASSERT_TRUE(send());
  EXPECT_EQ(lane().batch().writes.size(), 3U);
}

TEST_F(LaneTest, BoundsABatchOfDeadLettersInBytesOfTheirEvents) {
  make({1000, 60, 5ms});
  for (int i = 0; i < 3; ++i) offer({reject()});
  ASSERT_TRUE(send());
  EXPECT_EQ(lane().batch().writes.size(), 2U);
}

TEST_F(LaneTest, LearnsHowManyDocumentsARefreshReaches) {
  make({100, 4u << 20, 5ms});
  offer({refresh("1")});
  ASSERT_TRUE(send());
  answer(committed(99));
  for (int i = 0; i < 100; ++i) offer({refresh(std::to_string(i))});
  ASSERT_TRUE(send());
  EXPECT_EQ(lane().batch().writes.size(), 2U) << "(1 + 99) / 2 documents each";
  answer(committed(2));
  ASSERT_TRUE(send());
  EXPECT_EQ(lane().batch().writes.size(), 4U) << "(50 + 1) / 2 documents each";
}

TEST_F(LaneTest, MergesRefreshesAndFillsButKeepsThemApart) {
  offer({refresh("1"), fill("1", R"({"a": 1})")});
  offer({refresh("1"), fill("1")});
  ASSERT_TRUE(send());
  EXPECT_EQ(sent(), (Texts{"r 1", "f 1"})) << "the later event, which showed nothing, has the target read";
}

TEST_F(LaneTest, ShowsTheLatestDocumentOfAFill) {
  offer({fill("1")});
  offer({fill("1", R"({"a": 2})")});
  ASSERT_TRUE(send());
  EXPECT_EQ(sent(), (Texts{R"(f 1 { "a" : 2 })"}));
}

TEST_F(LaneTest, WritesARejectedEventDown) {
  offer({increment("1")});
  offer({reject()});
  ASSERT_TRUE(send());
  EXPECT_EQ(sent(), (Texts{"c 1 1", "dead count 47 2"}));
  const DeadLetterWrite& letter = *std::get<LetterWrite>(lane().batch().writes[1]);
  EXPECT_EQ(letter.message, "no pre-image");
  EXPECT_EQ(letter.event.at("event").integer(), 2);
  EXPECT_EQ(letter.cluster_time, 1002U);
  answer(committed());
  EXPECT_EQ(applied_, 1);
  EXPECT_EQ(dead_, 1);
}

/// 4 MiB a batch: of copies that need 100,000 bytes each there are 42 in one, and half a million do not fit
/// it.
TEST_F(LaneTest, LearnsWhatCopiesNeed) {
  for (int i = 0; i < 1000; ++i) offer({fill(std::to_string(i))});
  ASSERT_TRUE(send());
  EXPECT_EQ(lane().batch().events, 1000U) << "nothing is known yet";
  EXPECT_EQ(lane().batch().copy_bytes, 1U << 20);
  Outcome outcome = failed(ErrorKind::too_slow);
  outcome.copied_bytes = 2u << 20;
  answer(outcome);
  ASSERT_TRUE(send());
  EXPECT_EQ(lane().batch().events, 500U);
  outcome = committed();
  outcome.copied_bytes = 500 * 100'000;
  answer(outcome);
  ASSERT_TRUE(send());
  EXPECT_EQ(lane().batch().events, 42U);
  EXPECT_EQ(lane().batch().copy_bytes, 2U * 42 * 100'000) << "twice what is expected";
  outcome.copied_bytes = 42 * 50'000;
  answer(outcome);
  ASSERT_TRUE(send());
  EXPECT_EQ(lane().batch().events, 56U) << "smaller copies are believed step by step";
}

TEST_F(LaneTest, NeedsNothingForCopiesWhereThereAreNone) {
  offer({increment("1")});
  ASSERT_TRUE(send());
  EXPECT_EQ(lane().batch().copy_bytes, 0U);
}

}  // namespace
}  // namespace sluice::flow
