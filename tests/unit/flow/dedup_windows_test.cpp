#include "flow/dedup_windows.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <random>

namespace sluice::flow {
namespace {

constexpr std::int64_t window_ms = 1000;
constexpr std::size_t lanes = 3;

struct Event {
  std::uint64_t content;
  std::int64_t at_ms;
};

/// What outlives a crash, and what was told by whichever run.
struct World {
  std::vector<Event> events;
  std::size_t floor = 0;
  std::optional<DedupWindow::Stored> windows;
  std::array<std::size_t, lanes> lane_done{};  ///< all of its events before this one
  std::vector<int> told;
};

/// One run from the stored position on: batches, lanes, frontier, and a crash wherever the test stops.
class OneRun {
 public:
  OneRun(World& world, std::size_t most_stored)
      : world_(world), most_stored_(most_stored), next_(world.floor), done_before_(world.lane_done) {
    windows_.add(window_ms);
    windows_.restore(0, world.windows ? &*world.windows : nullptr);
  }

  void dispatch(std::size_t count) {
    count = std::min(count, world_.events.size() - next_);
    const std::uint64_t batch = frontier_.open(Position{{}, next_ + count}, count);
    for (; count > 0; --count, ++next_) judge(batch);
    windows_.mark(frontier_, batch);
    most_marks_ = std::max(most_marks_, windows_.marks());
  }

  void commit(std::size_t lane, std::size_t count) {
    for (; count > 0 && !queued_[lane].empty(); --count) {
      const auto [batch, event] = queued_[lane].front();
      queued_[lane].pop_front();
      ++world_.told[event];
      world_.lane_done[lane] = event + 1;
      frontier_.resolve(batch, 1);
    }
  }

  void advance() {
    const auto reached = frontier_.advance();
    if (!reached) return;
    floor_ = reached->cluster_time;
    windows_.settle(frontier_.passed(), *floor_ >= *std::ranges::max_element(done_before_));
  }

  void store() {
    advance();
    if (!floor_) return;
    world_.floor = *floor_;
    if (windows_.version() != stored_version_) world_.windows = windows_.stored(0, most_stored_);
    stored_version_ = windows_.version();
  }

  bool finished() const { return next_ == world_.events.size() && frontier_.idle(); }
  std::size_t most_marks() const { return most_marks_; }

 private:
  void judge(std::uint64_t batch) {
    const Event& event = world_.events[next_];
    const std::size_t lane = event.content % lanes;
    const bool done = next_ < done_before_[lane];
    if (done && windows_.inexact(0)) {
      windows_.left_out(0, event.at_ms);
    } else if (!windows_.repeated(0, event.content, event.at_ms) && !done) {
      queued_[lane].push_back({batch, next_});
      return;
    }
    frontier_.resolve(batch, 1);
  }

  World& world_;
  std::size_t most_stored_;
  std::size_t next_;
  std::array<std::size_t, lanes> done_before_;
  DedupWindows windows_;
  Frontier frontier_;
  std::array<std::deque<std::pair<std::uint64_t, std::size_t>>, lanes> queued_;
  std::optional<std::size_t> floor_;
  std::uint64_t stored_version_ = 0;
  std::size_t most_marks_ = 0;
};

class DedupWindowsRandom : public testing::TestWithParam<unsigned> {
 protected:
  World random_world() {
    World world;
    std::int64_t now = 0;
    for (int i = 0; i < 400; ++i) {
      now += below(4) == 0 ? static_cast<std::int64_t>(below(900)) : 0;
      const auto back = below(5) == 0 ? static_cast<std::int64_t>(below(600)) : 0;
      world.events.push_back({below(12), now - back});
    }
    world.told.resize(world.events.size());
    return world;
  }

