#include "text/utf8.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

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

TEST(Utf8, WritesAndReadsTheFirstAndLastCodePointOfEachLength) {
  for (const auto& [code, bytes] : {std::pair<std::uint32_t, std::string>{0x00, std::string(1, '\0')},
                                    {0x7F, "\x7F"},
                                    {0x80, "\xC2\x80"},
                                    {0x7FF, "\xDF\xBF"},
                                    {0x800, "\xE0\xA0\x80"},
                                    {0xFFFF, "\xEF\xBF\xBF"},
                                    {0x10000, "\xF0\x90\x80\x80"},
                                    {0x10FFFF, "\xF4\x8F\xBF\xBF"}}) {
    std::string out;
    append_utf8(out, code);
    EXPECT_EQ(out, bytes);
    EXPECT_EQ(code_point(bytes), code);
  }
}

TEST(Utf8, CountsCharacters) {
  EXPECT_EQ(character_count(""), 0U);
  EXPECT_EQ(character_count("a\u00e9\u20ac\U0001F600"), 4U);
}

TEST(Utf8, ShortensBetweenCharacters) {
  EXPECT_EQ(cut_to_bytes("abcdef", 6), "abcdef");
  EXPECT_EQ(cut_to_bytes("abcdefg", 6), "abc...");
  EXPECT_EQ(cut_to_bytes("ab\u00e9fgh", 6), "ab...");
  EXPECT_EQ(cut_to_bytes("\U0001F600\U0001F600", 6), "...");
}

}  // namespace
}  // namespace sluice::text
