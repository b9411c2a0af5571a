#include "sinks/handler/registered_handler.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(HandlerRoom, LanesThatFindNoneWaitInARow) {
  HandlerRoom room(2);
  std::condition_variable wake;
  const int one = 1;
  const int other = 2;
  const int third = 3;
  EXPECT_FALSE(room.any_under_way());
  EXPECT_TRUE(room.take(&one, wake));
  EXPECT_TRUE(room.take(&one, wake));
  EXPECT_TRUE(room.any_under_way());
  EXPECT_FALSE(room.take(&other, wake));
  EXPECT_FALSE(room.take(&third, wake));
  EXPECT_FALSE(room.take(&one, wake));
  EXPECT_FALSE(room.is_turn_of(&other)) << "there is no room yet";
  room.give_back();
  EXPECT_TRUE(room.is_turn_of(&other));
  EXPECT_FALSE(room.take(&one, wake)) << "it is another's turn";
  EXPECT_TRUE(room.take(&other, wake));
  room.give_back();
  EXPECT_TRUE(room.is_turn_of(&third));
  room.withdraw(&third);
  EXPECT_TRUE(room.take(&one, wake));
}

}  // namespace
}  // namespace sluice
