#include "sinks/jetstream/streams.hpp"

#include <gtest/gtest.h>

namespace sluice::sinks::jetstream {
namespace {

TEST(Subjects, OneCoversAnother) {
  EXPECT_TRUE(covers("a.>", "a.b.c"));
  EXPECT_TRUE(covers("a.>", "a.b.>"));
  EXPECT_TRUE(covers("a.*", "a.b"));
  EXPECT_TRUE(covers("a.*.c", "a.*.c"));
  EXPECT_TRUE(covers(">", "a"));
  EXPECT_TRUE(covers("a.b", "a.b"));
}

TEST(Subjects, OneDoesNotCoverAnother) {
  EXPECT_FALSE(covers("a.b", "a.>"));
  EXPECT_FALSE(covers("a.*", "a.>"));
  EXPECT_FALSE(covers("a.b", "a.*"));
  EXPECT_FALSE(covers("a.>", "a"));
  EXPECT_FALSE(covers("a.b.c", "a.b"));
  EXPECT_FALSE(covers("a", "a.b"));
  EXPECT_FALSE(covers("ab.>", "a.b"));
}

TEST(Subjects, MeetWhereOneTextMatchesBoth) {
  EXPECT_TRUE(meet("a.*", "*.b"));
  EXPECT_TRUE(meet("a.b", "a.>"));
  EXPECT_TRUE(meet("a.>", "a.b"));
  EXPECT_TRUE(meet("a.b", "a.b"));
  EXPECT_TRUE(meet(">", "a"));
  EXPECT_FALSE(meet("a.*", "a.b.c"));
  EXPECT_FALSE(meet("a.*", "b.*"));
  EXPECT_FALSE(meet("a.*", "ab.*"));
  EXPECT_FALSE(meet("a", "a.>"));
}

}  // namespace
}  // namespace sluice::sinks::jetstream
