#include "text/url.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sluice::text {
namespace {

TEST(Url, StartsBehindItsScheme) {
  EXPECT_EQ(behind_scheme("nats://h"), 7U);
  EXPECT_EQ(behind_scheme("://h"), 3U);
  EXPECT_EQ(behind_scheme("h:4222"), 0U);
  EXPECT_EQ(behind_scheme(""), 0U);
}

std::string split(std::string_view text) {
  const auto parts = split_host(text);
  if (!parts) return "none";
  return std::string(parts->host) + "|" + std::string(parts->rest) + (parts->bracketed ? "|[]" : "");
}

TEST(Url, SplitsHostAndPort) {
  EXPECT_EQ(split(""), "|");
  EXPECT_EQ(split("h"), "h|");
  EXPECT_EQ(split("h:1"), "h|:1");
  EXPECT_EQ(split("h:"), "h|:");
  EXPECT_EQ(split("::1"), "|::1");
  EXPECT_EQ(split("[::1]"), "::1||[]");
  EXPECT_EQ(split("[::1]:80"), "::1|:80|[]");
  EXPECT_EQ(split("[::1]x"), "::1|x|[]");
  EXPECT_EQ(split("[::1"), "none");
}

TEST(Url, TakesAPortOfDigitsOnly) {
  EXPECT_EQ(parse_port("1"), 1);
  EXPECT_EQ(parse_port("0080"), 80);
  EXPECT_EQ(parse_port("65535"), 65'535);
  for (const std::string_view text : {"", "0", "65536", "-1", "+1", " 1", "1 ", "80x", "x"}) {
    EXPECT_FALSE(parse_port(text)) << text;
  }
}

}  // namespace
}  // namespace sluice::text
