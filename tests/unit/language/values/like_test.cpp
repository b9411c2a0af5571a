#include "language/values/like.hpp"

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

TEST(Like, HasPiecesWhereNoLetterIsAny) {
  using Pieces = std::vector<std::string>;
  EXPECT_EQ(like_pieces("abc", 0), (Pieces{"abc"}));
  EXPECT_EQ(like_pieces("%a%b", 0), (Pieces{"", "a", "b"}));
  EXPECT_EQ(like_pieces("5!%!!!_%", '!'), (Pieces{"5%!_", ""}));
  EXPECT_EQ(like_pieces("a_", 0), std::nullopt);
}

}  // namespace
}  // namespace sluice::language
