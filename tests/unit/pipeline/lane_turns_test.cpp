#include "pipeline/lane_turns.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace sluice::pipeline {
namespace {

class LaneTurnsTest : public testing::Test {
 protected:
  std::optional<LaneTurns::Place> place(std::size_t lane, const std::string& name) {
    return turns_.line_up(lane, [this, name] { woken_ += name; });
  }

  LaneTurns turns_;
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

}  // namespace
}  // namespace sluice::pipeline
