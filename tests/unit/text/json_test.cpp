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
                                         Text{"a\nb\rc\td", "a\\nb\\rc\\td"},
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

}  // namespace
}  // namespace sluice::text
