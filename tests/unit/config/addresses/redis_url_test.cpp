#include "config/addresses/redis_url.hpp"

#include <gtest/gtest.h>

#include "sluice/config.hpp"

namespace sluice::config {
namespace {

TEST(RedisUrl, SaysWhereAndWho) {
  const RedisPlace whole = redis_place("redis://me:s%40cret%25@cache.local:6380/3");
  EXPECT_EQ(whole.host, "cache.local");
  EXPECT_EQ(whole.port, 6380);
  EXPECT_EQ(whole.user, "me");
  EXPECT_EQ(whole.password, "s@cret%");
  EXPECT_EQ(whole.database, 3);
}

TEST(RedisUrl, NeedsNothingButAHost) {
  const RedisPlace plain = redis_place("redis://cache");
  EXPECT_EQ(plain.host, "cache");
  EXPECT_EQ(plain.port, 6379);
  EXPECT_EQ(plain.user + plain.password, "");
  EXPECT_EQ(plain.database, 0);
  EXPECT_EQ(redis_place("redis://:pw@[::1]:7000/").host, "::1");
  EXPECT_EQ(redis_place("redis://:pw@[::1]:7000/").password, "pw");
  EXPECT_EQ(redis_place("redis://[::1]").port, 6379);
}

/// A password that was not percent-encoded may hold what separates the parts.
TEST(RedisUrl, EndsThePasswordAtTheLastAt) {
  EXPECT_EQ(redis_place("redis://u:p@/:x@host:1").password, "p@/:x");
  EXPECT_EQ(redis_place("redis://u:p@/:x@host:1").host, "host");
}

class NoRedisUrl : public testing::TestWithParam<const char*> {};

TEST_P(NoRedisUrl, IsRefused) {
  EXPECT_NE(why_no_redis_url(GetParam()), "");
}

INSTANTIATE_TEST_SUITE_P(RedisUrls, NoRedisUrl,
                         testing::Values("", "host:6379", "http://host", "redis://", "redis://:6379",
                                         "redis:///1", "redis://h:0", "redis://h:65536", "redis://h:x",
                                         "redis://h:", "redis://h/x", "redis://h/-1", "redis://h/1/2",
                                         "redis://u:%4@h", "redis://u:%zz@h", "redis://[::1",
                                         "redis://[::1]x", "rediss://host"));

TEST(RedisUrl, SaysWhatToDoForTls) {
  EXPECT_NE(why_no_redis_url("rediss://host").find("stunnel"), std::string::npos);
}

TEST(RedisUrl, IsShownWithoutItsPassword) {
  RedisConfig config;
  config.url = "redis://me:secret@host/1";
  EXPECT_EQ(config.shown_url(), "redis://me:***@host/1");
}

}  // namespace
}  // namespace sluice::config
