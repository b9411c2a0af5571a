#include "support/publish_nemesis.hpp"

namespace sluice::test {
namespace {

TEST_F(PublishNemesis, NothingIsLostRepeatedOrOvertaken) {
  start_all();
  survive(10);
  say("nothing is written any more");
  EXPECT_TRUE(told_in_order());
  say("everything is read");
  terminate_all();
}

}  // namespace
}  // namespace sluice::test
