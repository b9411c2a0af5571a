#include "pipeline/lane_turns.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace sluice::pipeline {
namespace {

class LaneTurnsTest : public testing::Test {
 protected:
  std::optional<LaneTurns::Place> place(std::size_t lane, const std::string& name,
                                        const Batch* batch = nullptr) {
    return turns_.line_up(
        lane, [this, name] { woken_ += name; }, batch);
  }
  static Batch batch(std::size_t writes) {
    Batch batch;
    batch.writes.resize(writes);
    return batch;
  }
  static Outcome committed() {
    Outcome outcome;
    outcome.committed = true;
    outcome.documents = 7;
    return outcome;
  }

  static constexpr std::size_t many = 1000;
  const flow::Time now_{std::chrono::hours(1)};
  LaneTurns turns_{std::chrono::milliseconds(100), 500};
  std::string woken_;
};

TEST_F(LaneTurnsTest, AreInTheOrderOfAsking) {
  auto a = place(0, "a");
  auto b = place(0, "b");
  auto c = place(0, "c");
  EXPECT_TRUE(a->is_first());
  EXPECT_FALSE(b->is_first());
  a.reset();
  EXPECT_EQ(woken_, "b");
  EXPECT_TRUE(b->is_first());
  EXPECT_FALSE(c->is_first());
  b.reset();
  c.reset();
  EXPECT_EQ(woken_, "bc");
}

TEST_F(LaneTurnsTest, AreForEachLaneNumber) {
  const auto a = place(0, "a");
  const auto b = place(3, "b");
  EXPECT_TRUE(a->is_first());
  EXPECT_TRUE(b->is_first());
}

TEST_F(LaneTurnsTest, WakeNobodyWhenOneLeavesThatOnlyWaited) {
  auto a = place(0, "a");
  auto b = place(0, "b");
  auto c = place(0, "c");
  b.reset();
  EXPECT_EQ(woken_, "");
  a.reset();
  EXPECT_EQ(woken_, "c");
}

TEST_F(LaneTurnsTest, AreKeptByAPlaceThatMoves) {
  auto a = place(0, "a");
  const auto b = place(0, "b");
  const std::optional<LaneTurns::Place> moved(std::move(*a));
  a.reset();
  EXPECT_EQ(woken_, "");
  EXPECT_TRUE(moved->is_first());
}

TEST_F(LaneTurnsTest, TheFirstOneCommitsTheBatchesOfThoseThatWait) {
  const Batch first = batch(1);
  const Batch second = batch(2);
  const Batch third = batch(3);
  auto a = place(0, "a", &first);
  const auto b = place(0, "b", &second);
  const auto c = place(0, "c", &third);
  const auto elsewhere = place(1, "d", &third);
  {
    auto group = a->take_others(first, many, now_);
    EXPECT_EQ(group.batches(), (std::vector<const Batch*>{&first, &second, &third}));
    EXPECT_TRUE(b->taken());
    EXPECT_FALSE(elsewhere->taken());
    group.answer(committed());
  }
  EXPECT_EQ(woken_, "bc");
  ASSERT_TRUE(b->outcome() && c->outcome());
  EXPECT_TRUE(b->outcome()->committed);
  EXPECT_EQ(b->outcome()->documents, 0U) << "the first one counts them";
  EXPECT_FALSE(b->taken());
  auto next = place(0, "e");
  a.reset();
  EXPECT_TRUE(next->is_first()) << "those that were answered are in nobody's way";
}

TEST_F(LaneTurnsTest, AGroupWithoutAnAnswerGivesItsBatchesBack) {
  const Batch one = batch(1);
  auto a = place(0, "a", &one);
  auto b = place(0, "b", &one);
  { const auto group = a->take_others(one, many, now_); }
  EXPECT_EQ(woken_, "b");
  EXPECT_FALSE(b->taken());
  EXPECT_FALSE(b->outcome());
  a.reset();
  EXPECT_TRUE(b->is_first());
}

TEST_F(LaneTurnsTest, AGroupHasALimitAndLeavesOutWhatIsForItsOwnLaneOnly) {
  const Batch ten = batch(10);
  auto a = place(0, "a", &ten);
  const auto alone = place(0, "b");
  const auto c = place(0, "c", &ten);
  const auto d = place(0, "d", &ten);
  const auto group = a->take_others(ten, 20, now_);
  EXPECT_EQ(group.batches().size(), 2U);
  EXPECT_FALSE(alone->taken());
  EXPECT_TRUE(c->taken());
  EXPECT_FALSE(d->taken());
}

TEST_F(LaneTurnsTest, APlaceIsNotLeftWhileItsBatchIsTaken) {
  const Batch one = batch(1);
  auto a = place(0, "a", &one);
  auto b = place(0, "b", &one);
  auto c = place(0, "c", &one);
  EXPECT_TRUE(c->withdraw());
  {
    auto group = a->take_others(one, many, now_);
    EXPECT_EQ(group.batches().size(), 2U) << "without the one that has withdrawn";
    EXPECT_FALSE(b->withdraw());
    group.answer(committed());
  }
  EXPECT_FALSE(b->withdraw()) << "it has an outcome";
}

TEST_F(LaneTurnsTest, AFullBatchDoesNotWaitForMore) {
  Batch stormy = batch(1);
  stormy.events = 500;
  auto a = place(0, "a", &stormy);
  { const auto group = a->take_others(stormy, many, now_); }
  { const auto group = a->take_others(stormy, many, now_ + std::chrono::milliseconds(10)); }
  EXPECT_GT(a->begins_at({}), now_ + std::chrono::milliseconds(10));
  const Batch full = batch(500);
  const auto b = place(0, "b", &full);
  EXPECT_EQ(a->begins_at({}), now_ + std::chrono::milliseconds(10));
}

TEST_F(LaneTurnsTest, NobodyIsKeptWaitingForLongWhenAPartIsCrowded) {
  Batch stormy = batch(1);
  stormy.events = 500;
  auto a = place(0, "a", &stormy);
  bool crowded = false;
  const auto b = turns_.line_up(
      0, [] {}, &stormy, [&crowded] { return crowded; });
  for (const int ms : {0, 10}) {
    const auto group = a->take_others(stormy, 1, now_ + std::chrono::milliseconds(ms));
  }
  Outcome outcome;
  outcome.error = Error{ErrorKind::transient, 112, "WriteConflict", false};
  a->ended(outcome);
  const flow::Duration late = std::chrono::seconds(1);
  EXPECT_EQ(a->begins_at(late), now_ + std::chrono::milliseconds(510));
  crowded = true;
  EXPECT_EQ(a->begins_at(late), now_ + std::chrono::milliseconds(110));
}

TEST_F(LaneTurnsTest, KeepThePaceOfEachLaneNumber) {
  Batch stormy = batch(1);
  stormy.events = 500;
  auto a = place(0, "a", &stormy);
  auto other = place(1, "b", &stormy);
  { const auto group = a->take_others(stormy, many, now_); }
  { const auto group = a->take_others(stormy, many, now_ + std::chrono::milliseconds(10)); }
  EXPECT_EQ(a->begins_at({}), now_ + std::chrono::milliseconds(110));
  EXPECT_LE(other->begins_at({}), now_);
  Outcome conflict;
  conflict.error = Error{ErrorKind::transient, 112, "WriteConflict", false};
  other->ended(conflict);
  EXPECT_GT(other->begins_at({}), flow::Time{});
}

}  // namespace
}  // namespace sluice::pipeline
