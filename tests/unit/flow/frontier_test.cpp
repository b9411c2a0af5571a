#include "flow/frontier.hpp"

#include <gtest/gtest.h>

#include "bson/builder.hpp"

namespace sluice::flow {
namespace {

Position at(const std::string& token) {
  bson::Builder builder;
  return Position::of(builder.append("_data", token).finish(), 1);
}

std::string token(const std::optional<Position>& position) {
  return position ? std::string(position->data()) : "none";
}

TEST(Frontier, MovesWhenABatchIsWhollyResolved) {
  Frontier frontier;
  EXPECT_TRUE(frontier.idle());
  const auto batch = frontier.open(at("1"), 3);
  EXPECT_FALSE(frontier.idle());
  EXPECT_EQ(token(frontier.advance()), "none");
  frontier.resolve(batch, 2);
  EXPECT_EQ(token(frontier.advance()), "none");
  frontier.resolve(batch, 1);
  EXPECT_EQ(token(frontier.advance()), "1");
  EXPECT_EQ(token(frontier.advance()), "none") << "told once";
  EXPECT_TRUE(frontier.idle());
}

TEST(Frontier, WaitsForTheOldest) {
  Frontier frontier;
  const auto first = frontier.open(at("1"), 1);
  const auto second = frontier.open(at("2"), 1);
  const auto third = frontier.open(at("3"), 1);
  frontier.resolve(third, 1);
  frontier.resolve(second, 1);
  EXPECT_EQ(token(frontier.advance()), "none");
  frontier.resolve(first, 1);
  EXPECT_EQ(token(frontier.advance()), "3") << "all at once";
}

TEST(Frontier, MovesBatchByBatch) {
  Frontier frontier;
  const auto first = frontier.open(at("1"), 1);
  const auto second = frontier.open(at("2"), 1);
  frontier.resolve(first, 1);
  EXPECT_EQ(token(frontier.advance()), "1");
  EXPECT_FALSE(frontier.idle());
  const auto third = frontier.open(at("3"), 1);
  frontier.resolve(second, 1);
  frontier.resolve(third, 1);
  EXPECT_EQ(token(frontier.advance()), "3");
}

TEST(Frontier, LetsAnIdleStreamGoOn) {
  Frontier frontier;
  frontier.open(at("1"), 0);
  EXPECT_EQ(token(frontier.advance()), "1");
  const auto busy = frontier.open(at("2"), 1);
  frontier.open(at("3"), 0);
  EXPECT_EQ(token(frontier.advance()), "none") << "not past an unresolved event";
  frontier.resolve(busy, 1);
  EXPECT_EQ(token(frontier.advance()), "3");
}

}  // namespace
}  // namespace sluice::flow
