#include "bson/text.hpp"

#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "bson/raii.hpp"
#include "unit/bson/seed.hpp"

namespace sluice::bson {
namespace {

/// The text of `v` in a document of Extended JSON.
std::string text(const std::string& json) {
  Document document;
  bson_error_t error;
  const std::string whole = R"({"v":)" + json + "}";
  EXPECT_TRUE(bson_init_from_json(document.out(), whole.data(), static_cast<ssize_t>(whole.size()), &error))
      << error.message << " in " << json;
  return text_of(View(*document.get()).at("v"));
}

std::string number(double value) {
  std::string out;
  append_number(out, value);
  return out;
}

std::string date(std::int64_t ms) {
  std::string out;
  append_date(out, ms);
  return out;
}

TEST(Text, OfNumbers) {
  EXPECT_EQ(number(20260000123.0), "20260000123");
  EXPECT_EQ(number(1234567.0), "1234567");
  EXPECT_EQ(number(-5), "-5");
  EXPECT_EQ(number(0), "0");
  EXPECT_EQ(number(-0.0), "0");
  EXPECT_EQ(number(9007199254740992.0), "9007199254740992");
  EXPECT_EQ(number(1e15), "1000000000000000");
  EXPECT_EQ(number(19.99), "19.99");
  EXPECT_EQ(number(0.1), "0.1");
  EXPECT_EQ(number(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(number(5e-324), "5e-324");
  EXPECT_EQ(number(1e300), "1e+300");
  EXPECT_EQ(number(NAN), "NaN");
  EXPECT_EQ(number(-INFINITY), "-Infinity");
  EXPECT_EQ(text("5"), "5");
  EXPECT_EQ(text(R"({"$numberLong":"-9223372036854775808"})"), "-9223372036854775808");
  EXPECT_EQ(text(R"({"$numberDecimal":"19.99"})"), "19.99");
  EXPECT_EQ(text(R"({"$numberDecimal":"-Infinity"})"), "-Infinity");
}

TEST(Text, OfDoublesReadsBack) {
  const std::uint64_t seed = test::seed();
  SCOPED_TRACE(test::seed_line(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t bits = random();
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    const std::string shown = number(value);
    double again = 0;
    std::from_chars(shown.data(), shown.data() + shown.size(), again);
    ASSERT_EQ(again, value) << shown;
  }
}

TEST(Text, OfDates) {
  EXPECT_EQ(date(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(date(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(date(1'772'368'200'250), "2026-03-01T12:30:00.250Z");
  EXPECT_EQ(date(253'402'300'799'999), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(date(253'402'300'800'000), "+010000-01-01T00:00:00.000Z");
  EXPECT_EQ(date(-62'167'219'200'000), "0000-01-01T00:00:00.000Z");
  EXPECT_EQ(date(-62'167'219'200'001), "-000001-12-31T23:59:59.999Z");
  EXPECT_EQ(date(std::numeric_limits<std::int64_t>::max()), "+292278994-08-17T07:12:55.807Z");
  EXPECT_EQ(date(std::numeric_limits<std::int64_t>::min()), "-292275055-05-16T16:47:04.192Z");
}

TEST(Text, OfIdsAndTheRest) {
  EXPECT_EQ(text(R"("text")"), "text");
  EXPECT_EQ(text("true"), "true");
  EXPECT_EQ(text("null"), "null");
  EXPECT_EQ(text(R"({"$oid":"0123456789abcdef01234567"})"), "0123456789abcdef01234567");
  EXPECT_EQ(text(R"({"$binary":{"base64":"ABEiM0RVZneImaq7zN3u/w==","subType":"04"}})"),
            "00112233-4455-6677-8899-aabbccddeeff");
  // Of another subtype it is none, and must not have the text of one.
  EXPECT_EQ(text(R"({"$binary":{"base64":"ABEiM0RVZneImaq7zN3u/w==","subType":"00"}})"),
            R"({"$binary":{"base64":"ABEiM0RVZneImaq7zN3u/w==","subType":"00"}})");
  EXPECT_EQ(text(R"({"t":"a","n":[1,0.5]})"), R"({"t":"a","n":[1,0.5]})");
  EXPECT_EQ(text(R"({"$timestamp":{"t":5,"i":7}})"), R"({"$timestamp":{"t":5,"i":7}})");
  EXPECT_EQ(text(R"({"$minKey":1})"), R"({"$minKey":1})");
}

/// Two texts that differ only in bytes that are not UTF-8 stay different, in documents, too.
TEST(Text, KeepsBytesThatAreNotUtf8) {
  for (const std::string byte : {"\xff", "\xfe"}) {
    Document inner;
    bson_append_utf8(inner.get(), "t", 1, byte.data(), 1);
    Document outer;
    bson_append_utf8(outer.get(), "v", 1, byte.data(), 1);
    bson_append_document(outer.get(), "d", 1, inner.get());
    EXPECT_EQ(text_of(View(*outer.get()).at("v")), byte);
    EXPECT_EQ(text_of(View(*outer.get()).at("d")), R"({"t":")" + byte + R"("})");
  }
}

}  // namespace
}  // namespace sluice::bson
