#include "sinks/redis/answer.hpp"

#include <gtest/gtest.h>

namespace sluice::sinks::redis {
namespace {

struct Case {
  const char* answer;
  ErrorKind kind;
};

class RedisRefusals : public testing::TestWithParam<Case> {};

/// Only what is wrong with the command itself is its own fault; nothing else may end as a dead letter.
TEST_P(RedisRefusals, AreKnownByWhatTheyAskFor) {
  const Error error = refusal(GetParam().answer);
  EXPECT_EQ(error.kind, GetParam().kind) << name_of(error.kind);
  EXPECT_EQ(error.message.rfind("Redis: " + std::string(GetParam().answer), 0), 0u) << error.message;
}

INSTANTIATE_TEST_SUITE_P(
    Answers, RedisRefusals,
    testing::Values(Case{"LOADING Redis is loading the dataset in memory", ErrorKind::unavailable},
                    Case{"READONLY You can't write against a read only replica.", ErrorKind::unavailable},
                    Case{"MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
                         ErrorKind::unavailable},
                    Case{"CLUSTERDOWN The cluster is down", ErrorKind::unavailable},
                    Case{"BUSY Redis is busy running a script.", ErrorKind::unavailable},
                    Case{"OOM command not allowed when used memory > 'maxmemory'.", ErrorKind::unavailable},
                    Case{"MISCONF Redis is configured to save RDB snapshots", ErrorKind::unavailable},
                    Case{"MOVED 3999 127.0.0.1:6381", ErrorKind::unavailable},
                    Case{"ERR max number of clients reached", ErrorKind::unavailable},
                    Case{"ERR unknown command 'UNLINK', with args beginning with: ", ErrorKind::unavailable},
                    Case{"SOMETHINGNEW nobody has heard of", ErrorKind::unavailable},
                    Case{"", ErrorKind::unavailable},
                    Case{"NOAUTH Authentication required.", ErrorKind::denied},
                    Case{"WRONGPASS invalid username-password pair or user is disabled.", ErrorKind::denied},
                    Case{"NOPERM this user has no permissions to run the 'set' command", ErrorKind::denied},
                    Case{"ERR invalid password", ErrorKind::denied},
                    Case{"WRONGTYPE Operation against a key holding the wrong kind of value",
                         ErrorKind::own_fault},
                    Case{"ERR Protocol error: invalid bulk length", ErrorKind::own_fault},
                    Case{"ERR syntax error", ErrorKind::own_fault}));

TEST(RedisRefusalTexts, SayWhatToDo) {
  EXPECT_NE(refusal("OOM command not allowed").message.find("maxmemory-policy"), std::string::npos);
  EXPECT_NE(refusal("READONLY You can't").message.find("use the master's URL"), std::string::npos);
}

}  // namespace
}  // namespace sluice::sinks::redis
