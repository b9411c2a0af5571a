#include "mongo/who_answers.hpp"

#include <gtest/gtest.h>

namespace sluice::mongo {
namespace {

using Found = FirstLook::Found;

const HostAnswer right{"a:1", true, "", "", false};
const HostAnswer wrong{"b:1", true, "b:1 is another", "", false};
const HostAnswer silent{"c:1", false, "", "connection refused", false};

TEST(FirstLook, FindsAServerWhereOneWillDo) {
  EXPECT_EQ(judge({right}).found, Found::server);
  EXPECT_EQ(judge({silent, wrong, right}).found, Found::server);
  EXPECT_EQ(judge({silent, wrong, right}).why, "");
}

TEST(FirstLook, KnowsNothingOfANameThatIsNotLookedUpYet) {
  EXPECT_EQ(judge({}).found, Found::server);
}

TEST(FirstLook, FindsNobodyWhileAnyHostIsSilent) {
  EXPECT_EQ(judge({silent}).found, Found::nobody);
  EXPECT_EQ(judge({silent}).why, "c:1: connection refused");
  EXPECT_EQ(judge({wrong, silent}).found, Found::nobody) << "the right one may be down";
  EXPECT_EQ(judge({wrong, silent}).why, "b:1 is another; c:1: connection refused");
}

TEST(FirstLook, FindsNobodyWhileAHostMayBeStarting) {
  const HostAnswer starting{"d:1", true, "d:1 is not initiated", "", true};
  EXPECT_EQ(judge({starting}).found, Found::nobody);
  EXPECT_EQ(judge({starting}).why, "d:1 is not initiated");
  EXPECT_EQ(judge({wrong, starting}).found, Found::nobody);
  EXPECT_EQ(judge({starting, right}).found, Found::server);
}

TEST(FirstLook, FindsOthersWhereAllAnswerAndNoneWillDo) {
  EXPECT_EQ(judge({wrong, wrong}).found, Found::others);
}

}  // namespace
}  // namespace sluice::mongo
