#include "text/port.hpp"

#include <gtest/gtest.h>

namespace sluice::text {
namespace {

TEST(Ports, AreTakenFromHosts) {
  std::string_view place = "db1:27017";
  std::optional<std::uint16_t> port;
  EXPECT_EQ(take_port(place, port, false), "");
  EXPECT_EQ(place, "db1");
  EXPECT_EQ(port, 27017);
  place = "[::1]";
  port = std::nullopt;
  EXPECT_EQ(take_port(place, port, false), "");
  EXPECT_EQ(place, "::1");
  EXPECT_FALSE(port);
}

TEST(Ports, OfEachHostInAUrlAreChecked) {
  for (const char* url : {"mongodb://h", "mongodb://h:1,i,[::1]:65535/db?a=b:c", "nats://u:p:q@h:4222", "h:1",
                          "mongodb://u:sec/ret@h/", "mongodb://u:sec?ret@h:1/", "mongodb://%2Ftmp%2Fa.sock",
                          "mongodb://h/?appName=a@b:c"}) {
    EXPECT_EQ(why_no_ports(url), "") << url;
  }
  EXPECT_EQ(why_no_ports("mongodb://127.0.0.1:27o17"),
            "the port '27o17' of '127.0.0.1' must be a whole number from 1 to 65535");
  EXPECT_EQ(why_no_ports("mongodb://h:1,i:70000/?appName=a@b"),
            "the port '70000' of 'i' must be a whole number from 1 to 65535");
  EXPECT_EQ(why_no_ports("nats://u:p@h:abc"), "the port 'abc' of 'h' must be a whole number from 1 to 65535");
  EXPECT_EQ(why_no_ports("nats://[::1]:x"), "the port 'x' of '[::1]' must be a whole number from 1 to 65535");
  EXPECT_EQ(why_no_ports("nats://h:"), "the port after 'h:' is missing");
  EXPECT_EQ(why_no_ports("nats://[::1]4222"), "only a colon and a port may follow [::1]");
  EXPECT_EQ(why_no_ports("nats://[::1:4222"), "the IPv6 address has no closing ]");
}

TEST(Ports, ThatMayBePasswordsAreNotShown) {
  EXPECT_EQ(why_no_ports("mongodb://me:hidden"),
            "the part after 'me:' must be a port, a whole number from 1 to 65535");
  for (const char* password : {"hidden", "987654", "12ab", "x", "1x", "4222xy"}) {
    EXPECT_TRUE(may_be_password("me", password)) << password;
    EXPECT_FALSE(may_be_password("10.0.0.1", password)) << password;
    EXPECT_FALSE(may_be_password("localhost", password)) << password;
  }
  for (const char* port : {"", "0", "4222", "70000", "4222x", "27o17", "27017x"}) {
    EXPECT_FALSE(may_be_password("me", port)) << port;
  }
}

}  // namespace
}  // namespace sluice::text
