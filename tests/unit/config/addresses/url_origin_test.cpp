#include "config/addresses/url_origin.hpp"

#include <gtest/gtest.h>

#include "sluice/settings.hpp"
#include "unit/refusal.hpp"

namespace sluice::config {
namespace {

std::string refusal(std::string_view url) {
  return test::refusal_of([&] {
    std::string_view rest;
    parse_origin(url, rest);
  });
}

TEST(Origin, IsTheFirstPartOfAUrl) {
  std::string_view rest;
  const UrlOrigin plain = parse_origin("http://hooks.example.com/a/b?c=d", rest);
  EXPECT_FALSE(plain.tls);
  EXPECT_EQ(plain.host, "hooks.example.com");
  EXPECT_EQ(plain.port, "80");
  EXPECT_EQ(rest, "/a/b?c=d");
  EXPECT_EQ(plain.text(), "http://hooks.example.com");
  const UrlOrigin secure = parse_origin("https://h:8443?q", rest);
  EXPECT_TRUE(secure.tls);
  EXPECT_EQ(secure.authority(), "h:8443");
  EXPECT_EQ(rest, "?q");
  EXPECT_EQ(parse_origin("https://h:443", rest), parse_origin("https://h", rest));
  EXPECT_EQ(rest, "");
  EXPECT_EQ(parse_origin("http://[::1]:8080/", rest).host, "::1");
  EXPECT_EQ(parse_origin("http://[::1]:8080/", rest).authority(), "[::1]:8080");
}

TEST(Origin, SaysWhatIsWrong) {
  EXPECT_NE(refusal("hooks.example.com/x").find("begin with http:// or https://"), std::string::npos);
  EXPECT_NE(refusal("ftp://h").find("begin with http"), std::string::npos);
  EXPECT_NE(refusal("http:///x").find("no valid host"), std::string::npos);
  EXPECT_NE(refusal("http://a b/").find("no valid host"), std::string::npos);
  EXPECT_NE(refusal("http://h:/").find("port"), std::string::npos);
  EXPECT_NE(refusal("http://h:99999/").find("port"), std::string::npos);
  EXPECT_NE(refusal("http://[::1/").find("no closing ]"), std::string::npos);
  EXPECT_EQ(
      refusal("https://db1:80x80/a?token=abc"),
      "'https://db1:80x80/a?token=***' is not a URL of a web service: the port '80x80' of 'db1' must be "
      "a whole number from 1 to 65535");
  const std::string with_password = refusal("https://me:secret@h/");
  EXPECT_NE(with_password.find("Authorization header"), std::string::npos);
  EXPECT_EQ(with_password.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace sluice::config
