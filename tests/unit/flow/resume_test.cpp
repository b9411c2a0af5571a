#include "flow/resume.hpp"

#include <gtest/gtest.h>

namespace sluice::flow {
namespace {

using namespace std::chrono_literals;

Error error(ErrorKind kind) {
  return {kind, 286, "what the server said", false};
}

TEST(ResumePolicy, RetriesWhatPassesByItself) {
  for (const ErrorKind kind : {ErrorKind::transient, ErrorKind::too_slow, ErrorKind::denied}) {
    ResumePolicy policy(1);
    for (int i = 0; i < 100; ++i) {
      const ResumeAction action = policy.failed(error(kind));
      ASSERT_TRUE(action.retry_after);
      EXPECT_GT(*action.retry_after, Duration::zero());
      EXPECT_LE(*action.retry_after, 5s);
      EXPECT_EQ(action.stop, "");
    }
  }
}

TEST(ResumePolicy, RetriesEverMoreSlowlyUntilItSucceeds) {
  ResumePolicy policy(1);
  EXPECT_LE(*policy.failed(error(ErrorKind::transient)).retry_after, 50ms);
  for (int i = 0; i < 20; ++i) policy.failed(error(ErrorKind::transient));
  policy.succeeded();
  EXPECT_LE(*policy.failed(error(ErrorKind::transient)).retry_after, 50ms);
}

TEST(ResumePolicy, OpensALostCursorAtOnceButNotForEver) {
  ResumePolicy policy(1);
  EXPECT_EQ(*policy.failed(error(ErrorKind::cursor_gone)).retry_after, Duration::zero());
  EXPECT_GT(*policy.failed(error(ErrorKind::cursor_gone)).retry_after, Duration::zero());
  policy.succeeded();
  EXPECT_EQ(*policy.failed(error(ErrorKind::cursor_gone)).retry_after, Duration::zero());
}

TEST(ResumePolicy, NamesTheRemedyForALostPosition) {
  const ResumeAction action = ResumePolicy(1).failed(error(ErrorKind::lost));
  EXPECT_FALSE(action.retry_after);
  EXPECT_EQ(action.exit_code, exit_code::position_lost);
  EXPECT_NE(action.stop.find("--restart-now"), std::string::npos);
  EXPECT_NE(action.stop.find("what the server said (code 286)"), std::string::npos);
}

TEST(ResumePolicy, NamesTheRemedyForAnEventThatCannotBeRead) {
  const ResumeAction action = ResumePolicy(1).failed(error(ErrorKind::too_large));
  EXPECT_FALSE(action.retry_after);
  EXPECT_EQ(action.exit_code, exit_code::position_lost);
  EXPECT_NE(action.stop.find("--restart-now"), std::string::npos);
}

TEST(ResumePolicy, StopsForTheRest) {
  EXPECT_EQ(ResumePolicy(1).failed(error(ErrorKind::fenced)).exit_code, exit_code::lease_lost);
  for (const ErrorKind kind : {ErrorKind::fatal, ErrorKind::own_fault}) {
    const ResumeAction action = ResumePolicy(1).failed(error(kind));
    EXPECT_FALSE(action.retry_after);
    EXPECT_EQ(action.exit_code, exit_code::cannot_start);
    EXPECT_NE(action.stop.find("what the server said"), std::string::npos);
  }
}

}  // namespace
}  // namespace sluice::flow
