#include "text/utf8.hpp"

#include <gtest/gtest.h>

namespace sluice::text {
namespace {

TEST(Utf8, TellsTheLengthOfACharacter) {
  EXPECT_EQ(character_size("a"), 1u);
  EXPECT_EQ(character_size(std::string_view("\0", 1)), 1u);
  EXPECT_EQ(character_size("\xC2\x80"), 2u);
  EXPECT_EQ(character_size("\xE0\xA0\x80z"), 3u);
  EXPECT_EQ(character_size("\xED\x9F\xBF"), 3u);
  EXPECT_EQ(character_size("\xF0\x90\x80\x80"), 4u);
  EXPECT_EQ(character_size("\xF4\x8F\xBF\xBF"), 4u);
}

TEST(Utf8, RefusesWhatIsCutShortOverlongASurrogateOrTooHigh) {
  for (const std::string_view text :
       {"", "\x80", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2z", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xE1\x80",
        "\xE1\x80z", "\xED\xA0\x80", "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF", "\xF1\x80\x80", "\xF1\x80\x80z",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_EQ(character_size(text), 0u) << text;
  }
}

TEST(Utf8, OfAWholeText) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("caf\u00e9 \u20ac \U0001F600"));
  EXPECT_FALSE(is_utf8("caf\xe9"));
}

}  // namespace
}  // namespace sluice::text
