#include "flow/frontier.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "sluice/bson_builder.hpp"

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

TEST(Frontier, StaysSmallBehindOneUnresolvedEventOnAQuietStream) {
  Frontier frontier;
  const auto stuck = frontier.open(at("0"), 1);
  const Position end = at("1");
  for (int answer = 0; answer < 1'000'000; ++answer) {
    frontier.resolve(frontier.open(end, 0), 0);
    ASSERT_LE(frontier.size(), 2u);
  }
  frontier.open(at("2"), 0);
  EXPECT_EQ(token(frontier.advance()), "none");
  frontier.resolve(stuck, 1);
  EXPECT_EQ(token(frontier.advance()), "2");
  EXPECT_TRUE(frontier.idle());
}

TEST(Frontier, StaysSmallBehindOneUnresolvedEventWhileOthersAreResolved) {
  Frontier frontier;
  const auto stuck = frontier.open(at("0"), 1);
  const Position end = at("1");
  for (int batch = 0; batch < 100'000; ++batch) {
    const auto first = frontier.open(end, 2);
    const auto second = frontier.open(end, 1);
    frontier.resolve(second, 1);
    frontier.open(end, 0);
    frontier.resolve(first, 2);
    ASSERT_LE(frontier.size(), 2u);
  }
  frontier.resolve(stuck, 1);
  EXPECT_EQ(token(frontier.advance()), "1");
  EXPECT_TRUE(frontier.idle());
}

// Against the plain way: remember every batch, and look for the first that is not resolved.
TEST(Frontier, MergingChangesNoPosition) {
  std::minstd_rand random(3);
  for (int round = 0; round < 200; ++round) {
    Frontier frontier;
    std::vector<std::uint64_t> numbers;
    std::vector<std::uint64_t> unresolved;
    std::string reached = "none";
    for (int step = 0; step < 60; ++step) {
      if (random() % 2 == 0) {
        unresolved.push_back(random() % 4);
        numbers.push_back(frontier.open(at(std::to_string(unresolved.size())), unresolved.back()));
      } else if (!unresolved.empty()) {
        const std::size_t one = random() % unresolved.size();
        if (unresolved[one] > 0) {
          frontier.resolve(numbers[one], 1);
          --unresolved[one];
        }
      }
      if (random() % 3 != 0) continue;
      if (const auto now = frontier.advance()) reached = std::string(now->data());
      const auto first = std::ranges::find_if(unresolved, [](std::uint64_t count) { return count > 0; });
      const auto done = first - unresolved.begin();
      EXPECT_EQ(reached, done == 0 ? "none" : std::to_string(done));
      const auto open = std::ranges::count_if(unresolved, [](std::uint64_t count) { return count > 0; });
      EXPECT_LE(frontier.size(), 2 * static_cast<std::size_t>(open) + 1);
    }
  }
}

}  // namespace
}  // namespace sluice::flow
