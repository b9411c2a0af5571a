#include "flow/merge.hpp"

#include "core/publish_plan.hpp"
#include "unit/flow/lane_fixture.hpp"

namespace sluice::flow {
namespace {

class MergerTest : public LaneTest {
 protected:
  MergerTest() { merger_.start(writes_); }
  Merger merger_;
  std::vector<Write> writes_;
};

TEST_F(MergerTest, NamesTheWriteThatAnEffectBecamePartOf) {
  EXPECT_EQ(merger_.add(increment("1")), 0U);
  EXPECT_EQ(merger_.add(increment("2")), 1U);
  EXPECT_EQ(merger_.add(increment("1")), 0U);
  EXPECT_EQ(merger_.add(refresh("1")), 2U);
  EXPECT_EQ(merger_.add(fill("1")), 3U);
  EXPECT_EQ(merger_.add(refresh("1")), 2U);
  EXPECT_EQ(writes_.size(), 4U);
  EXPECT_EQ(std::get<CounterWrite>(writes_[0]).delta, 2);
}

TEST_F(MergerTest, KeepsTargetsOfDifferentPlansApart) {
  const bson::Value id = store_.value("1");
  merger_.add({Increment{&counter_, id, 1}, 7, 0});
  merger_.add({Increment{&other_counter_, id, 1}, 7, 0});
  EXPECT_EQ(writes_.size(), 2U);
}

TEST_F(MergerTest, KeepsTargetsApartThatOnlyShareAKey) {
  merger_.add({Increment{&counter_, store_.value("1"), 1}, 7, 0});
  merger_.add({Increment{&counter_, store_.value("2"), 1}, 7, 0});
  EXPECT_EQ(writes_.size(), 2U);
}

TEST_F(MergerTest, TakesDeltasThatCancelOutForOneWriteOfZero) {
  merger_.add(increment("1", 3));
  merger_.add(increment("1", -3));
  ASSERT_EQ(writes_.size(), 1U);
  EXPECT_EQ(std::get<CounterWrite>(writes_[0]).delta, 0);
}

TEST_F(MergerTest, KeepsEveryMessage) {
  const PublishPlan plan;
  const Message message{};
  EXPECT_EQ(merger_.add({Deliver{&plan, &message}, 7, 0}), 0U);
  EXPECT_EQ(merger_.add({Deliver{&plan, &message}, 7, 0}), 1U);
  EXPECT_EQ(merger_.add(increment("1")), 2U);
  EXPECT_EQ(std::get<DeliverWrite>(writes_[1]).key, 7U);
}

TEST_F(MergerTest, StartsAnewWithEachBatch) {
  merger_.add(increment("1", 3));
  std::vector<Write> next;
  merger_.start(next);
  EXPECT_EQ(merger_.add(increment("1")), 0U);
  EXPECT_EQ(std::get<CounterWrite>(next[0]).delta, 1);
  EXPECT_EQ(std::get<CounterWrite>(writes_[0]).delta, 3);
}

TEST_F(MergerTest, TellsTheKeyThatOrdersCounters) {
  merger_.add({Increment{&counter_, store_.value("1"), 1}, 42, 0});
  EXPECT_EQ(std::get<CounterWrite>(writes_[0]).key, 42U);
}

TEST_F(MergerTest, FindsEachOfManyTargetsInBatchAfterBatch) {
  for (int batch = 0; batch < 3; ++batch) {
    merger_.start(writes_);
    for (int round = 0; round < 2; ++round) {
      for (std::size_t i = 0; i < 3000; ++i) {
        const std::uint64_t key = i * 8;  // of one lane of eight
        ASSERT_EQ(merger_.add({Increment{&counter_, store_.value(std::to_string(i)), 1}, key, 0}), i);
      }
    }
    ASSERT_EQ(writes_.size(), 3000U);
    EXPECT_EQ(std::get<CounterWrite>(writes_[2999]).delta, 2);
  }
}

}  // namespace
}  // namespace sluice::flow
