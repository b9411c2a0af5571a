#include "source/id_hash.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "unit/bson/json.hpp"

namespace sluice::source {
namespace {

class IdHasherTest : public testing::Test {
 protected:
  std::int64_t hash(const std::string& id) { return hasher_.hash(store_.value(id)); }

  test::Store store_;
  IdHasher hasher_;
};

/// As mongod 6.0.5 gives them.
TEST_F(IdHasherTest, GivesTheServersHashes) {
  EXPECT_EQ(hash("42"), 944302157085130861);
  EXPECT_EQ(hash("null"), 2338878944348059895);
  EXPECT_EQ(hash(R"("text")"), 1947863280617072965);
  EXPECT_EQ(hash(R"({"$oid":"650000000000000000000001"})"), 5283791161192588196);
  EXPECT_EQ(hash("true"), 6405873908747105701);
  EXPECT_EQ(hash(R"({"$date":"2026-03-01T12:30:00Z"})"), 6127096546937758358);
  EXPECT_EQ(hash(R"({"$binary":{"base64":"AAAA","subType":"00"}})"), 6346069502789013185);
  EXPECT_EQ(hash(R"({"$minKey":1})"), 7961148599568647290);
  EXPECT_EQ(hash(R"({"a":1,"b":{"c":["x",null]}})"), 2652988601660463515);
  EXPECT_EQ(hash(R"({"$code":"f","$scope":{"x":1}})"), 8887691892372249048);
}

TEST_F(IdHasherTest, TakesNumbersAsWholeOnes) {
  const std::int64_t one = hash("1");
  for (const char* number : {R"({"$numberLong":"1"})", "1.0", "1.9", R"({"$numberDecimal":"1.00"})",
                             R"({"$numberDecimal":"1.4"})", R"({"$numberDecimal":"0.51"})"}) {
    EXPECT_EQ(hash(number), one) << number;
  }
  EXPECT_EQ(hash(R"({"$numberDecimal":"1.5"})"), hash("2"));
  EXPECT_EQ(hash(R"({"$numberDecimal":"2.5"})"), hash("2"));
  EXPECT_EQ(hash(R"({"$numberDouble":"NaN"})"), hash("0"));
  EXPECT_EQ(hash(R"({"$numberDecimal":"NaN"})"), hash("0"));
  EXPECT_EQ(hash("-0.9"), hash("0"));
}

TEST_F(IdHasherTest, SaturatesNumbersThatAreTooLarge) {
  const std::int64_t most = hash(R"({"$numberLong":"9223372036854775807"})");
  const std::int64_t least = hash(R"({"$numberLong":"-9223372036854775808"})");
  EXPECT_EQ(hash("1e300"), most);
  EXPECT_EQ(hash(R"({"$numberDouble":"Infinity"})"), most);
  EXPECT_EQ(hash(R"({"$numberDecimal":"1E+6000"})"), most);
  EXPECT_EQ(hash(R"({"$numberDecimal":"9223372036854775808"})"), most);
  EXPECT_EQ(hash("-1e300"), least);
  EXPECT_EQ(hash(R"({"$numberDecimal":"-Infinity"})"), least);
  EXPECT_EQ(hash("9223372036854775808.0"), least);  // 2^63 alone goes the other way
}

TEST_F(IdHasherTest, TellsNestedValuesApartByNameTypeAndEnd) {
  const std::vector<std::string> different = {"{}",
                                              "[]",
                                              R"({"a":1})",
                                              R"({"b":1})",
                                              R"({"a":"1"})",
                                              R"({"a":{"b":1},"c":1})",
                                              R"({"a":{"b":1,"c":1}})"};
  for (std::size_t i = 0; i < different.size(); ++i) {
    for (std::size_t j = i + 1; j < different.size(); ++j)
      EXPECT_NE(hash(different[i]), hash(different[j])) << different[i] << " " << different[j];
  }
}

TEST_F(IdHasherTest, GivesAnAbsentIdTheHashOfNull) {
  EXPECT_EQ(hasher_.hash({}), hash("null"));
}

TEST_F(IdHasherTest, IsTheSameAroundTheSizeOfItsBuffer) {
  EXPECT_EQ(hash('"' + std::string(255, 'x') + '"'), 7371945379946830552);
  EXPECT_EQ(hash('"' + std::string(256, 'x') + '"'), 2055120297688418989);
  EXPECT_EQ(hash('"' + std::string(5000, 'x') + '"'), 6517846672974394531);
}

TEST_F(IdHasherTest, EndsOnDocumentsThatNestWithoutEnd) {
  constexpr int levels = 100'000;
  std::vector<std::uint8_t> bytes;
  for (int i = levels; i > 0; --i) {
    const auto size = static_cast<std::uint32_t>(i * 8 + 5);
    for (int byte = 0; byte < 4; ++byte) bytes.push_back(static_cast<std::uint8_t>(size >> (8 * byte)));
    bytes.insert(bytes.end(), {BSON_TYPE_DOCUMENT, 'a', 0});
  }
  bytes.insert(bytes.end(), {5, 0, 0, 0, 0});
  bytes.insert(bytes.end(), levels, 0);
  EXPECT_EQ(hasher_.hash(bson::View(bytes.data(), bytes.size()).as_value()),
            hasher_.hash(bson::View(bytes.data(), bytes.size()).as_value()));
}

TEST_F(IdHasherTest, OnesOfDifferentThreadsDoNotDisturbEachOther) {
  const bson::Value id = store_.value("42");
  const std::int64_t expected = hasher_.hash(id);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      IdHasher own;
      for (int round = 0; round < 1000; ++round) EXPECT_EQ(own.hash(id), expected);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace sluice::source
