#include "checkpoint/lease_holder.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sluice::checkpoint {
namespace {

TEST(LeaseHolder, KnowsItselfToRun) {
  const LeaseHolder self = LeaseHolder::self();
  EXPECT_EQ(self.pid, ::getpid());
  EXPECT_GT(self.started, 0);
  EXPECT_FALSE(self.host.empty());
  EXPECT_FALSE(self.is_gone());
  EXPECT_EQ(self, LeaseHolder::self());
}

TEST(LeaseHolder, SurvivesTheCheckpoint) {
  bson::Builder builder;
  LeaseHolder::self().append_to(builder);
  EXPECT_EQ(LeaseHolder::read(builder.finish()), LeaseHolder::self());
}

TEST(LeaseHolder, IsGoneWhenItsPidBelongsToALaterProcess) {
  LeaseHolder earlier = LeaseHolder::self();
  --earlier.started;
  EXPECT_TRUE(earlier.is_gone());
}

TEST(LeaseHolder, IsNotKnownToBeGoneElsewhere) {
  LeaseHolder other = LeaseHolder::self();
  other.started -= 1;
  LeaseHolder on_other_host = other;
  on_other_host.host = "elsewhere";
  EXPECT_FALSE(on_other_host.is_gone());
  LeaseHolder in_other_space = other;
  in_other_space.space = "another boot";
  EXPECT_FALSE(in_other_space.is_gone());
  EXPECT_FALSE(LeaseHolder().is_gone());
}

/// A worker that is killed while it takes a shard has written itself down nowhere but in its connections'
/// name.
TEST(LeaseHolder, AnInstanceNameTellsOfItsProcess) {
  const std::string own = LeaseHolder::self().instance;
  EXPECT_TRUE(own.starts_with("sluice "));
  EXPECT_FALSE(LeaseHolder::is_gone(own));
  const auto last = own.rfind(' ');
  EXPECT_TRUE(LeaseHolder::is_gone(own.substr(0, last + 1) + "1")) << "it runs, but did not start then";
  std::string elsewhere = own.substr(0, last + 1) + "1";
  elsewhere[7] = elsewhere[7] == '0' ? '1' : '0';
  EXPECT_FALSE(LeaseHolder::is_gone(elsewhere));
  EXPECT_FALSE(LeaseHolder::is_gone("sluice"));
  EXPECT_FALSE(LeaseHolder::is_gone("mongosh"));
  EXPECT_FALSE(LeaseHolder::is_gone(""));
}

TEST(LeaseHolder, IsGoneOnceItsProcessEnded) {
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
  LeaseHolder holder = LeaseHolder::self();
  holder.pid = child;
  holder.started = 1;
  EXPECT_TRUE(holder.is_gone()) << "it runs, but did not start then";
  // The start time of a child is at or behind our own; find it the way a checkpoint would have it.
  const auto runs = [&] { return !holder.is_gone(); };
  for (holder.started = LeaseHolder::self().started;
       !runs() && holder.started < LeaseHolder::self().started + 100000;)
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
}  // namespace sluice::checkpoint
