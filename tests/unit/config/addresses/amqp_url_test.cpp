#include "config/addresses/amqp_url.hpp"

#include <gtest/gtest.h>

#include "sluice/config.hpp"
#include "unit/config/load_support.hpp"

namespace sluice::config {
namespace {

TEST(AmqpUrl, SaysWhereAndWho) {
  const AmqpPlace whole = amqp_place("amqp://me:s%40cret%25@broker.local:5673/shop%2Feu");
  EXPECT_FALSE(whole.tls);
  EXPECT_EQ(whole.origins.at(0).host, "broker.local");
  EXPECT_EQ(whole.origins.at(0).port, "5673");
  EXPECT_EQ(whole.user, "me");
  EXPECT_EQ(whole.password, "s@cret%");
  EXPECT_TRUE(whole.has_password);
  EXPECT_EQ(whole.vhost, "shop/eu");
}

TEST(AmqpUrl, NeedsNothingButAHost) {
  const AmqpPlace plain = amqp_place("amqp://broker");
  EXPECT_EQ(plain.origins.at(0).port, "5672");
  EXPECT_EQ(plain.user, "guest");
  EXPECT_EQ(plain.password, "guest");
  EXPECT_EQ(plain.vhost, "/");
  EXPECT_EQ(amqp_place("amqp://broker/").vhost, "/");
  EXPECT_EQ(amqp_place("amqp://me@[::1]:7000/%2F").origins.at(0).host, "::1");
  EXPECT_EQ(amqp_place("amqp://me@[::1]:7000/%2F").vhost, "/");
  EXPECT_EQ(amqp_place("amqp://me@broker").password, "");
  EXPECT_FALSE(amqp_place("amqp://me@broker").has_password);
}

TEST(AmqpUrl, OfAmqpsMeansTls) {
  const AmqpPlace place = amqp_place("amqps://broker");
  EXPECT_TRUE(place.tls);
  EXPECT_EQ(place.origins.at(0).port, "5671");
}

TEST(AmqpUrl, NamesTheNodesOfACluster) {
  const AmqpPlace place = amqp_place("amqp://me:word@one:7000,two,[::1]:7001/shop");
  ASSERT_EQ(place.origins.size(), 3U);
  EXPECT_EQ(place.origins[0].host + " " + place.origins[0].port, "one 7000");
  EXPECT_EQ(place.origins[1].host + " " + place.origins[1].port, "two 5672");
  EXPECT_EQ(place.origins[2].host + " " + place.origins[2].port, "::1 7001");
  EXPECT_EQ(place.vhost, "shop");
  EXPECT_EQ(amqp_place("amqps://one,two").origins.at(1).port, "5671");
}

class NoAmqpUrl : public testing::TestWithParam<const char*> {};

TEST_P(NoAmqpUrl, IsRefused) {
  EXPECT_NE(why_no_amqp_url(GetParam()), "");
}

INSTANTIATE_TEST_SUITE_P(AmqpUrls, NoAmqpUrl,
                         testing::Values("", "host:5672", "http://host", "amqp://", "amqp://:5672",
                                         "amqp://h:0", "amqp://h:65536", "amqp://h:x", "amqp://h/a/b",
                                         "amqp://u:%4@h", "amqp://u:%zz@h", "amqp://h/%zz", "amqp://[::1",
                                         "amqp://@h", "amqp://h,", "amqp://,h", "amqp://h,,h/v",
                                         "amqp://h,h:x", "amqp://h,amqp://h", "amqp://h?heartbeat=5",
                                         "amqp://h/v?heartbeat=5"));

TEST(AmqpUrl, IsShownWithoutThePassword) {
  RabbitConfig config;
  config.url = "amqp://me:hidden@h:5673/v";
  EXPECT_EQ(config.shown_url(), "amqp://me:***@h:5673/v");
}

TEST(AmqpUrl, GoesWithItsFiles) {
  const auto refused = [](const std::string& section, const std::string& why) {
    const std::string said = refusal_of(kSmall + "rabbitmq: {" + section + "}\n");
    EXPECT_NE(said.find(why), std::string::npos) << said;
    EXPECT_EQ(said.find("hidden"), std::string::npos) << said;
  };
  refused("url: 'http://me:hidden@h'", "must begin with amqp://");
  refused("url: 'amqp://h', ca_file: ca", "amqps://");
  refused("url: 'amqp://me:hidden@h:99999/v'", "': the port '99999' of 'h' must be a whole number from 1 to");
  refused("url: 'amqp://me:hidden@h,i:abc'",
          "': the port 'abc' of 'i' must be a whole number from 1 to 65535");
  refused("url: 'amqp://h:70000'", "the port '70000' of 'h' must be");
  refused("url: 'amqp://me:hidden'", "the part after 'me:' must be a port");
  refused("url: 'amqp://me:987654'", "the part after 'me:' must be a port");  // maybe a password
  refused("url: 'amqps://h', cert_file: c", "--rabbitmq-cert-file requires --rabbitmq-key-file");
  refused("url: 'amqp://me:hidden@h', password_file: p", "set only one of them");
  refused("heartbeat_s: 0", "from 1 to 3600");
  EXPECT_EQ(
      loaded_of(kSmall + "rabbitmq: {url: 'amqp://me@h', password_file: p}\n").config.rabbitmq.password_file,
      "p");
}

}  // namespace
}  // namespace sluice::config
