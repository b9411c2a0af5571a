#include "text/display_width.hpp"

#include <gtest/gtest.h>

namespace sluice::text {
namespace {

TEST(DisplayWidth, CountsColumnsAndNotBytes) {
  EXPECT_EQ(display_width(""), 0u);
  EXPECT_EQ(display_width("orders"), 6u);
  EXPECT_EQ(display_width("größe"), 5u);
  EXPECT_EQ(display_width("e\u0301te\u0301"), 3u) << "a combining mark stands on its letter";
  EXPECT_EQ(display_width("注文"), 4u);
  EXPECT_EQ(display_width("\U0001F680"), 2u);
  EXPECT_EQ(display_width("\u26A1"), 2u) << "an emoji below U+10000";
  EXPECT_EQ(display_width("\u0928\u0941"), 1u) << "a vowel sign of Devanagari";
  EXPECT_EQ(display_width("a\u200Bb\u2060"), 2u) << "invisible ones";
  EXPECT_EQ(display_width("a\xff\xfe"), 3u) << "what is not UTF-8 is one column a byte";
}

TEST(DisplayWidth, CutsNoCharacterInTwo) {
  EXPECT_EQ(cut("größe", 3), "grö");
  EXPECT_EQ(cut("注文", 3), "注");
  EXPECT_EQ(cut("e\u0301te\u0301", 1), "e\u0301");
  EXPECT_EQ(cut("abc", 9), "abc");
}

TEST(DisplayWidth, ShortensInTheMiddle) {
  EXPECT_EQ(shortened("abcdefghij", 10), "abcdefghij");
  EXPECT_EQ(shortened("abcdefghij", 9), "abcd\u2026ghij");
  EXPECT_EQ(shortened("abcdefghij", 2), "a\u2026");
  EXPECT_EQ(shortened("abcdefghij", 1), "\u2026");
  EXPECT_EQ(shortened("abcdefghij", 0), "");
  EXPECT_EQ(shortened("注文の流れ", 7), "注\u2026流れ");
  EXPECT_EQ(shortened("xe\u0301e\u0301e\u0301y", 3), "x\u2026y") << "no mark without its letter";
  EXPECT_LE(display_width(shortened("注文の流れと在庫", 8)), 8u);
}

TEST(DisplayWidth, AlignsByColumns) {
  EXPECT_EQ(left_aligned("注", 4), "注  ");
  EXPECT_EQ(left_aligned("e\u0301", 3), "e\u0301  ");
  EXPECT_EQ(left_aligned("orders", 3), "orders");
}

}  // namespace
}  // namespace sluice::text
