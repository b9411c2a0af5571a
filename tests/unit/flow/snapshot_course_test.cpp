#include "flow/snapshot_course.hpp"

#include <gtest/gtest.h>

#include <random>

namespace sluice::flow {
namespace {

using namespace std::chrono_literals;

constexpr SnapshotCourse::Limits limits{3, {100ms, 1s}};
const Time start{};

SnapshotMark mark(std::int64_t documents, bool done = false) {
  return {
      .collection = 0, .after = {static_cast<std::uint8_t>(documents)}, .documents = documents, .done = done};
}

SnapshotCourse course(const SnapshotMark& stored = {}) {
  return {stored, limits, 1};
}

TEST(SnapshotCourse, StoresWhatIsDoneWithoutAGap) {
  SnapshotCourse one = course();
  for (std::uint64_t chunk = 1; chunk <= 3; ++chunk) {
    ASSERT_TRUE(one.may_read(start));
    one.handed_out(chunk, mark(static_cast<std::int64_t>(chunk)));
  }
  EXPECT_FALSE(one.may_read(start)) << "three are under way";
  one.done(2);
  EXPECT_FALSE(one.to_store(start));
  one.done(1);
  EXPECT_EQ(one.to_store(start), mark(2));
  EXPECT_TRUE(one.may_read(start));
  one.stored(mark(2));
  EXPECT_FALSE(one.to_store(start)) << "nothing new";
  one.done(3);
  EXPECT_EQ(one.to_store(start), mark(3));
}

TEST(SnapshotCourse, AskedToStoreUntilItIsStoredAfterGrowingPauses) {
  SnapshotCourse one = course();
  one.handed_out(1, mark(1, true));
  EXPECT_FALSE(one.may_read(start)) << "everything is read";
  one.done(1);
  Time now = start;
  Duration longest{};
  for (int tries = 0; tries < 12; ++tries) {
    ASSERT_EQ(one.to_store(now), mark(1, true));
    const Duration pause = one.store_failed(now);
    EXPECT_LE(pause, limits.pauses.cap);
    EXPECT_FALSE(one.to_store(now + pause - 1ns));
    longest = std::max(longest, pause);
    now += pause;
    EXPECT_FALSE(one.finished());
  }
  EXPECT_GT(longest, limits.pauses.base);
  one.stored(mark(1, true));
  EXPECT_TRUE(one.finished());
  EXPECT_FALSE(one.to_store(now + 1h));
}

TEST(SnapshotCourse, AStoreThatFailsTakesUpWhatWasDoneSince) {
  SnapshotCourse one = course();
  one.handed_out(1, mark(1));
  one.handed_out(2, mark(2));
  one.done(1);
  const Duration pause = one.store_failed(start);
  one.done(2);
  EXPECT_EQ(one.to_store(start + pause), mark(2));
  one.stored(mark(1));  // an answer that is older than what was done meanwhile
  EXPECT_EQ(one.to_store(start + pause), mark(2));
}

TEST(SnapshotCourse, AReadThatFailsIsTriedAgainAfterGrowingPausesFromWhereItWas) {
  SnapshotCourse one = course(mark(7));
  Time now = start;
  Duration longest{};
  for (int tries = 0; tries < 12; ++tries) {
    ASSERT_TRUE(one.may_read(now));
    const Duration pause = one.read_failed(now);
    EXPECT_LE(pause, limits.pauses.cap);
    EXPECT_FALSE(one.may_read(now + pause - 1ns));
    longest = std::max(longest, pause);
    now += pause;
    EXPECT_EQ(one.read(), mark(7));
  }
  EXPECT_GT(longest, limits.pauses.base);
  one.handed_out(1, mark(8));
  EXPECT_LE(one.read_failed(now), limits.pauses.base) << "a success ends the growth";
}

TEST(SnapshotCourse, GivesWayOnlyWhenNothingOfItIsUnderWay) {
  SnapshotCourse one = course();
  EXPECT_FALSE(one.may_give_way()) << "it can be read";
  one.handed_out(1, mark(1));
  one.read_failed(start);
  EXPECT_FALSE(one.may_give_way()) << "a chunk is under way";
  one.done(1);
  EXPECT_FALSE(one.may_give_way()) << "and not stored";
  one.stored(mark(1));
  EXPECT_TRUE(one.may_give_way());
  one.handed_out(2, mark(2));
  EXPECT_FALSE(one.may_give_way());
}

TEST(SnapshotCourse, ChunksOfAnotherSnapshotChangeNothing) {
  SnapshotCourse one = course();
  one.done(99);
  one.handed_out(100, mark(1));
  one.done(99);
  EXPECT_FALSE(one.to_store(start));
  one.done(100);
  one.done(100);
  EXPECT_EQ(one.to_store(start), mark(1));
}

/// Whatever order chunks, failures and stores come in: stored is only what is done without a gap, never less
/// than before, and the end is reached.
TEST(SnapshotCourse, AnyOrderComesToTheEnd) {
  const unsigned seed = std::random_device{}();
  std::mt19937 random(seed);
  const auto chance = [&](unsigned of) { return random() % of == 0; };
  for (int round = 0; round < 500; ++round) {
    SnapshotCourse one(SnapshotMark{}, limits, random());
    constexpr std::int64_t last = 20;
    std::vector<std::int64_t> under_way;
    std::vector<bool> done(last + 1);
    done[0] = true;
    std::int64_t read = 0;
    std::int64_t stored = 0;
    Time now = start;
    for (int step = 0; !one.finished(); ++step) {
      ASSERT_LT(step, 10'000) << "seed " << seed;
      now += 100ms;
      if (one.may_read(now)) {
        if (chance(4)) {
          one.read_failed(now);
        } else {
          ++read;
          one.handed_out(static_cast<std::uint64_t>(read), mark(read, read == last));
          under_way.push_back(read);
        }
      }
      ASSERT_LE(under_way.size(), limits.chunks) << "seed " << seed;
      if (!under_way.empty() && chance(2)) {
        const auto which = under_way.begin() + static_cast<std::ptrdiff_t>(random() % under_way.size());
        done[static_cast<std::size_t>(*which)] = true;
        one.done(static_cast<std::uint64_t>(*which));
        under_way.erase(which);
      }
      if (const auto store = one.to_store(now)) {
        ASSERT_GT(store->documents, stored) << "seed " << seed;
        for (std::int64_t i = 0; i <= store->documents; ++i)
          ASSERT_TRUE(done[static_cast<std::size_t>(i)]) << "seed " << seed;
        if (chance(3)) {
          one.store_failed(now);
        } else {
          stored = store->documents;
          one.stored(*store);
        }
      }
    }
    ASSERT_EQ(stored, last) << "seed " << seed;
  }
}

}  // namespace
}  // namespace sluice::flow
