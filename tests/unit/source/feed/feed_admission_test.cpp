#include "source/feed/feed_admission.hpp"

#include <gtest/gtest.h>

namespace sluice::source {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t second(std::uint64_t seconds) {
  return seconds << 32;
}

FeedPlace feed(bool young) {
  return {"500", "600", second(600), young};
}

TEST(FeedAdmission, BeginsWhereTheReaderFurthestBehindIs) {
  const Admissions made = admit(std::nullopt, {{"105", second(105)}, {"101", second(101)}});
  EXPECT_EQ(made.of, (std::vector{Admission::reopened, Admission::reopened}));
  EXPECT_EQ(made.begin_at, 1U);
  EXPECT_TRUE(made.opens());
}

TEST(FeedAdmission, BeginsWithoutReadersThatAreFarBehind) {
  const Admissions made = admit(std::nullopt, {{"001", second(1)}, {"100", second(100)}});
  EXPECT_EQ(made.of, (std::vector{Admission::refused, Admission::reopened}));
  EXPECT_EQ(made.begin_at, 1U);
}

TEST(FeedAdmission, GivesTheKeptBatchesToAReaderThatIsWithinThem) {
  const Admissions made = admit(feed(false), {{"550", second(550), true}});
  EXPECT_EQ(made.of, std::vector{Admission::replayed});
  EXPECT_FALSE(made.opens());
}

TEST(FeedAdmission, OpensTheCursorAgainForAReaderWhoseEventsItDrops) {
  const Admissions made = admit(feed(false), {{"550", second(550), false}, {"520", second(520), false}});
  EXPECT_EQ(made.of, (std::vector{Admission::reopened, Admission::reopened}));
  EXPECT_EQ(made.begin_at, 1U);
}

TEST(FeedAdmission, GoesBackOnlyWhileItIsYoung) {
  const std::vector<Applicant> behind{{"499", second(595), true}};
  EXPECT_EQ(admit(feed(false), behind).of, std::vector{Admission::refused});
  EXPECT_EQ(admit(feed(true), behind).of, std::vector{Admission::reopened});
  EXPECT_EQ(admit(feed(true), {{"400", second(400), true}}).of, std::vector{Admission::refused});
}

TEST(FeedAdmission, RefusesReadersThatAreFarAhead) {
  EXPECT_EQ(admit(feed(false), {{"700", second(700), true}}).of, std::vector{Admission::refused});
}

class DetachPolicyTest : public testing::Test {
 protected:
  /// How long others have to wait for a reader that takes a batch every `pause`, before it is detached.
  milliseconds patience(milliseconds pause) {
    const flow::Time start = now_;
    for (std::uint64_t i = 0;; ++i) {
      if (policy_.holds_up(taken_ + i / static_cast<std::uint64_t>(pause / step_), now_)) break;
      now_ += step_;
      if (now_ - start > std::chrono::minutes(1)) break;
    }
    const auto waited = std::chrono::duration_cast<milliseconds>(now_ - start);
    policy_.detached(now_);
    return waited;
  }

  const milliseconds step_{10};
  flow::Time now_{std::chrono::hours(1)};
  std::uint64_t taken_ = 0;
  DetachPolicy policy_;
};

TEST_F(DetachPolicyTest, GivesUpSoonOneThatTakesNothing) {
  EXPECT_EQ(patience(std::chrono::hours(1)), milliseconds(500));
  EXPECT_EQ(patience(std::chrono::hours(1)), milliseconds(100));
}

TEST_F(DetachPolicyTest, GivesUpLaterOneThatIsMerelySlow) {
  EXPECT_EQ(patience(milliseconds(400)), milliseconds(5000)) << "it takes large pieces";
  EXPECT_EQ(patience(milliseconds(20)), milliseconds(1000));
}

TEST_F(DetachPolicyTest, ForgivesOneThatHasTakenAllThereIs) {
  for (std::uint64_t i = 0; i < 1000; ++i, now_ += step_) {
    EXPECT_FALSE(policy_.holds_up(i, now_));
    if (i % 100 == 99) policy_.keeps_up(true);
  }
}

TEST_F(DetachPolicyTest, LeavesOneOutLongerEachTime) {
  milliseconds last{0};
  for (int i = 0; i < 8; ++i) {
    policy_.joined(now_);
    policy_.detached(now_);
    milliseconds pause{0};
    while (!policy_.may_join(now_ + pause)) pause += milliseconds(500);
    EXPECT_GE(pause, last);
    EXPECT_LE(pause, std::chrono::seconds(32));
    last = pause;
  }
  EXPECT_GE(last, std::chrono::seconds(30));
  policy_.joined(now_);
  now_ += std::chrono::minutes(2);
  policy_.detached(now_);
  EXPECT_TRUE(policy_.may_join(now_ + std::chrono::seconds(1))) << "it has kept up for long";
}

}  // namespace
}  // namespace sluice::source
