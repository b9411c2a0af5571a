#include "rules/shared/debezium.hpp"

#include <gtest/gtest.h>

#include "sluice/bson_builder.hpp"

namespace sluice::rules {
namespace {

TEST(Debezium, KeysAreJsonInAString) {
  bson::Builder text;
  text.append("_id", "a\"b");
  EXPECT_EQ(debezium_key(text.finish().at("_id")), R"({"id":"\"a\\\"b\""})");
  bson::Builder number;
  number.append("_id", std::int64_t{1004});
  EXPECT_EQ(debezium_key(number.finish().at("_id")), R"({"id":"1004"})");
  bson::Builder document;
  document.open("_id").append("hi", "kafka").close();
  EXPECT_EQ(debezium_key(document.finish().at("_id")), R"({"id":"{\"hi\":\"kafka\"}"})");
}

TEST(Debezium, AnUpdateSaysWhatItChanged) {
  bson::Builder event;
  event.open("_id").append("_data", "82").close().append("operationType", "update");
  event.open("ns").append("db", "shop").append("coll", "orders").close();
  event.open("documentKey").append("_id", 1).close();
  event.open("updateDescription").open("updatedFields").append("a.b", 2).close();
  event.open_array("removedFields").append(event.item(), "c").append(event.item(), "d\"").close();
  event.open_array("truncatedArrays").open(event.item()).append("field", "list").append("newSize", 3).close();
  event.close().close();
  ChangeEvent change;
  ASSERT_TRUE(parse_event(event.finish(), change));
  auto failure = bson::JsonFailure::none;
  const std::string value = debezium_value(change, "prod", failure);
  EXPECT_EQ(failure, bson::JsonFailure::none);
  EXPECT_NE(value.find(R"("after":null,"updateDescription":{"removedFields":["c","d\""],)"
                       R"("updatedFields":"{\"a.b\":2}","truncatedArrays":[{"field":"list","size":3}]})"),
            std::string::npos)
      << value;
  EXPECT_NE(value.find(R"("op":"u")"), std::string::npos);
}

TEST(Debezium, TheNameOfTheSourceIsInFrontOfTheTopic) {
  EXPECT_EQ(debezium_name("prod.eu.{db}.{coll}"), "prod.eu");
  EXPECT_EQ(debezium_name("{db}.{coll}"), "sluice");
  EXPECT_EQ(debezium_name("all"), "all");
}

}  // namespace
}  // namespace sluice::rules
