#include "worker/exit_deadline.hpp"

#include <gtest/gtest.h>

#include <future>

namespace sluice::worker {
namespace {

using namespace std::chrono_literals;

TEST(ExitDeadline, ExpiresWhateverOthersHangIn) {
  std::promise<void> expired;
  ExitDeadline deadline([&] { expired.set_value(); });
  deadline.arm(1ms);
  expired.get_future().wait();
  EXPECT_GE(deadline.elapsed(), 1ms);
}

TEST(ExitDeadline, DoesNotExpireOnceItIsGone) {
  bool expired = false;
  {
    ExitDeadline deadline([&] { expired = true; });
    deadline.arm(1h);
    EXPECT_TRUE(deadline.armed());
  }
  EXPECT_FALSE(expired);
}

TEST(ExitDeadline, DoesNothingUnlessItIsArmed) {
  const ExitDeadline deadline([] { FAIL(); });
  EXPECT_FALSE(deadline.armed());
  EXPECT_EQ(deadline.elapsed(), 0s);
}

}  // namespace
}  // namespace sluice::worker
