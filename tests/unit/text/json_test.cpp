#include "text/json.hpp"

#include <gtest/gtest.h>

namespace sluice::text {
namespace {

struct Text {
  std::string raw;
  std::string json;
};

class JsonText : public testing::TestWithParam<Text> {};

TEST_P(JsonText, IsEscaped) {
  EXPECT_EQ(json_text(GetParam().raw), '"' + GetParam().json + '"');
}

INSTANTIATE_TEST_SUITE_P(Observe, JsonText,
                         testing::Values(Text{"", ""}, Text{"plain", "plain"}, Text{"a\"b\\c", "a\\\"b\\\\c"},
                                         Text{"a\nb\rc\td\be\ff", "a\\nb\\rc\\td\\be\\ff"},
                                         Text{std::string("a\0b", 3), "a\\u0000b"},
                                         Text{"\x1b[31m\x7f", "\\u001b[31m\\u007f"},
                                         Text{"gr\u00fc\u00df", "gr\u00fc\u00df"},
                                         Text{"\u20ac \U0001F600", "\u20ac \U0001F600"}, Text{"/", "/"}));

// The Unicode standard's own classes of bad sequences: each bad byte becomes one U+FFFD.
INSTANTIATE_TEST_SUITE_P(ObserveBadUtf8, JsonText,
                         testing::Values(Text{"\xff", "\uFFFD"}, Text{"a\x80z", "a\uFFFDz"},
                                         Text{"\xc3", "\uFFFD"}, Text{"\xc3(", "\uFFFD("},
                                         Text{"\xc0\xaf", "\uFFFD\uFFFD"}, Text{"\xe2\x82", "\uFFFD\uFFFD"},
                                         Text{"\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD"},
                                         Text{"\xe0\x80\x80", "\uFFFD\uFFFD\uFFFD"},
                                         Text{"\xf0\x9f\x98", "\uFFFD\uFFFD\uFFFD"},
                                         Text{"\xf4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
                                         Text{"\xf5", "\uFFFD"}, Text{"\xc3\"", "\uFFFD\\\""}));

TEST(JsonEscape, DecidesWhatBecomesOfControlsAndInvalidBytes) {
  const std::string text = "\n\x01\x7f\u009b\u00e9\xff\"";
  EXPECT_EQ(json_text(text, JsonEscape::terminal), "\"\\n\\u0001\\u007f\\u009b\u00e9\uFFFD\\\"\"");
  EXPECT_EQ(json_text(text, JsonEscape::replace_invalid), "\"\\n\\u0001\x7f\u009b\u00e9\uFFFD\\\"\"");
  EXPECT_EQ(json_text(text, JsonEscape::keep_invalid), "\"\\n\\u0001\x7f\u009b\u00e9\xff\\\"\"");
}

/// Every piece stands for itself alone, too: text that is plain is only a way to be fast.
TEST(JsonEscape, EscapesOneCharacterAsItEscapesARun) {
  for (const JsonEscape escape :
       {JsonEscape::terminal, JsonEscape::replace_invalid, JsonEscape::keep_invalid}) {
    std::string whole;
    std::string pieces = "\"";
    for (int byte = 0; byte < 0x100; ++byte) whole += {static_cast<char>(byte), 'a'};
    whole += "\u009b\u00e9\u20ac\U0001F600";
    for (std::string_view rest = whole; !rest.empty();) {
      const JsonPiece piece = json_piece(rest, escape);
      pieces += piece.view();
      rest.remove_prefix(piece.taken);
    }
    EXPECT_EQ(json_text(whole, escape), pieces + '"');
  }
}

}  // namespace
}  // namespace sluice::text
