#include "language/like.hpp"

#include <gtest/gtest.h>

namespace sluice::language {
namespace {

TEST(Like, BecomesARegularExpression) {
  EXPECT_EQ(like_regex("abc", 0), "^abc\\z");
  EXPECT_EQ(like_regex("a%", 0), "^a");
  EXPECT_EQ(like_regex("%a", 0), "^.*a\\z");
  EXPECT_EQ(like_regex("a_c", 0), "^a.c\\z");
  EXPECT_EQ(like_regex("%a%b%", 0), "^(?>.*?a)(?>.*?b)");
  EXPECT_EQ(like_regex("%%", 0), "^");
  EXPECT_EQ(like_regex("", 0), "^\\z");
}

TEST(Like, TakesEverythingElseForItself) {
  EXPECT_EQ(like_regex("a.c*", 0), "^a\\x2Ec\\x2A\\z");
  EXPECT_EQ(like_regex("\\%", 0), "^\\x5C");
  EXPECT_EQ(like_regex("\xc3\xbc", 0), "^\xc3\xbc\\z");
  EXPECT_EQ(like_regex("5!%!!!_", '!'), "^5\\x25\\x21\\x5F\\z");
  EXPECT_EQ(like_regex("!a", '!'), std::nullopt);
  EXPECT_EQ(like_regex("a!", '!'), std::nullopt);
}

}  // namespace
}  // namespace sluice::language
