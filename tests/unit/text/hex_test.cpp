#include "text/hex.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace sluice::text {
namespace {

TEST(Hex, WritesBytesInLowercase) {
  const std::array<std::uint8_t, 4> bytes{0, 0x0a, 0xb0, 0xff};
  std::string out = "x";
  append_hex(out, bytes.data(), bytes.size());
  EXPECT_EQ(out, "x000ab0ff");
  append_hex(out, "\\x", 0x1b);
  EXPECT_EQ(out, "x000ab0ff\\x1b");
}

TEST(Hex, HasBothCasesOfAByte) {
  EXPECT_EQ(hex_digits(0x0F), (std::array<char, 2>{'0', 'f'}));
  EXPECT_EQ(upper_hex_digits(0xAF), (std::array<char, 2>{'A', 'F'}));
}

TEST(Hex, WritesANumberWithItsLeadingZeros) {
  EXPECT_EQ(hex(0), "0000000000000000");
  EXPECT_EQ(hex(0x9E3779B97F4A7C15), "9e3779b97f4a7c15");
}

TEST(Hex, ReadsWhatIsAllDigits) {
  EXPECT_EQ(parse_hex("0"), 0U);
  EXPECT_EQ(parse_hex("aF"), 0xAFU);
  EXPECT_EQ(parse_hex("ffffffffffffffff"), std::numeric_limits<std::uint64_t>::max());
  for (const std::string_view text : {"", "-1", "+1", " 1", "1 ", "0x1", "g", "10000000000000000"}) {
    EXPECT_FALSE(parse_hex(text)) << text;
  }
}

}  // namespace
}  // namespace sluice::text
