#include "observe/components.hpp"

#include <gtest/gtest.h>

namespace sluice::observe {
namespace {

TEST(Components, AllUp) {
  const std::vector<Component> all = {{"mongo", true}, {"nats", true}};
  EXPECT_EQ(healthz_reply(all, true).status, 200U);
  EXPECT_EQ(healthz_reply(all, true).body,
            R"({"status":"UP","components":{"mongo":{"status":"UP"},"nats":{"status":"UP"}}})");
  EXPECT_EQ(health_reply(all, true).status, 200U);
  EXPECT_EQ(health_reply(all, true).body, R"({"mongo":"UP","nats":"UP"})");
}

/// A process that waits for its servers is alive: the one page says so, the other does what the connector
/// that had it did.
TEST(Components, OneDown) {
  const std::vector<Component> all = {{"mongo", true}, {"nats", false}};
  EXPECT_EQ(healthz_reply(all, true).status, 200U);
  EXPECT_EQ(healthz_reply(all, true).body,
            R"({"status":"UP","components":{"mongo":{"status":"UP"},"nats":{"status":"DOWN"}}})");
  EXPECT_EQ(health_reply(all, true).status, 503U);
  EXPECT_EQ(health_reply(all, true).body, R"({"mongo":"UP","nats":"DOWN"})");
}

/// Who waits for 200 and then writes finds every document published.
TEST(Components, NotStartedYet) {
  const std::vector<Component> all = {{"mongo", true}, {"nats", true}};
  EXPECT_EQ(healthz_reply(all, false).status, 503U);
  EXPECT_EQ(healthz_reply(all, false).body,
            R"({"status":"DOWN","components":{"mongo":{"status":"UP"},"nats":{"status":"UP"}}})");
  EXPECT_EQ(health_reply(all, false).status, 503U);
}

}  // namespace
}  // namespace sluice::observe
