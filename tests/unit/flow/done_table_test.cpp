#include "flow/done_table.hpp"

#include <gtest/gtest.h>

namespace sluice::flow {
namespace {

using Fact = DoneTable::Fact;

TEST(DoneTable, OfNothingHoldsNothingDone) {
  const DoneTable table;
  EXPECT_FALSE(table.event_done(0, "82"));
  EXPECT_FALSE(table.effect_done(0, 0, "82"));
  EXPECT_FALSE(table.matters_at("82"));
}

TEST(DoneTable, HoldsEventsUpToTheFloorDone) {
  DoneTable table;
  table.add({1, 0, "8205", {}});
  EXPECT_TRUE(table.event_done(7, "8204"));
  EXPECT_TRUE(table.event_done(7, "8205"));
  EXPECT_FALSE(table.event_done(7, "8206"));
  EXPECT_FALSE(table.event_done(7, "82050")) << "a longer token is a later one";
  EXPECT_FALSE(table.effect_done(7, 0, "8205")) << "no lanes are known";
}

TEST(DoneTable, HoldsEffectsUpToTheirLaneDone) {
  DoneTable table;
  table.add({1, 0, "8200", {"8205", "", "8203"}});
  EXPECT_TRUE(table.effect_done(9, 0, "8205"));
  EXPECT_TRUE(table.effect_done(9, 3, "8205")) << "key modulo lanes";
  EXPECT_FALSE(table.effect_done(9, 0, "8206"));
  EXPECT_FALSE(table.effect_done(9, 1, "8201")) << "a lane that never committed";
  EXPECT_TRUE(table.effect_done(9, 2, "8203"));
  EXPECT_FALSE(table.effect_done(9, 2, "8204"));
  EXPECT_FALSE(table.event_done(9, "8201"));
}

TEST(DoneTable, TakesAFactOfAnotherLayoutForItsShardOnly) {
  DoneTable table;
  table.add({4, 1, "8205", {"8209"}});
  EXPECT_TRUE(table.event_done(5, "8205"));
  EXPECT_FALSE(table.event_done(6, "8205"));
  EXPECT_TRUE(table.effect_done(5, 0, "8209"));
  EXPECT_FALSE(table.effect_done(4, 0, "8209"));
}

TEST(DoneTable, JoinsFacts) {
  DoneTable table;
  table.add({4, 1, "8205", {"8209"}});
  table.add({4, 2, "8207", {"8207", "8208"}});
  table.add({1, 0, "8201", {"8203", "8202", "8204"}});
  EXPECT_TRUE(table.event_done(3, "8201"));
  EXPECT_FALSE(table.event_done(3, "8202"));
  EXPECT_TRUE(table.event_done(2, "8207"));
  EXPECT_TRUE(table.effect_done(2, 1, "8208"));
  EXPECT_FALSE(table.effect_done(2, 0, "8208"));
  EXPECT_TRUE(table.effect_done(3, 2, "8204"));
}

TEST(DoneTable, MattersUpToItsNewestPosition) {
  DoneTable table;
  table.add({1, 0, "8205", {"8203"}});
  table.add({1, 0, "8201", {"", "8207"}});
  EXPECT_TRUE(table.matters_at("8207"));
  EXPECT_FALSE(table.matters_at("8208"));
  table.clear();
  EXPECT_FALSE(table.matters_at("8201"));
}

TEST(DoneTable, DropsFactsThatSayNothingMore) {
  std::vector<Fact> facts{
      {4, 0, "8205", {"8205"}}, {4, 1, "8203", {"8209", ""}}, {4, 2, "8207", {}}, {4, 3, "", {"", ""}}};
  DoneTable::prune(facts, "8205");
  EXPECT_EQ(facts, (std::vector<Fact>{{4, 1, "8203", {"8209", ""}}, {4, 2, "8207", {}}}));
}

TEST(DoneTable, KeepsAFactOnceHoweverManyShardsCarriedIt) {
  const std::vector<Fact> carried{{4, 0, "8205", {"8206"}}, {4, 1, "8205", {"8206"}}};
  std::vector<Fact> facts;
  for (int shard = 0; shard < 5; ++shard) facts.insert(facts.end(), carried.begin(), carried.end());
  DoneTable::prune(facts, "");
  EXPECT_EQ(facts, carried);
}

}  // namespace
}  // namespace sluice::flow
