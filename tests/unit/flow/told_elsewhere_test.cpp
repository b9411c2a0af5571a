#include "flow/told_elsewhere.hpp"

#include <gtest/gtest.h>

namespace sluice::flow {
namespace {

using Texts = std::vector<std::string>;
using Places = std::vector<std::optional<std::size_t>>;

const Places one_for_both = {0, 0};
const Places one_each = {0, 1};

TEST(ToldElsewhereTest, TheFirstStartBeginsBehindTheOldestToken) {
  EXPECT_EQ(begin_behind("", {"5", "3", ""}, one_each), (Beginning{1, {"5", ""}}));
  EXPECT_EQ(begin_behind("", {"3"}, one_for_both), (Beginning{0, {"", ""}}));
  EXPECT_EQ(begin_behind("", {"", ""}, one_each), (Beginning{std::nullopt, {"", ""}}));
  EXPECT_EQ(begin_behind("", {}, {std::nullopt}), (Beginning{std::nullopt, {""}}));
}

TEST(ToldElsewhereTest, TheNewerOfTokenAndPositionCounts) {
  EXPECT_EQ(begin_behind("4", {"5"}, one_for_both), (Beginning{0, {"", ""}}));
  EXPECT_EQ(begin_behind("5", {"5"}, one_for_both), (Beginning{std::nullopt, {"", ""}}));
  EXPECT_EQ(begin_behind("6", {"5"}, one_for_both), (Beginning{std::nullopt, {"", ""}}));
  EXPECT_EQ(begin_behind("6", {""}, one_for_both), (Beginning{std::nullopt, {"", ""}}));
}

TEST(ToldElsewhereTest, EachRuleGoesByItsOwnPlace) {
  EXPECT_EQ(begin_behind("4", {"7", "6"}, one_each), (Beginning{1, {"7", ""}}));
  EXPECT_EQ(begin_behind("4", {"7", "2"}, one_each), (Beginning{std::nullopt, {"7", ""}}));
  EXPECT_EQ(begin_behind("4", {"7", ""}, one_each), (Beginning{std::nullopt, {"7", ""}}));
}

TEST(ToldElsewhereTest, ARuleWithoutAPlaceGoesOnFromThePosition) {
  EXPECT_EQ(begin_behind("4", {"7"}, {0, std::nullopt}), (Beginning{std::nullopt, {"7", ""}}));
  EXPECT_EQ(begin_behind("", {"7"}, {0, std::nullopt}), (Beginning{0, {"", ""}}));
  EXPECT_EQ(begin_behind("4", {"7"}, {}), (Beginning{std::nullopt, {}}));
}

}  // namespace
}  // namespace sluice::flow
