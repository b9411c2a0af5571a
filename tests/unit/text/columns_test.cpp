#include "text/columns.hpp"

#include <gtest/gtest.h>

namespace sluice::text {
namespace {

TEST(Columns, PadTheNameAndIndentFurtherLines) {
  const std::string long_word(80, 'x');
  EXPECT_EQ(entry("  --a", 10, "one two"), "  --a     one two\n");
  EXPECT_EQ(entry("  --a", 10, "one two " + long_word + " three four five"),
            "  --a     one two " + long_word + "\n          three four five\n");
}

TEST(Columns, ALineIsFilledToTheWidthAndNoFurther) {
  const std::string fits(page_width - 2 - 4, 'x');
  EXPECT_EQ(entry("", 2, "abc " + fits), "  abc " + fits + "\n");
  EXPECT_EQ(entry("", 2, "abc " + fits + "x"), "  abc\n  " + fits + "x\n");
}

TEST(Columns, AWordThatIsTooWideStaysWhole) {
  const std::string wide(page_width + 1, 'x');
  EXPECT_EQ(entry("a ", 2, wide), "a " + wide + "\n");
  EXPECT_EQ(entry("a ", 2, "b " + wide + " c"), "a b\n  " + wide + "\n  c\n");
}

TEST(Columns, ANameBeyondTheIndentIsFollowedAtOnce) {
  EXPECT_EQ(entry("abcdef ", 2, "g"), "abcdef g\n");
}

TEST(Columns, NothingBehindTheName) {
  EXPECT_EQ(entry("a", 1, ""), "a\n");
}

}  // namespace
}  // namespace sluice::text
