#include <random>

#include "unit/flow/lane_failure_fixture.hpp"

namespace sluice::flow {
namespace {

/// Writes and events that the server refuses for good, and their dead letters.
class LaneRefusalTest : public LaneFailureTest {};

TEST_F(LaneRefusalTest, SetsAsideEveryEventBehindAWriteThatWasRefused) {
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

TEST_F(LaneRefusalTest, FindsTheRefusedWriteBehindOlderDeadLetters) {
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

TEST_F(LaneRefusalTest, LooksForARefusedWriteThatIsNotNamed) {
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

TEST_F(LaneRefusalTest, LooksForARefusedWriteBehindAnEventOfFewerWrites) {
  offer({increment("1")});
  offer({increment("2"), increment("3"), increment("4")});
  ASSERT_TRUE(send());
  fail(failed(ErrorKind::own_fault, {}, 10334));
  EXPECT_EQ(sent(), (Texts{"c 1 1"})) << "half of the writes would be both events again";
}

TEST_F(LaneRefusalTest, AsksForOneEventsWritesOneByOneToFindTheRefusedOne) {
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

TEST_F(LaneRefusalTest, SetsAWholeEventAsideWhereNothingTellsItsWritesApart) {
  offer({increment("1"), increment("2")});
  ASSERT_TRUE(send());
  fail(failed(ErrorKind::own_fault, {}, 10334));
  EXPECT_TRUE(lane().batch().one_by_one);
  fail(failed(ErrorKind::own_fault, {}, 10334));
  EXPECT_EQ(sent(), (Texts{"dead count 10334 1", "dead count 10334 1"}));
}

TEST_F(LaneRefusalTest, TakesAnIndexThatIsNoneForUnknown) {
  offer_many(2);
  ASSERT_TRUE(send());
  fail(failed(ErrorKind::own_fault, 99, 2));
  EXPECT_EQ(sent(), (Texts{"c 0 1"}));
}

/// Such as one that makes several documents of 16 MB: smaller it cannot get.
TEST_F(LaneRefusalTest, SetsAsideWhatNoTransactionHolds) {
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

/// Each form holds less of the event; behind the last the lane waits, and never stops.
TEST_F(LaneRefusalTest, GivesARefusedDeadLetterLessToHold) {
  const auto form = [this] { return std::get<LetterWrite>(lane().batch().writes.front())->form; };
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

TEST_F(LaneRefusalTest, WaitsWhileNoDeadLetterIsTaken) {
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

TEST_F(LaneRefusalTest, EndsWithEveryEventWhateverIsRefused) {
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

TEST_F(LaneRefusalTest, KeepsTheReasonsOfRefusedEffectsApart) {
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