  /// Runs that crash until one comes to the end. `lose`: what is stored of the windows is lost now and then.
  void run_all(World& world, std::size_t most_stored, bool lose) {
    if (!lose) world.windows = DedupWindow(window_ms).stored(1);
    for (int runs = 0;; ++runs) {
      if (lose && below(3) == 0) world.windows.reset();
      OneRun run(world, most_stored);
      const std::size_t slow = below(lanes + 1);  // the lane that commits seldom
      const std::uint64_t steps = runs > 30 ? UINT64_MAX : below(150);
      for (std::uint64_t step = 0; step < steps && !run.finished(); ++step) {
        switch (below(6)) {
          case 0:
          case 1:
            run.dispatch(below(6));
            break;
          case 2:
            run.advance();
            break;
          case 3:
            run.store();
            break;
          default:
            if (const auto lane = below(lanes); lane != slow || below(20) == 0) run.commit(lane, below(4));
        }
      }
      if (run.finished()) return;
    }
  }

  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  std::mt19937_64 random_{GetParam()};
};

TEST_P(DedupWindowsRandom, CrashesChangeNothing) {
  World world = random_world();
  std::vector<int> expected;
  DedupWindow undisturbed(window_ms);
  for (const Event& event : world.events) {
    expected.push_back(undisturbed.repeated(event.content, event.at_ms) ? 0 : 1);
  }
  run_all(world, SIZE_MAX, false);
  EXPECT_EQ(world.told, expected) << "seed " << GetParam();
}

/// Windows that are lost, or stored in part: more is told, but what is not told repeats something that was.
TEST_P(DedupWindowsRandom, WhatIsDroppedWasToldWithinItsWindow) {
  World world = random_world();
  run_all(world, 1 + below(4), true);
  std::vector<std::int64_t> now;
  for (const Event& event : world.events) {
    now.push_back(now.empty() ? event.at_ms : std::max(now.back(), event.at_ms));
  }
  for (std::size_t i = 0; i < world.events.size(); ++i) {
    ASSERT_LE(world.told[i], 1) << "seed " << GetParam();
    bool known = world.told[i] == 1;
    for (std::size_t j = 0; j < i && !known; ++j) {
      const bool same = world.events[j].content == world.events[i].content;
      known = same && world.told[j] == 1 && now[i] < now[j] + window_ms;
    }
    EXPECT_TRUE(known) << "event " << i << " is lost, seed " << GetParam();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, DedupWindowsRandom, testing::Range(0U, 200U));

TEST(DedupWindows, KeepFewMarksBehindAnUnresolvedEvent) {
  World world;
  world.windows = DedupWindow(window_ms).stored(1);
  for (int i = 0; i < 5000; ++i) world.events.push_back({i == 0 ? 0U : 1U, i * window_ms});
  world.told.resize(world.events.size());
  OneRun run(world, SIZE_MAX);
  while (world.told.back() == 0) {
    run.dispatch(1);
    run.commit(1, 1);
  }
  EXPECT_LT(run.most_marks(), 100U);
  run.commit(0, 1);
  run.store();
  EXPECT_EQ(world.floor, 5000U);
  EXPECT_EQ(world.windows->entries, (std::vector<DedupWindow::Entry>{{1, 5000 * window_ms}}));
}

TEST(DedupWindows, WhatIsNotStoredIsInexactUntilNothingWasDoneBeyond) {
  DedupWindows windows;
  windows.add(0);
  windows.add(window_ms);
  EXPECT_TRUE(windows.any());
  windows.restore(1, nullptr);
  EXPECT_TRUE(windows.inexact(1));
  EXPECT_FALSE(windows.stored(1, 9).exact);
  Frontier frontier;
  for (const bool nothing_beyond : {false, true}) {
    const auto batch = frontier.open(Position{{}, 1}, 1);
    windows.repeated(1, batch, 0);
    windows.mark(frontier, batch);
    frontier.resolve(batch, 1);
    ASSERT_TRUE(frontier.advance());
    windows.settle(frontier.passed(), nothing_beyond);
    EXPECT_EQ(windows.stored(1, 9).exact, nothing_beyond);
  }
}

/// A window of another length ended other entries.
TEST(DedupWindows, AreNotRestoredWithAnotherLength) {
  DedupWindows windows;
  windows.add(window_ms);
  const DedupWindow::Stored stored{2 * window_ms, 0, true, {{1, 2000}}};
  windows.restore(0, &stored);
  EXPECT_TRUE(windows.inexact(0));
  EXPECT_FALSE(windows.repeated(0, 1, 0));
}

}  // namespace
}  // namespace sluice::flow
