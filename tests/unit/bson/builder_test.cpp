#include "sluice/bson_builder.hpp"

#include <gtest/gtest.h>

#include "unit/bson/json.hpp"

namespace sluice::bson {
namespace {

bool valid(View view) {
  const bson_t bson = view.borrow();
  return view.size() >= 5 && bson_validate(&bson, BSON_VALIDATE_UTF8_ALLOW_NULL, nullptr);
}

TEST(Builder, MakesAnEmptyDocument) {
  Builder builder;
  const View empty = builder.finish();
  EXPECT_EQ(empty.size(), 5U);
  EXPECT_TRUE(valid(empty));
  EXPECT_EQ(empty.json(), "{ }");
}

TEST(Builder, WritesEachKindOfValue) {
  Builder builder;
  builder.append("text", std::string_view("t")).append("literal", "l").append("yes", true);
  builder.append("int", 1).append("long", std::int64_t{2}).append_null("null");
  builder.append_date("date", 3).append_timestamp("time", (4ULL << 32) + 5);
  const View view = builder.finish();
  EXPECT_TRUE(valid(view));
  EXPECT_EQ(
      view.json(),
      R"({ "text" : "t", "literal" : "l", "yes" : true, "int" : 1, "long" : 2, "null" : null, )"
      R"("date" : { "$date" : "1970-01-01T00:00:00.003Z" }, "time" : { "$timestamp" : { "t" : 4, "i" : 5 } } })");
  EXPECT_EQ(view.at("int").type(), BSON_TYPE_INT32);
  EXPECT_EQ(view.at("long").type(), BSON_TYPE_INT64);
}

TEST(Builder, NestsDocumentsAndArrays) {
  Builder builder;
  builder.open_array("a");
  builder.append(builder.item(), 1).open(builder.item()).open_array("b");
  builder.append(builder.item(), "x").append(builder.item(), "y").close().close();
  builder.append(builder.item(), 3).close().append("c", 4);
  const View view = builder.finish();
  EXPECT_TRUE(valid(view));
  EXPECT_EQ(view.json(), R"({ "a" : [ 1, { "b" : [ "x", "y" ] }, 3 ], "c" : 4 })");
}

TEST(Builder, NumbersTheItemsOfLongArrays) {
  Builder builder;
  builder.open_array("a");
  for (int i = 0; i < 1001; ++i) builder.append(builder.item(), i);
  const View array = builder.finish().at("a").document();
  EXPECT_EQ(array.at("1000").integer(), 1000);
}

TEST(Builder, EndsWhatIsOpen) {
  Builder builder;
  builder.open("a").open_array("b").open(builder.item());
  const View view = builder.finish();
  EXPECT_TRUE(valid(view));
  EXPECT_EQ(view.json(), R"({ "a" : { "b" : [ {  } ] } })");
}

TEST(Builder, StartsAgain) {
  Builder builder;
  builder.open("a").append("b", 1);
  builder.finish();
  builder.clear();
  builder.append("c", 2);
  EXPECT_EQ(builder.finish().json(), R"({ "c" : 2 })");
}

TEST(Builder, CopiesDocumentsAndValues) {
  test::Store store;
  const View from = store.document(R"({"a": [1, {"b": null}], "d": {"$numberDecimal": "1.5"}})");
  Builder builder;
  builder.append("whole", from).append("array", from.at("a")).append("decimal", from.at("d"));
  const View view = builder.finish();
  EXPECT_TRUE(valid(view));
  EXPECT_EQ(view.at("whole").document().as_value(), from.as_value());
  EXPECT_EQ(view.at("array"), from.at("a"));
  EXPECT_EQ(view.at("decimal"), from.at("d"));
}

TEST(Builder, GoesDeep) {
  Builder builder;
  for (int i = 0; i < 150; ++i) i % 2 == 0 ? builder.open("d") : builder.open_array("d");
  const View view = builder.finish();
  EXPECT_TRUE(valid(view));
}

}  // namespace
}  // namespace sluice::bson
