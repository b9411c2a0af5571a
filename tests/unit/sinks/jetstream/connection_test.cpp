#include "sinks/jetstream/connection.hpp"

#include <gtest/gtest.h>

namespace sluice::sinks::jetstream {
namespace {

TEST(NatsUrl, SaysWhereAServerIs) {
  const auto place = [](std::string_view url) {
    const ServerPlace found = place_of(url);
    return found.host + " " + std::to_string(found.port);
  };
  EXPECT_EQ(place("nats://h:4333"), "h 4333");
  EXPECT_EQ(place("tls://h"), "h 4222");
  EXPECT_EQ(place("h"), "h 4222");
  EXPECT_EQ(place("h:1"), "h 1");
  EXPECT_EQ(place("nats://user:p@ss@h:4333/"), "h 4333");
  EXPECT_EQ(place("nats://[::1]:4333"), "::1 4333");
  EXPECT_EQ(place("nats://token@[2001:db8::1]"), "2001:db8::1 4222");
  EXPECT_EQ(place(""), " 4222");
}

}  // namespace
}  // namespace sluice::sinks::jetstream
