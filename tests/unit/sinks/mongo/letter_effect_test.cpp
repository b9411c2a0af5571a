#include "sinks/mongo/letter_effect.hpp"

#include <gtest/gtest.h>

#include "unit/bson/json.hpp"

namespace sluice::sinks {
namespace {

class LetterEffect : public testing::Test {
 protected:
  /// What a letter about the effect holds.
  bson::View letter(const EffectBody& effect) {
    bson::Builder& out = letters_.emplace_back();
    describe_effect(effect, out);
    return out.finish();
  }

  test::Store store_;
  std::deque<bson::Builder> letters_;
  const CounterPlan count_{"db", "articles", "favoritesCount", false, false};
  const CounterPlan tally_{"db", "tags", "articleCount", true, true};
  const CopyPlan author_{"db", "users", "articles", "", "authorId", {{"name", "authorName"}}};
  const CopyPlan editor_{"db", "users", "articles", "", "editorId", {{"name", "editorName"}}};
  const CopyPlan members_{"db", "users", "teams", "members", "userId", {{"name", "name"}}};
  const std::vector<Projection> projections_{Counted{&count_, "favorites", "articleId"},
                                             Counted{&tally_, "articles", "tagList", true}, Copied{&author_},
                                             Copied{&editor_}, Copied{&members_}};
};

TEST_F(LetterEffect, OfACounterComesBackWhole) {
  for (const CounterPlan* plan : {&count_, &tally_}) {
    const auto writes = writes_of(letter(Increment{plan, store_.value(R"("x")"), -3}), projections_);
    ASSERT_EQ(writes.size(), 1U);
    const auto& write = std::get<CounterWrite>(writes[0]);
    EXPECT_EQ(write.plan, plan);
    EXPECT_EQ(write.id, store_.value(R"("x")"));
    EXPECT_EQ(write.delta, -3);
  }
}

TEST_F(LetterEffect, OfACopyFindsItsPlanAmongThoseOfOneTarget) {
  for (const CopyPlan* plan : {&author_, &editor_, &members_}) {
    const auto refreshes = writes_of(letter(Refresh{plan, store_.value("7")}), projections_);
    ASSERT_EQ(refreshes.size(), 1U);
    EXPECT_EQ(std::get<RefreshWrite>(refreshes[0]).plan, plan);
    EXPECT_EQ(std::get<RefreshWrite>(refreshes[0]).source_id, store_.value("7"));
    const auto seen = store_.document(R"({"_id": 7, "old": true})");
    const auto fills = writes_of(letter(Fill{plan, store_.value("7"), seen}), projections_);
    ASSERT_EQ(fills.size(), 1U);
    EXPECT_EQ(std::get<FillWrite>(fills[0]).plan, plan);
    EXPECT_FALSE(std::get<FillWrite>(fills[0]).seen) << "what an event showed once is not what stands there";
  }
}

TEST_F(LetterEffect, OfAnOlderLetterMeansEveryPlanThatItMayHaveMeant) {
  const auto old =
      store_.document(R"({"kind": "fill", "database": "db", "collection": "articles", "id": 1})");
  EXPECT_EQ(writes_of(old, projections_).size(), 2U) << "filling once too often does no harm";
}

TEST_F(LetterEffect, IsNothingWithoutItsPlan) {
  const CounterPlan other{"db", "articles", "likes", false, false};
  EXPECT_TRUE(writes_of(letter(Increment{&other, store_.value("1"), 1}), projections_).empty());
  const CounterPlan elsewhere{"other", "articles", "favoritesCount", false, false};
  EXPECT_TRUE(writes_of(letter(Increment{&elsewhere, store_.value("1"), 1}), projections_).empty());
  const CopyPlan gone{"db", "users", "articles", "", "reviewerId", {}};
  EXPECT_TRUE(writes_of(letter(Refresh{&gone, store_.value("1")}), projections_).empty());
  EXPECT_TRUE(writes_of(letter(Increment{&count_, store_.value("1"), 1}), {}).empty());
}

TEST_F(LetterEffect, IsNothingWhereTheEventCouldNotBeUsed) {
  const auto effect = letter(Reject{47, "no pre-image"});
  EXPECT_TRUE(holds_no_effect(effect));
  EXPECT_TRUE(writes_of(effect, projections_).empty());
  EXPECT_TRUE(holds_no_effect({}));
  EXPECT_FALSE(holds_no_effect(letter(Refresh{&author_, store_.value("1")})));
}

TEST_F(LetterEffect, ReadsInFewWords) {
  EXPECT_EQ(effect_in_words(letter(Increment{&count_, store_.value("7"), 1})),
            "favoritesCount +1 on articles 7");
  EXPECT_EQ(effect_in_words(letter(Increment{&tally_, store_.value(R"("js")"), -2})),
            "articleCount -2 on tags 'js'");
  EXPECT_EQ(
      effect_in_words(letter(Refresh{&author_, store_.value(R"({"$oid": "650000010000000000000001"})")})),
      "copies of users 650000010000000000000001 in articles");
  EXPECT_EQ(effect_in_words(letter(Fill{&author_, store_.value(R"({"a": 1})"), {}})),
            R"(copies in articles {"a":1})");
  EXPECT_EQ(effect_in_words(letter(Reject{47, ""})), "none: the event could not be processed");
}

}  // namespace
}  // namespace sluice::sinks
