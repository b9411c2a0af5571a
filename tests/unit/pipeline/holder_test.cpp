#include "pipeline/holder.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sluice::pipeline {
namespace {

TEST(Holder, KnowsItselfToRun) {
  const Holder self = Holder::self("test");
  EXPECT_EQ(self.pid, ::getpid());
  EXPECT_GT(self.started, 0);
  EXPECT_FALSE(self.host.empty());
  EXPECT_FALSE(self.is_gone());
  EXPECT_EQ(self, Holder::self("test"));
}

TEST(Holder, SurvivesTheCheckpoint) {
  bson::Builder builder;
  Holder::self("test").append_to(builder);
  EXPECT_EQ(Holder::read(builder.finish()), Holder::self("test"));
}

TEST(Holder, IsGoneWhenItsPidBelongsToALaterProcess) {
  Holder earlier = Holder::self("test");
  --earlier.started;
  EXPECT_TRUE(earlier.is_gone());
}

TEST(Holder, IsNotKnownToBeGoneElsewhere) {
  Holder other = Holder::self("test");
  other.started -= 1;
  Holder on_other_host = other;
  on_other_host.host = "elsewhere";
  EXPECT_FALSE(on_other_host.is_gone());
  Holder in_other_space = other;
  in_other_space.space = "another boot";
  EXPECT_FALSE(in_other_space.is_gone());
  EXPECT_FALSE(Holder().is_gone());
}

TEST(Holder, IsGoneOnceItsProcessEnded) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::close(ready[1]);
    char byte;
    [[maybe_unused]] const auto read = ::read(ready[0], &byte, 1);  // until the parent closes its end
    ::_exit(0);
  }
  ::close(ready[0]);
  Holder holder = Holder::self("test");
  holder.pid = child;
  holder.started = 1;
  EXPECT_TRUE(holder.is_gone()) << "it runs, but did not start then";
  // The start time of a child is at or behind our own; find it the way a checkpoint would have it.
  const auto runs = [&] { return !holder.is_gone(); };
  for (holder.started = Holder::self("test").started; !runs() && holder.started < Holder::self("test").started + 100000;)
    ++holder.started;
  EXPECT_TRUE(runs());
  ::close(ready[1]);
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT), 0);
  EXPECT_TRUE(holder.is_gone()) << "ended, and nobody has waited for it";
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(holder.is_gone());
}

}  // namespace
}  // namespace sluice::pipeline
