#include "unit/flow/lane_failure_fixture.hpp"

namespace sluice::flow {
namespace {

constexpr std::int32_t duplicate_key = 11000;

TEST_F(LaneFailureTest, RetriesAfterAWait) {
  offer_many(4);
  ASSERT_TRUE(send());
  const LaneReport report = answer(failed(ErrorKind::transient));
  ASSERT_TRUE(report.retry);
  EXPECT_EQ(report.retry->kind, ErrorKind::transient);
  const LaneAction action = lane().next(now_);
  EXPECT_EQ(action.what, LaneActionKind::wait);
  ASSERT_TRUE(action.until);
  EXPECT_GT(*action.until, now_);
  now_ = *action.until;
  EXPECT_EQ(lane().next(now_).what, LaneActionKind::send) << "without lingering again";
  EXPECT_EQ(size(), 4U);
}

TEST_F(LaneFailureTest, TakesInWhatCameMeanwhile) {
  offer_many(2);
  ASSERT_TRUE(send());
  offer({increment("9")});
  fail(failed(ErrorKind::transient));
  EXPECT_EQ(size(), 3U);
  EXPECT_EQ(token(), "3");
}

TEST_F(LaneFailureTest, WaitsEvenWhenFlushed) {
  offer_many(1);
  lane().flush();
  ASSERT_TRUE(send());
  answer(failed(ErrorKind::transient));
  EXPECT_EQ(lane().next(now_).what, LaneActionKind::wait);
}

TEST_F(LaneFailureTest, HalvesABatchThatKeepsFailingAndGrowsBack) {
  offer_many(64);
  ASSERT_TRUE(send());
  std::vector<std::size_t> sizes{size()};
  for (int i = 0; i < 9; ++i) {
    fail(failed(ErrorKind::transient));
    sizes.push_back(size());
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{64, 64, 64, 32, 16, 8, 4, 2, 1, 1}));
  sizes.clear();
  do {
    sizes.push_back(size());
    answer(committed());
  } while (send());
  EXPECT_EQ(sizes, (std::vector<std::size_t>{1, 2, 4, 8, 16, 32, 1}));
  EXPECT_TRUE(lane().idle());
}

/// Others write to the same documents. Fewer and larger transactions meet less often.
TEST_F(LaneFailureTest, MakesNoBatchSmallerForWriteConflicts) {
  const Outcome conflict = failed(ErrorKind::transient, {}, 112);
  for (int i = 0; i < 8; ++i) offer({increment(std::to_string(i))});
  for (int i = 0; i < 7; ++i) {
    ASSERT_TRUE(send());
    EXPECT_EQ(lane().batch().events, 8U + static_cast<unsigned>(i));
    answer(conflict);
    offer({increment("0")});
  }
  ASSERT_TRUE(send());
  answer(conflict);
  ASSERT_TRUE(send());
  EXPECT_EQ(lane().batch().events, 7U) << "but at last it is made smaller";
}

TEST_F(LaneFailureTest, LingersAfterWriteConflictsUntilThereAreNone) {
  offer({increment("0")});
  ASSERT_TRUE(send());
  answer(failed(ErrorKind::transient, {}, 112));
  ASSERT_TRUE(send());
  std::vector<Duration> waits;
  while (waits.empty() || waits.back() > Duration(0)) {
    answer(committed());
    offer({increment("0")});
    const Time before = now_;
    ASSERT_TRUE(send());
    waits.push_back(now_ - before);
  }
  EXPECT_EQ(waits, (std::vector<Duration>{25ms, 12500us, 0ms}));
}

TEST_F(LaneFailureTest, HalvesABatchThatIsTooSlowAtOnce) {
  offer_many(4);
  ASSERT_TRUE(send());
  fail(failed(ErrorKind::too_slow));
  EXPECT_EQ(size(), 2U);
  EXPECT_FALSE(lane().batch().in_pieces);
}

TEST_F(LaneFailureTest, TakesOneEventThatIsTooSlowApart) {
  offer({refresh("1"), refresh("2")});
  offer({increment("3")});
  ASSERT_TRUE(send());
  fail(failed(ErrorKind::too_slow));
  EXPECT_EQ(sent(), (Texts{"r 1", "r 2"})) << "an event stays whole";
  EXPECT_FALSE(lane().batch().in_pieces);
  fail(failed(ErrorKind::too_slow));
  EXPECT_EQ(sent(), (Texts{"r 1", "r 2"}));
  EXPECT_TRUE(lane().batch().in_pieces);
  fail(failed(ErrorKind::transient));
  EXPECT_TRUE(lane().batch().in_pieces);
  answer(committed(2000));
  ASSERT_TRUE(send());
  EXPECT_EQ(sent(), (Texts{"c 3 1"}));
  EXPECT_FALSE(lane().batch().in_pieces);
}

TEST_F(LaneFailureTest, StopsWhenFencedLostOrRefused) {
  for (const ErrorKind kind : {ErrorKind::fenced, ErrorKind::lost, ErrorKind::fatal}) {
    make(roomy);
    offer_many(1);
    ASSERT_TRUE(send());
    const LaneReport report = answer(failed(kind));
    ASSERT_TRUE(report.stop);
    EXPECT_EQ(report.stop->kind, kind);
    EXPECT_FALSE(report.retry);
    EXPECT_EQ(report.resolved, 0U);
    EXPECT_EQ(lane().queued(), 1U) << "nothing is forgotten";
  }
}

TEST_F(LaneFailureTest, TriesWhatIsDeniedAgainWithoutMakingItSmaller) {
  make(roomy);
  offer_many(8);
  ASSERT_TRUE(send());
  const Texts all = sent();
  for (int i = 0; i < 10; ++i) {
    fail(failed(i % 2 == 0 ? ErrorKind::denied : ErrorKind::unavailable));
    EXPECT_EQ(sent(), all);
  }
}

/// A sink that keeps no position says so, and the number of commits stays what the state database has.
TEST_F(LaneFailureTest, CountsOnlyCommitsThatStoredAPosition) {
  offer({increment("1")});
  ASSERT_TRUE(send());
  const auto seq = lane().batch().guard.seq;
  Outcome published = committed();
  published.position_moved = false;
  answer(published);
  offer({increment("1")});
  ASSERT_TRUE(send());
  EXPECT_EQ(lane().batch().guard.seq, seq);
  answer(committed());
  offer({increment("1")});
  ASSERT_TRUE(send());
  EXPECT_EQ(lane().batch().guard.seq, seq + 1);
}

TEST_F(LaneFailureTest, WaitsForATransactionThatIsOnlySlow) {
  offer({increment("1")});
  ASSERT_TRUE(send());
  for (int i = 0; i < 20; ++i) fail(failed(ErrorKind::too_slow, 0, 50));
  EXPECT_EQ(sent(), (Texts{"c 1 1"}));
}

TEST_F(LaneFailureTest, BelievesADuplicateKeyOnlyAfterSomeTries) {
  offer({increment("1")});
  ASSERT_TRUE(send());
  for (int i = 0; i < 3; ++i) {
    fail(failed(ErrorKind::own_fault, 0, duplicate_key));
    EXPECT_EQ(sent(), (Texts{"c 1 1"}));
  }
  fail(failed(ErrorKind::own_fault, 0, duplicate_key));
  EXPECT_EQ(sent(), (Texts{"dead count 11000 1"}));
}

TEST_F(LaneFailureTest, DoesNotCountOtherFailuresAgainstADuplicateKey) {
  offer({increment("1")});
  ASSERT_TRUE(send());
  for (int i = 0; i < 10; ++i) fail(failed(ErrorKind::transient));
  fail(failed(ErrorKind::own_fault, 0, duplicate_key));
  EXPECT_EQ(sent(), (Texts{"c 1 1"})) << "two upserts that met are no reason to give an effect up";
}

TEST_F(LaneFailureTest, CountsTheDuplicateKeysOfEachBatchAnew) {
  offer({increment("1")});
  ASSERT_TRUE(send());
  for (int i = 0; i < 3; ++i) fail(failed(ErrorKind::own_fault, 0, duplicate_key));
  answer(committed());
  offer({increment("2")});
  ASSERT_TRUE(send());
  fail(failed(ErrorKind::own_fault, 0, duplicate_key));
  EXPECT_EQ(sent(), (Texts{"c 2 1"}));
}

TEST_F(LaneFailureTest, SendsTheVerySameBatchAfterACommitWithoutAnswer) {
  offer_many(4);
  ASSERT_TRUE(send());
  offer({increment("9")});
  for (int i = 0; i < 5; ++i) {
    fail(unanswered());
    EXPECT_EQ(token(), "4") << "the sink knows by the token whether it is in already";
    EXPECT_EQ(size(), 4U);
  }
  Outcome no_primary = failed(ErrorKind::transient);
  fail(no_primary);
  EXPECT_EQ(token(), "4") << "nothing was learnt about the commit";
  EXPECT_EQ(answer(committed()).resolved, 4U);
  ASSERT_TRUE(send());
  EXPECT_EQ(sent(), (Texts{"c 9 1"}));
  EXPECT_EQ(lane().batch().guard.seq, 101);
}

/// The driver asked about the commit once more, and its user was gone by then.
TEST_F(LaneFailureTest, SendsTheVerySameBatchAfterACommitThatItMayNotAskAbout) {
  offer_many(4);
  ASSERT_TRUE(send());
  offer({increment("9")});
  Outcome denied = failed(ErrorKind::denied);
  denied.guard_held = true;
  denied.error->unknown_commit = true;
  fail(denied);
  EXPECT_EQ(token(), "4");
  EXPECT_EQ(size(), 4U);
}

TEST_F(LaneFailureTest, BuildsTheBatchAnewOnceTheLostCommitIsKnownToHaveFailed) {
  offer_many(4);
  ASSERT_TRUE(send());
  fail(unanswered());
  offer({increment("9")});
  Outcome conflict = failed(ErrorKind::transient);
  conflict.guard_held = true;
  fail(conflict);
  EXPECT_EQ(token(), "5");
}

}  // namespace
}  // namespace sluice::flow
