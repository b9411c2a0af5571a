#include "flow/relay_cursor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <vector>

namespace sluice::flow {
namespace {

using Found = RelayCursor::Found;

TEST(RelayCursorTest, TakesEachEventOnceWhateverIsRepeated) {
  RelayCursor cursor("b", 10);
  EXPECT_EQ(cursor.record("a", 11, 9), Found::known);
  EXPECT_EQ(cursor.record("b", 12, 11), Found::known);
  EXPECT_EQ(cursor.record("c", 15, 12), Found::next);
  EXPECT_EQ(cursor.record("c", 16, 15), Found::known) << "a duplicate in the log";
  EXPECT_EQ(cursor.record("d", 15, 12), Found::known) << "a record that was delivered twice";
  EXPECT_EQ(cursor.record("d", 20, 16), Found::next);
  EXPECT_EQ(cursor.position(), "d");
  EXPECT_EQ(cursor.read_to(), 20u);
}

TEST(RelayCursorTest, ARecordThatFollowsOneNeverReadTellsOfAGap) {
  RelayCursor cursor("b", 10);
  EXPECT_EQ(cursor.record("c", 20, 15), Found::gap);
  EXPECT_EQ(cursor.position(), "b") << "it goes nowhere";
  EXPECT_EQ(cursor.record("a", 21, 20), Found::known) << "what lies before the position cannot be missed";
}

TEST(RelayCursorTest, TheFirstPartsOfAnEventLeaveThePosition) {
  RelayCursor cursor("b", 10);
  EXPECT_EQ(cursor.record("c", 11, 8, false), Found::next);
  EXPECT_EQ(cursor.position(), "b");
  EXPECT_EQ(cursor.record("c", 12, 11, false), Found::next);
  EXPECT_EQ(cursor.record("c", 14, 13, true), Found::gap) << "a part is missing";
  EXPECT_EQ(cursor.record("c", 13, 12, true), Found::next);
  EXPECT_EQ(cursor.position(), "c");
}

/// A log of growing tokens, of which some are repeated (copies for other partitions).
TEST(RelaySearchTest, FindsTheNewestRecordAtOrBeforeAPosition) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const std::uint64_t first = random() % 1000 + 1;
    std::vector<unsigned> tokens(random() % 50 + 1);
    unsigned token = 10;
    for (unsigned& one : tokens) one = token += random() % 3;
    const unsigned position = 8 + random() % (token - 6);
    RelaySearch search(first, first + tokens.size() - 1);
    int asked = 0;
    while (!search.done()) {
      ASSERT_LT(++asked, 10) << "it halves";
      search.answer(tokens.at(search.ask() - first) <= position);
    }
    const auto behind = std::ranges::upper_bound(tokens, position) - tokens.begin();
    EXPECT_EQ(search.found() + 1 - first, static_cast<std::uint64_t>(behind)) << position;
  }
}

}  // namespace
}  // namespace sluice::flow
