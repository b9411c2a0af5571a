#include <gtest/gtest.h>

#include "unit/bson/json.hpp"

namespace sluice::bson {
namespace {

class ValueTest : public testing::Test {
 protected:
  test::Store store_;
};

TEST_F(ValueTest, IsAbsentByDefaultWhichIsNotNull) {
  const Value absent;
  EXPECT_FALSE(absent);
  EXPECT_FALSE(absent.is_null());
  EXPECT_FALSE(absent.text().data());
  EXPECT_FALSE(absent.integer());
  EXPECT_FALSE(absent.document());
  EXPECT_FALSE(absent.boolean());
  const Value null = store_.value("null");
  EXPECT_TRUE(null);
  EXPECT_TRUE(null.is_null());
  EXPECT_FALSE(absent == null);
  EXPECT_EQ(absent, Value());
}

TEST_F(ValueTest, ReadsText) {
  EXPECT_EQ(store_.value(R"("abc")").text(), "abc");
  EXPECT_EQ(store_.value(R"("")").text(), "");
  EXPECT_EQ(store_.value(R"("a\u0000b")").text(), std::string_view("a\0b", 3));
  EXPECT_EQ(store_.value("7").text(), "");
}

TEST_F(ValueTest, ReadsIntegersOfEveryKind) {
  EXPECT_EQ(store_.value("-7").integer(), -7);
  EXPECT_EQ(store_.value(R"({"$numberLong": "9223372036854775807"})").integer(), INT64_MAX);
  EXPECT_EQ(store_.value(R"({"$numberDouble": "3.0"})").integer(), 3);
  EXPECT_EQ(store_.value(R"({"$numberDouble": "-0.0"})").integer(), 0);
}

TEST_F(ValueTest, TakesNothingElseForAnInteger) {
  for (const char* json :
       {"3.5", R"({"$numberDouble": "NaN"})", R"({"$numberDouble": "Infinity"})",
        R"({"$numberDouble": "1e300"})", R"("3")", "null", "true", "[3]", R"({"$numberDecimal": "3"})"}) {
    EXPECT_FALSE(store_.value(json).integer()) << json;
  }
}

TEST_F(ValueTest, ReadsTimesAndTruth) {
  EXPECT_EQ(store_.value(R"({"$timestamp": {"t": 2, "i": 3}})").timestamp(), (2ULL << 32) + 3);
  EXPECT_EQ(store_.value(R"({"$date": {"$numberLong": "-5"}})").date_ms(), -5);
  EXPECT_TRUE(store_.value("true").boolean());
  EXPECT_FALSE(store_.value("false").boolean());
  EXPECT_EQ(store_.value("1").timestamp(), 0U);
  EXPECT_EQ(store_.value("1").date_ms(), 0);
  EXPECT_FALSE(store_.value("1").boolean());
}

TEST_F(ValueTest, IsEqualInTypeAndBytes) {
  EXPECT_EQ(store_.value(R"({"a": 1})"), store_.value(R"({"a": 1})"));
  EXPECT_FALSE(store_.value("1") == store_.value(R"({"$numberLong": "1"})"));
  EXPECT_FALSE(store_.value("[]") == store_.value("{}"));
  EXPECT_FALSE(store_.value(R"("a")") == store_.value(R"("b")"));
}

}  // namespace
}  // namespace sluice::bson
