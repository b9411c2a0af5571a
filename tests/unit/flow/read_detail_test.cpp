#include "flow/read_detail.hpp"

#include <gtest/gtest.h>

namespace sluice::flow {
namespace {

constexpr ReadDetail whole{Detail::whole, 1000};
constexpr ReadDetail needed{Detail::needed, 1000};

TEST(ReadingPolicy, ReadsWholeEventsWhileItCan) {
  ReadingPolicy policy(1000);
  EXPECT_EQ(policy.now(), whole);
  for (const std::size_t events : {0U, 1U, 5000U}) EXPECT_FALSE(policy.came(events));
  EXPECT_EQ(policy.now(), whole);
}

TEST(ReadingPolicy, AsksForLessUntilThePlaceLiesBehind) {
  ReadingPolicy policy(1000);
  EXPECT_TRUE(policy.too_large());
  EXPECT_EQ(policy.now(), needed);
  EXPECT_FALSE(policy.came(400));
  EXPECT_FALSE(policy.came(599));
  EXPECT_EQ(policy.now(), needed) << "the last of those that were asked for may be the one";
  EXPECT_TRUE(policy.came(1));
  EXPECT_EQ(policy.now(), whole);
}

TEST(ReadingPolicy, ReadsWholeEventsAgainWhenNoneAreLeft) {
  ReadingPolicy policy(1000);
  policy.too_large();
  EXPECT_FALSE(policy.came(3));
  EXPECT_TRUE(policy.came(0));
  EXPECT_EQ(policy.now(), whole);
}

TEST(ReadingPolicy, FindsTheOneThatIsStillTooLarge) {
  ReadingPolicy policy(1000);
  policy.too_large();
  for (const int batch : {100, 10, 1}) {
    EXPECT_TRUE(policy.too_large());
    EXPECT_EQ(policy.now(), (ReadDetail{Detail::needed, batch}));
    EXPECT_FALSE(policy.came(1));
  }
  EXPECT_TRUE(policy.too_large());
  EXPECT_EQ(policy.now(), (ReadDetail{Detail::key_only, 1}));
  EXPECT_FALSE(policy.came(0)) << "an empty answer is not yet the event";
  EXPECT_TRUE(policy.came(1));
  EXPECT_EQ(policy.now(), needed) << "only that one event loses its fields";
  EXPECT_TRUE(policy.too_large()) << "there may be another";
  EXPECT_EQ(policy.now(), (ReadDetail{Detail::needed, 100}));
}

TEST(ReadingPolicy, GoesBackToWholeEventsBehindTheLastOfThem) {
  ReadingPolicy policy(1);
  policy.too_large();
  policy.too_large();
  EXPECT_EQ(policy.now(), (ReadDetail{Detail::key_only, 1}));
  EXPECT_TRUE(policy.came(1));
  EXPECT_EQ(policy.now(), (ReadDetail{Detail::whole, 1}));
}

TEST(ReadingPolicy, KnowsWhenThereIsNothingLessToAskFor) {
  ReadingPolicy policy(1);
  EXPECT_TRUE(policy.too_large());
  EXPECT_TRUE(policy.too_large());
  EXPECT_EQ(policy.now(), (ReadDetail{Detail::key_only, 1}));
  for (const Detail detail : {Detail::whole, Detail::needed, Detail::key_only}) {
    EXPECT_TRUE(policy.too_large());
    EXPECT_EQ(policy.now(), (ReadDetail{detail, 1, Judging::filter, true}));
  }
  EXPECT_FALSE(policy.too_large());
}

/// No answer can hold it: the next one is of what comes behind it.
TEST(ReadingPolicy, PassesOverAnEventWhoseTokenIsTooLarge) {
  for (const std::size_t events : {0U, 1U}) {
    ReadingPolicy policy(1000);
    while (!policy.now().pass_over) ASSERT_TRUE(policy.too_large());
    EXPECT_TRUE(policy.came(events));
    EXPECT_EQ(policy.now(), whole);
  }
}

TEST(ReadingPolicy, TakesAPartOfTheGuiltyEventAloneWherePartsServeNobody) {
  ReadingPolicy policy(1000, false);
  for (const int batch : {100, 10, 1}) {
    EXPECT_TRUE(policy.too_large());
    EXPECT_EQ(policy.now(), (ReadDetail{Detail::whole, batch}));
    EXPECT_FALSE(policy.came(1));
  }
  EXPECT_TRUE(policy.too_large());
  EXPECT_EQ(policy.now(), (ReadDetail{Detail::needed, 1}));
  EXPECT_FALSE(policy.came(0)) << "an empty answer is not yet the event";
  EXPECT_TRUE(policy.came(1));
  EXPECT_EQ(policy.now(), whole);
}

TEST(ReadingPolicy, TakesTheKeyOfTheGuiltyEventAloneWherePartsServeNobody) {
  ReadingPolicy policy(10, false);
  EXPECT_TRUE(policy.too_large());
  EXPECT_TRUE(policy.too_large());
  EXPECT_TRUE(policy.too_large());
  EXPECT_EQ(policy.now(), (ReadDetail{Detail::key_only, 1}));
  EXPECT_TRUE(policy.came(1));
  EXPECT_EQ(policy.now(), (ReadDetail{Detail::whole, 10}));
}

TEST(ReadingPolicy, GrowsBackWhenTheGuiltyEventIsNotThereAnyMore) {
  ReadingPolicy policy(1000, false);
  EXPECT_TRUE(policy.too_large());
  EXPECT_FALSE(policy.came(100));
  EXPECT_TRUE(policy.came(0));
  EXPECT_EQ(policy.now(), whole);
}

TEST(ReadingPolicy, FindsTheEventOnWhichAnExpressionFails) {
  ReadingPolicy policy(100, false);
  EXPECT_TRUE(policy.misjudged());
  EXPECT_EQ(policy.now(), (ReadDetail{Detail::whole, 10, Judging::tell}));
  EXPECT_FALSE(policy.came(10));
  EXPECT_TRUE(policy.misjudged());
  EXPECT_EQ(policy.now(), (ReadDetail{Detail::whole, 1, Judging::tell}));
  EXPECT_FALSE(policy.came(1));
  EXPECT_TRUE(policy.misjudged());
  EXPECT_EQ(policy.now(), (ReadDetail{Detail::whole, 1, Judging::skip}));
  EXPECT_FALSE(policy.came(0)) << "an empty answer is not yet the event";
  EXPECT_TRUE(policy.came(1));
  EXPECT_EQ(policy.now(), (ReadDetail{Detail::whole, 100}));
}

TEST(ReadingPolicy, BlamesNoExpressionForAnErrorThatOutlivesIt) {
  ReadingPolicy policy(1, false);
  EXPECT_TRUE(policy.misjudged());
  EXPECT_TRUE(policy.misjudged());
  EXPECT_FALSE(policy.misjudged());
}

TEST(ReadingPolicy, AnEventMayBeTooLargeAndFailAnExpression) {
  ReadingPolicy policy(10, false);
  EXPECT_TRUE(policy.too_large());
  EXPECT_TRUE(policy.too_large());
  EXPECT_TRUE(policy.misjudged());
  EXPECT_TRUE(policy.misjudged());
  EXPECT_EQ(policy.now(), (ReadDetail{Detail::needed, 1, Judging::skip}));
  EXPECT_TRUE(policy.came(1));
  EXPECT_EQ(policy.now(), (ReadDetail{Detail::whole, 10}));
}

}  // namespace
}  // namespace sluice::flow
