#include "text/printable.hpp"

#include <gtest/gtest.h>

#include <random>

#include "text/utf8.hpp"

namespace sluice::text {
namespace {

using namespace std::string_literals;

TEST(Printable, EscapesWhatATerminalWouldObey) {
  EXPECT_EQ(printable("a\nb\rc\td"), "a\\nb\\rc\\td");
  EXPECT_EQ(printable("\x1b[31mred\x07\0end"s), "\\x1b[31mred\\x07\\x00end");
  EXPECT_EQ(printable("\x7f"), "\\x7f");
  EXPECT_EQ(printable("\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0"), "\\u0080\\u009b\\u009f\xc2\xa0");
}

TEST(Printable, ShowsBytesThatAreNotUtf8ByTheirNumbers) {
  EXPECT_EQ(printable("\xff\x9b"), "\\xff\\x9b");
  EXPECT_EQ(printable("\xc3"), "\\xc3");                    // cut short
  EXPECT_EQ(printable("\xc0\x8a"), "\\xc0\\x8a");           // an overlong newline
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
}

TEST(Printable, LeavesTextAsItIs) {
  EXPECT_EQ(printable(""), "");
  EXPECT_EQ(printable("plain \\d {\"a\":1}"), "plain \\d {\"a\":1}");
  EXPECT_EQ(printable("Zürich 東京 😀"), "Zürich 東京 😀");
}

TEST(Printable, TextOfSeveralLinesKeepsThem) {
  EXPECT_EQ(printable_lines("a:\n\tb\x1b[0m\r\n"), "a:\n\tb\\x1b[0m\\r\n");
}

TEST(Printable, JsonStaysJson) {
  EXPECT_EQ(printable_json("{\"a\": \"\x7f\xc2\x9b\xff é\"}"), "{\"a\": \"\\u007f\\u009b\uFFFD é\"}");
}

TEST(Printable, NoBytesGetThrough) {
  std::minstd_rand random(7);
  for (int round = 0; round < 10'000; ++round) {
    std::string text;
    for (std::size_t i = random() % 12; i > 0; --i) text += static_cast<char>(random() % 256);
    const std::string safe = printable(text);
    EXPECT_TRUE(is_printable(safe));
    EXPECT_EQ(is_printable(text), safe == text);
    for (std::size_t i = 0; i < safe.size();) {
      const std::size_t length = text::character_size(std::string_view(safe).substr(i));
      ASSERT_NE(length, 0u);
      i += length;
    }
  }
}

}  // namespace
}  // namespace sluice::text
