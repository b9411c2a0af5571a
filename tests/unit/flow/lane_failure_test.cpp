#include <random>

#include "unit/flow/lane_fixture.hpp"

namespace sluice::flow {
namespace {

constexpr std::int32_t duplicate_key = 11000;

class LaneFailureTest : public LaneTest {
 protected:
  /// Fails and retries until the batch goes out again.
  void fail(const Outcome& outcome) {
    const LaneReport report = answer(outcome);
    ASSERT_TRUE(report.retry);
    ASSERT_EQ(report.resolved, 0U);
    ASSERT_FALSE(report.stop);
    ASSERT_TRUE(send());
  }
  void offer_many(int count) {
    for (int i = 0; i < count; ++i) offer({increment(std::to_string(i))});
  }
  std::size_t size() { return lane().batch().writes.size(); }
};

TEST_F(LaneFailureTest, RetriesAfterAWait) {
  offer_many(4);
  ASSERT_TRUE(send());
  const LaneReport report = answer(failed(ErrorKind::transient));
  ASSERT_TRUE(report.retry);
  EXPECT_EQ(report.retry->kind, ErrorKind::transient);
  const LaneAction action = lane().next(now_);
  EXPECT_EQ(action.what, LaneDo::wait);
  ASSERT_TRUE(action.until);
  EXPECT_GT(*action.until, now_);
  now_ = *action.until;
  EXPECT_EQ(lane().next(now_).what, LaneDo::send) << "without lingering again";
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
  EXPECT_EQ(lane().next(now_).what, LaneDo::wait);
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

TEST_F(LaneFailureTest, SetsAsideEveryEventBehindAWriteThatWasRefused) {
  offer({increment("1")});
  offer({increment("2")});
  offer({increment("1", 4)});
  ASSERT_TRUE(send());
  fail(failed(ErrorKind::own_fault, 0, 121));
  EXPECT_EQ(sent(), (Texts{"dead count 121 1"})) << "a quarter at once after a refusal, at least one";
  answer(committed());
  ASSERT_TRUE(send());
  EXPECT_EQ(sent(), (Texts{"c 2 1", "dead count 121 3"}));
  answer(committed());
  EXPECT_EQ(applied_, 1);
  EXPECT_EQ(dead_, 2);
  EXPECT_TRUE(lane().idle());
}

TEST_F(LaneFailureTest, FindsTheRefusedWriteBehindOlderDeadLetters) {
  offer({reject()});
  offer({increment("1")});
  offer({reject()});
  offer({increment("2")});
  ASSERT_TRUE(send());
  ASSERT_EQ(sent(), (Texts{"dead count 47 1", "c 1 1", "dead count 47 3", "c 2 1"}));
  answer(failed(ErrorKind::own_fault, 3, 121));
  for (int i = 0; i < 4 && send(); ++i) answer(committed());
  EXPECT_TRUE(lane().idle());
  EXPECT_EQ(applied_, 1);
  EXPECT_EQ(dead_, 3);
}

TEST_F(LaneFailureTest, LooksForARefusedWriteThatIsNotNamed) {
  offer_many(4);
  ASSERT_TRUE(send());
  fail(failed(ErrorKind::own_fault, {}, 10334));
  EXPECT_EQ(size(), 2U);
  fail(failed(ErrorKind::own_fault, {}, 10334));
  EXPECT_EQ(sent(), (Texts{"c 0 1"}));
  fail(failed(ErrorKind::own_fault, {}, 10334));
  EXPECT_EQ(sent(), (Texts{"dead count 10334 1"}));
  answer(committed());
  while (send()) answer(committed());
  EXPECT_EQ(dead_, 1);
  EXPECT_EQ(applied_, 3);
}

TEST_F(LaneFailureTest, LooksForARefusedWriteBehindAnEventOfFewerWrites) {
  offer({increment("1")});
  offer({increment("2"), increment("3"), increment("4")});
  ASSERT_TRUE(send());
  fail(failed(ErrorKind::own_fault, {}, 10334));
  EXPECT_EQ(sent(), (Texts{"c 1 1"})) << "half of the writes would be both events again";
}

TEST_F(LaneFailureTest, AsksForOneEventsWritesOneByOneToFindTheRefusedOne) {
  offer({increment("1"), increment("2"), increment("3")});
  offer({increment("4")});
  ASSERT_TRUE(send());
  fail(failed(ErrorKind::own_fault, {}, 10334));
  EXPECT_EQ(sent(), (Texts{"c 1 1", "c 2 1", "c 3 1"})) << "an event stays whole";
  EXPECT_FALSE(lane().batch().one_by_one);
  fail(failed(ErrorKind::own_fault, {}, 10334));
  EXPECT_EQ(sent(), (Texts{"c 1 1", "c 2 1", "c 3 1"}));
  EXPECT_TRUE(lane().batch().one_by_one);
  fail(failed(ErrorKind::transient));
  EXPECT_TRUE(lane().batch().one_by_one);
  fail(failed(ErrorKind::own_fault, 1, 10334));
  EXPECT_EQ(sent(), (Texts{"c 1 1", "dead count 10334 1", "c 3 1"}));
  answer(committed());
  ASSERT_TRUE(send());
  EXPECT_EQ(sent(), (Texts{"c 4 1"}));
  EXPECT_FALSE(lane().batch().one_by_one);
  answer(committed());
  EXPECT_EQ(applied_, 3);
  EXPECT_EQ(dead_, 1);
}

TEST_F(LaneFailureTest, SetsAWholeEventAsideWhereNothingTellsItsWritesApart) {
  offer({increment("1"), increment("2")});
  ASSERT_TRUE(send());
  fail(failed(ErrorKind::own_fault, {}, 10334));
  EXPECT_TRUE(lane().batch().one_by_one);
  fail(failed(ErrorKind::own_fault, {}, 10334));
  EXPECT_EQ(sent(), (Texts{"dead count 10334 1", "dead count 10334 1"}));
}

TEST_F(LaneFailureTest, TakesAnIndexThatIsNoneForUnknown) {
  offer_many(2);
  ASSERT_TRUE(send());
  fail(failed(ErrorKind::own_fault, 99, 2));
  EXPECT_EQ(sent(), (Texts{"c 0 1"}));
}

/// Such as one that makes several documents of 16 MB: smaller it cannot get.
TEST_F(LaneFailureTest, SetsAsideWhatNoTransactionHolds) {
  constexpr std::int32_t too_large_for_cache = 388;
  offer({increment("1"), increment("2")});
  offer({increment("3")});
  ASSERT_TRUE(send());
  for (int i = 0; i < 7; ++i) {
    fail(failed(ErrorKind::too_slow, 1, too_large_for_cache));
    EXPECT_EQ(sent(), (Texts{"c 1 1", "c 2 1"}));
  }
  fail(failed(ErrorKind::too_slow, 1, too_large_for_cache));
  EXPECT_EQ(sent(), (Texts{"c 1 1", "dead count 388 1"}));
  answer(committed());
  while (send()) answer(committed());
  EXPECT_EQ(dead_, 1);
  EXPECT_EQ(applied_, 2);
}

TEST_F(LaneFailureTest, WaitsForATransactionThatIsOnlySlow) {
  offer({increment("1")});
  ASSERT_TRUE(send());
  for (int i = 0; i < 20; ++i) fail(failed(ErrorKind::too_slow, 0, 50));
  EXPECT_EQ(sent(), (Texts{"c 1 1"}));
}

/// Each form holds less of the event; behind the last the lane waits, and never stops.
TEST_F(LaneFailureTest, GivesARefusedDeadLetterLessToHold) {
  const auto form = [this] { return std::get<DeadLetterWrite>(lane().batch().writes.front()).form; };
  offer({reject()});
  offer({reject()});
  ASSERT_TRUE(send());
  EXPECT_EQ(form(), LetterForm::readable);
  fail(failed(ErrorKind::own_fault, 0, 15));
  EXPECT_EQ(form(), LetterForm::bytes);
  EXPECT_EQ(size(), 2U);
  fail(failed(ErrorKind::own_fault, 0, 15));
  EXPECT_EQ(form(), LetterForm::bytes);
  EXPECT_EQ(size(), 1U) << "no other event is to lose anything over it";
  fail(failed(ErrorKind::own_fault, 0, 15));
  EXPECT_EQ(form(), LetterForm::bare);
  answer(committed());
  ASSERT_TRUE(send());
  EXPECT_EQ(form(), LetterForm::readable);
  answer(committed());
  EXPECT_EQ(dead_, 2);
}

TEST_F(LaneFailureTest, WaitsWhileNoDeadLetterIsTaken) {
  offer({reject()});
  ASSERT_TRUE(send());
  for (int i = 0; i < 2; ++i) fail(failed(ErrorKind::own_fault, 0, 121));
  for (int i = 0; i < 5; ++i) {
    const LaneReport report = answer(failed(ErrorKind::own_fault, 0, 121));
    EXPECT_FALSE(report.stop);
    ASSERT_TRUE(report.retry);
    EXPECT_EQ(report.retry->kind, ErrorKind::unavailable);
    EXPECT_NE(report.retry->message.find("dead letter"), std::string::npos);
    ASSERT_TRUE(send());
  }
  answer(committed());
  EXPECT_EQ(dead_, 1);
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

/// Refuses some writes by their number and some events only at the commit, and fails otherwise by chance.
class Refuser {
 public:
  explicit Refuser(std::uint64_t seed) : random_(seed) {}

  bool refuses_event(std::int64_t event) const { return event % 5 == 3; }
  bool refuses_write(std::int64_t write) const { return write % 7 == 4; }

  Outcome answer(const Batch& batch) {
    const std::uint64_t chance = random_() % 20;
    if (chance == 0) return failed(ErrorKind::transient);
    if (chance == 1) return unanswered();
    if (chance == 2) return failed(ErrorKind::too_slow);
    bool at_commit = false;
    for (std::size_t i = 0; i < batch.writes.size(); ++i) {
      const auto* counter = std::get_if<CounterWrite>(&batch.writes[i]);
      if (counter == nullptr) continue;
      const std::int64_t number = counter->id.integer().value();
      if (refuses_write(number)) return failed(ErrorKind::own_fault, i, 121);
      at_commit |= refuses_event(number / 10);
    }
    return at_commit ? failed(ErrorKind::own_fault, {}, 10334) : committed();
  }

  std::uint64_t any(std::uint64_t count) { return random_() % count; }

 private:
  std::mt19937_64 random_;
};

TEST_F(LaneFailureTest, EndsWithEveryEventWhateverIsRefused) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    make(roomy);
    applied_ = dead_ = 0;
    Refuser refuser(seed);
    const int events = 20;
    int writes = 0;
    int refused = 0;
    for (int event = 0; event < events; ++event) {
      std::vector<Effect> effects;
      const auto count = static_cast<int>(1 + refuser.any(6));
      for (int write = event * 10; write < event * 10 + count; ++write) {
        effects.push_back(increment(std::to_string(write)));
        refused += refuser.refuses_event(event) || refuser.refuses_write(write) ? 1 : 0;
      }
      offer(effects);
      writes += count;
    }
    int tries = 0;
    while (send() && ++tries < 50 * events) answer(refuser.answer(lane().batch()));
    ASSERT_TRUE(lane().idle()) << "still busy with " << sent().size() << " writes";
    EXPECT_EQ(dead_, refused);
    EXPECT_EQ(applied_ + dead_, writes);
  }
}

TEST_F(LaneFailureTest, KeepsTheReasonsOfRefusedEffectsApart) {
  offer({increment("1")});
  offer({increment("2")});
  offer({reject()});
  ASSERT_TRUE(send());
  answer(failed(ErrorKind::own_fault, 1, 121));
  ASSERT_TRUE(send());
  EXPECT_EQ(sent(), (Texts{"c 1 1"}));
  fail(failed(ErrorKind::own_fault, 0, 2));
  EXPECT_EQ(sent(), (Texts{"dead count 2 1"}));
  answer(committed());
  ASSERT_TRUE(send());
  EXPECT_EQ(sent(), (Texts{"dead count 121 2", "dead count 47 3"}));
}

}  // namespace
}  // namespace sluice::flow
