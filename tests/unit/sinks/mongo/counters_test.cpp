#include "sinks/mongo/counters.hpp"

#include <gtest/gtest.h>

#include "unit/bson/json.hpp"

namespace sluice::sinks {
namespace {

class CountersTest : public testing::Test {
 protected:
  using Texts = std::vector<std::string>;

  Texts operations(const CounterPlan& plan, const std::string& id, std::int64_t delta) {
    WriteCommands commands(1000);
    add_counter({&plan, store_.value(id), delta, 0}, 0, commands);
    Texts texts;
    for (auto& command : commands.in_order()) {
      const bson::View body = command.body.finish();
      const bson::Value list = body.at("updates") ? body.at("updates") : body.at("deletes");
      texts.push_back(list.document().at("0").document().json());
    }
    return texts;
  }

  test::Store store_;
  const CounterPlan count_{"db", "articles", "favoritesCount", false, false};
  const CounterPlan tally_{"db", "tags", "articleCount", true, true};
};

TEST_F(CountersTest, AddWhatIsCountedToWhatStandsThere) {
  EXPECT_EQ(operations(count_, "7", -2),
            (Texts{R"({ "q" : { "_id" : 7 }, "u" : { "$inc" : { "favoritesCount" : -2 } } })"}));
}

TEST_F(CountersTest, LeaveACounterBehindWhereUpsAndDownsCancelOut) {
  EXPECT_EQ(operations(count_, "7", 0),
            (Texts{R"({ "q" : { "_id" : 7 }, "u" : { "$inc" : { "favoritesCount" : 0 } } })"}));
}

TEST_F(CountersTest, MakeTheDocumentOnTheWayUp) {
  EXPECT_EQ(
      operations(tally_, R"("js")", 3),
      (Texts{R"({ "q" : { "_id" : "js" }, "u" : { "$inc" : { "articleCount" : 3 } }, "upsert" : true })"}));
}

TEST_F(CountersTest, DropTheDocumentThatFellToZero) {
  EXPECT_EQ(operations(tally_, R"("js")", -1),
            (Texts{R"({ "q" : { "_id" : "js" }, "u" : { "$inc" : { "articleCount" : -1 } } })",
                   R"({ "q" : { "_id" : "js", "articleCount" : { "$lte" : 0 } }, "limit" : 1 })"}));
}

TEST_F(CountersTest, DoNothingForATallyThatDoesNotChange) {
  EXPECT_EQ(operations(tally_, R"("js")", 0), Texts{});
}

/// Each part of a stream has plans of its own.
TEST_F(CountersTest, OfSeveralBatchesAreAddedUpByDocumentAndField) {
  const CounterPlan again = count_;
  const CounterPlan comments{"db", "articles", "commentsCount", false, false};
  Batch a;
  a.writes = {CounterWrite{&count_, store_.value("7"), 2, 70},
              CounterWrite{&count_, store_.value("8"), 1, 30},
              CounterWrite{&comments, store_.value("7"), 5, 70}};
  Batch b;
  b.writes = {CounterWrite{&again, store_.value("7"), -3, 70},
              CounterWrite{&again, store_.value("9"), 1, 70}};  // another document with the same key
  Texts sums;
  for (const CounterWrite& one : sum_counters({&a, &b}))
    sums.push_back(one.plan->field + " " + std::to_string(*one.id.integer()) + " " +
                   std::to_string(one.delta));
  EXPECT_EQ(sums,
            (Texts{"favoritesCount 8 1", "favoritesCount 7 -1", "commentsCount 7 5", "favoritesCount 9 1"}));
}

TEST_F(CountersTest, AreAllThatABatchHas) {
  Batch batch;
  batch.writes = {CounterWrite{&count_, store_.value("7"), 2, 70}};
  EXPECT_TRUE(only_counts(batch));
  batch.writes.emplace_back(LetterWrite());
  EXPECT_FALSE(only_counts(batch));
}

}  // namespace
}  // namespace sluice::sinks
