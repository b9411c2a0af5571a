#include "pipeline/holder.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sluice::pipeline {
namespace {

TEST(Holder, KnowsItselfToRun) {
  const Holder self = Holder::self();
  EXPECT_EQ(self.pid, ::getpid());
  EXPECT_GT(self.started, 0);
  EXPECT_FALSE(self.host.empty());
  EXPECT_FALSE(self.is_gone());
  EXPECT_EQ(self, Holder::self());
}

TEST(Holder, SurvivesTheCheckpoint) {
  bson::Builder builder;
  Holder::self().append_to(builder);
  EXPECT_EQ(Holder::read(builder.finish()), Holder::self());
}

TEST(Holder, IsGoneWhenItsPidBelongsToALaterProcess) {
  Holder earlier = Holder::self();
  --earlier.started;
  EXPECT_TRUE(earlier.is_gone());
}

TEST(Holder, IsNotKnownToBeGoneElsewhere) {
  Holder other = Holder::self();
  other.started -= 1;
  Holder on_other_host = other;
  on_other_host.host = "elsewhere";
  EXPECT_FALSE(on_other_host.is_gone());
  Holder in_other_space = other;
  in_other_space.space = "another boot";
  EXPECT_FALSE(in_other_space.is_gone());
  EXPECT_FALSE(Holder().is_gone());
}

/// A worker that is killed while it takes a shard has written itself down nowhere but in its connections'
/// name.
TEST(Holder, AnInstanceNameTellsOfItsProcess) {
  const std::string own = Holder::self().instance;
  EXPECT_TRUE(own.starts_with("sluice "));
  EXPECT_FALSE(Holder::is_gone(own));
  const auto last = own.rfind(' ');
  EXPECT_TRUE(Holder::is_gone(own.substr(0, last + 1) + "1")) << "it runs, but did not start then";
  std::string elsewhere = own.substr(0, last + 1) + "1";
  elsewhere[7] = elsewhere[7] == '0' ? '1' : '0';
  EXPECT_FALSE(Holder::is_gone(elsewhere));
  EXPECT_FALSE(Holder::is_gone("sluice"));
  EXPECT_FALSE(Holder::is_gone("mongosh"));
  EXPECT_FALSE(Holder::is_gone(""));
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
  Holder holder = Holder::self();
  holder.pid = child;
  holder.started = 1;
  EXPECT_TRUE(holder.is_gone()) << "it runs, but did not start then";
  // The start time of a child is at or behind our own; find it the way a checkpoint would have it.
  const auto runs = [&] { return !holder.is_gone(); };
  for (holder.started = Holder::self().started; !runs() && holder.started < Holder::self().started + 100000;)
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
