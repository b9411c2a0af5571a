#include "observe/progress.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::observe {
namespace {

using namespace std::chrono_literals;

TEST(Progress, SaysCountShareRateAndTimeToGo) {
  EXPECT_EQ(Progress::sentence("users", 0, 0, 0), "users: 0");
  EXPECT_EQ(Progress::sentence("users", 50, 200, 5), "users: 50 of 200 (25 %), 10/s, 15 s to go");
  EXPECT_EQ(Progress::sentence("users", 100, 7300, 10), "users: 100 of 7300 (1 %), 10/s, 12 min 0 s to go");
  EXPECT_EQ(Progress::sentence("users", 250, 200, 5), "users: 250 of 200 (100 %), 50/s")
      << "the total was an estimate";
}

class Said {
 public:
  explicit Said(bool terminal)
      : progress_(terminal, [this](const std::string& text) { lines.push_back(text); }) {}
  void update(std::int64_t done, std::chrono::milliseconds at) {
    progress_.update("users", done, 100, Progress::Clock::time_point(1h) + at);
  }
  void clear() { progress_.clear(); }
  std::vector<std::string> lines;

 private:
  Progress progress_;
};

TEST(Progress, DrawsOnALineOfATerminal) {
  Said said(true);
  said.update(0, 0ms);
  said.update(1, 50ms);
  said.update(50, 500ms);
  said.clear();
  ASSERT_EQ(said.lines.size(), 3u) << "not at every step";
  EXPECT_EQ(said.lines[1], "\r\x1b[K[############............] users: 50 of 100 (50 %), 100/s, 0 s to go");
  EXPECT_EQ(said.lines[2], "\r\x1b[K");
  said.clear();
  EXPECT_EQ(said.lines.size(), 3u) << "nothing is drawn any more";
}

TEST(Progress, SaysALineNowAndThenElsewhere) {
  Said said(false);
  for (int i = 0; i <= 100; ++i) said.update(i, i * 100ms);
  EXPECT_EQ(said.lines.size(), 3u);
  EXPECT_EQ(said.lines.back(), "users: 100 of 100 (100 %), 10/s");
  said.clear();
  EXPECT_EQ(said.lines.size(), 3u);
}

}  // namespace
}  // namespace sluice::observe
