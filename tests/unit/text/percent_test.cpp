#include "text/percent.hpp"

#include <gtest/gtest.h>

namespace sluice::text {
namespace {

std::string encoded(char byte) {
  const auto out = percent_encoded(byte);
  return {out.data(), out.size()};
}

TEST(Percent, WritesAByteInUppercase) {
  EXPECT_EQ(encoded(' '), "%20");
  EXPECT_EQ(encoded('\0'), "%00");
  EXPECT_EQ(encoded('\xfe'), "%FE");
}

TEST(Percent, ReadsEitherCaseAndLeavesTheRest) {
  EXPECT_EQ(percent_decoded(""), "");
  EXPECT_EQ(percent_decoded("a+b/c"), "a+b/c");
  EXPECT_EQ(percent_decoded("%2f%2F%25%00"), std::string("//%\0", 4));
  EXPECT_EQ(percent_decoded("%C3%bc"), "\u00fc");
}

TEST(Percent, RefusesAPercentSignWithoutTwoDigits) {
  for (const std::string_view text : {"%", "%4", "a%4", "%zz", "%4z", "%-1", "%%20", "100%"}) {
    EXPECT_FALSE(percent_decoded(text)) << text;
  }
}

TEST(Percent, ReadsBackEveryByteThatItWrites) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    EXPECT_EQ(percent_decoded(encoded(c)), std::string(1, c)) << byte;
  }
}

}  // namespace
}  // namespace sluice::text
