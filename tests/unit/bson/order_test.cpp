#include "bson/order.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "unit/bson/json.hpp"

namespace sluice::bson {
namespace {

std::weak_ordering order(const std::string& a, const std::string& b) {
  test::Store store;
  return server_order(store.value(a), store.value(b));
}

/// The list that the server gives when it sorts these.
const std::vector<std::string> ascending = {
    R"({"$minKey":1})",
    "null",
    R"({"$numberDouble":"NaN"})",
    R"({"$numberDouble":"-Infinity"})",
    R"({"$numberDecimal":"-1E+6000"})",
    R"({"$numberLong":"-9223372036854775808"})",
    "-2.5",
    R"({"$numberDecimal":"-2.4"})",
    "-1",
    R"({"$numberDecimal":"-1E-3"})",
    "0",
    R"({"$numberDecimal":"1E-3"})",
    "0.25",
    "1",
    R"({"$numberDecimal":"1.5"})",
    "9",
    "10",
    R"({"$numberLong":"9007199254740993"})",
    R"({"$numberDouble":"9007199254740994"})",
    R"({"$numberLong":"9223372036854775807"})",
    R"({"$numberDouble":"9.3e18"})",
    R"({"$numberDecimal":"9.4E+18"})",
    R"({"$numberDouble":"Infinity"})",
    R"("")",
    R"("Z")",
    R"("a")",
    R"("a\u0000")",
    R"("aa")",
    R"("ä")",
    "{}",
    R"({"a":1})",
    R"({"a":1,"b":1})",
    R"({"a":2})",
    R"({"b":1})",
    R"({"a":"x"})",
    R"({"a":{"b":1}})",
    R"([1])",
    R"([1,2])",
    R"([2])",
    R"({"$binary":{"base64":"","subType":"00"}})",
    R"({"$binary":{"base64":"/w==","subType":"00"}})",
    R"({"$binary":{"base64":"AA==","subType":"05"}})",
    R"({"$binary":{"base64":"AAA=","subType":"00"}})",
    R"({"$oid":"000000000000000000000001"})",
    R"({"$oid":"ff0000000000000000000000"})",
    "false",
    "true",
    R"({"$date":{"$numberLong":"-1"}})",
    R"({"$date":{"$numberLong":"1"}})",
    R"({"$timestamp":{"t":1,"i":9}})",
    R"({"$timestamp":{"t":4294967295,"i":1}})",
    R"({"$regularExpression":{"pattern":"a","options":""}})",
    R"({"$regularExpression":{"pattern":"a","options":"i"}})",
    R"({"$regularExpression":{"pattern":"b","options":""}})",
    R"({"$maxKey":1})",
};

TEST(ServerOrder, SortsValuesOfAllTypesAsTheServerDoes) {
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    for (std::size_t j = 0; j < ascending.size(); ++j) {
      EXPECT_EQ(order(ascending[i], ascending[j]), i <=> j) << ascending[i] << " and " << ascending[j];
    }
  }
}

TEST(ServerOrder, HoldsNumbersOfAllTypesEqual) {
  const std::vector<std::string> ones = {"1", R"({"$numberLong":"1"})", R"({"$numberDouble":"1.0"})",
                                         R"({"$numberDecimal":"1.00"})", R"({"$numberDecimal":"10E-1"})"};
  for (const auto& a : ones) {
    for (const auto& b : ones) EXPECT_EQ(order(a, b), std::weak_ordering::equivalent) << a << " and " << b;
  }
  EXPECT_EQ(order("0", R"({"$numberDecimal":"-0E+5"})"), std::weak_ordering::equivalent);
  EXPECT_EQ(order(R"({"$numberDouble":"NaN"})", R"({"$numberDecimal":"NaN"})"),
            std::weak_ordering::equivalent);
  EXPECT_EQ(order(R"({"a":{"b":1}})", R"({"a":{"b":{"$numberLong":"1"}}})"), std::weak_ordering::equivalent);
}

}  // namespace
}  // namespace sluice::bson
