#include "sinks/mongo/query.hpp"

#include <gtest/gtest.h>

#include "unit/bson/json.hpp"

namespace sluice::sinks {
namespace {

class QueryTest : public testing::Test {
 protected:
  std::string equals(const std::string& json) {
    bson::Builder out;
    append_equals(out, "a.b", store_.value(json));
    return out.finish().json();
  }
  test::Store store_;
};

TEST_F(QueryTest, IsTheValueItselfWhereThatIsClear) {
  EXPECT_EQ(equals("1"), R"({ "a.b" : 1 })");
  EXPECT_EQ(equals(R"("x")"), R"({ "a.b" : "x" })");
  EXPECT_EQ(equals(R"({"$oid": "0123456789abcdef01234567"})"),
            R"({ "a.b" : { "$oid" : "0123456789abcdef01234567" } })");
  EXPECT_EQ(equals("true"), R"({ "a.b" : true })");
  EXPECT_EQ(equals(R"({"$minKey": 1})"), R"({ "a.b" : { "$minKey" : 1 } })");
}

TEST_F(QueryTest, DoesNotTakeAMissingFieldForNull) {
  EXPECT_EQ(equals("null"), R"({ "a.b" : { "$eq" : null, "$exists" : true } })");
}

TEST_F(QueryTest, DoesNotTakeAValueForAnOperator) {
  EXPECT_EQ(equals(R"({"$gt": 1})"), R"({ "a.b" : { "$eq" : { "$gt" : 1 } } })");
  EXPECT_EQ(equals("{}"), R"({ "a.b" : { "$eq" : {  } } })");
  EXPECT_EQ(equals("[1]"), R"({ "a.b" : { "$eq" : [ 1 ] } })");
  EXPECT_EQ(equals(R"({"$regularExpression": {"pattern": "x", "options": ""}})"),
            R"({ "a.b" : { "$eq" : { "$regularExpression" : { "pattern" : "x", "options" : "" } } } })");
}

TEST_F(QueryTest, KnowsWhatCanBeAnId) {
  for (const char* json : {"0", "\"\"", "null", "false", "{}", R"({"$numberDecimal": "1"})",
                           R"({"$binary": {"base64": "", "subType": "00"}})"}) {
    EXPECT_TRUE(can_be_id(store_.value(json))) << json;
  }
  EXPECT_TRUE(can_be_id(store_.value(R"({"$ref": "c", "$id": 1})")));
  EXPECT_TRUE(can_be_id(store_.value(R"({"a": {"b.c": 1}})")));
  for (const char* json : {"[]", "[1]", R"({"$undefined": true})", R"({"$x": 1})", R"({"a": 1, "$x": 1})",
                           R"({"$ref": "c", "$x": 1})", R"({"$ref": "c"})",
                           R"({"$regularExpression": {"pattern": "x", "options": ""}})"}) {
    EXPECT_FALSE(can_be_id(store_.value(json))) << json;
  }
  EXPECT_FALSE(can_be_id({}));
}

TEST_F(QueryTest, FindsReferencesThatAreNoArraysAndInNone) {
  const auto refers = [&](const CopyPlan& plan, const std::string& json) {
    bson::Builder out;
    append_reference(out, plan, store_.value(json));
    return out.finish().json();
  };
  CopyPlan plain;
  plain.reference = "r";
  EXPECT_EQ(refers(plain, "1"), R"({ "r" : { "$eq" : 1, "$not" : { "$type" : "array" } } })");
  EXPECT_EQ(refers(plain, "null"),
            R"({ "r" : { "$eq" : null, "$exists" : true, "$not" : { "$type" : "array" } } })");
  CopyPlan nested;
  nested.reference = "a.b.r";
  EXPECT_EQ(refers(nested, "1"), R"({ "a" : { "$not" : { "$type" : "array" } }, )"
                                 R"("a.b" : { "$not" : { "$type" : "array" } }, )"
                                 R"("a.b.r" : { "$eq" : 1, "$not" : { "$type" : "array" } } })");
  CopyPlan elements;
  elements.array = "items";
  elements.reference = "r";
  EXPECT_EQ(refers(elements, "1"), R"({ "items.r" : 1 })");
}

}  // namespace
}  // namespace sluice::sinks
