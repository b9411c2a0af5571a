#include "sluice/event.hpp"

#include <gtest/gtest.h>

#include "unit/source/events.hpp"

namespace sluice {
namespace {

using test::description;

class EventTest : public testing::Test {
 protected:
  ChangeEvent parse(const test::EventJson& json) { return test::parse(store_, json); }
  bool touches(const std::string& description, const std::string& path) {
    return parse(test::updated("c", "1", "", description)).update.touches(path);
  }
  test::Store store_;
};

TEST_F(EventTest, ReadsAnInsert) {
  const ChangeEvent event =
      parse(test::inserted("favorites", R"({"$oid": "0123456789abcdef01234567"})", R"({"a": 1})"));
  EXPECT_EQ(event.operation, Operation::insert);
  EXPECT_EQ(event.database, "conduit");
  EXPECT_EQ(event.collection, "favorites");
  EXPECT_EQ(event.token_data, "8201");
  EXPECT_EQ(event.token.json(), R"({ "_data" : "8201" })");
  EXPECT_EQ(event.id.type(), BSON_TYPE_OID);
  EXPECT_EQ(event.full_document.at("a").integer(), 1);
  EXPECT_FALSE(event.before);
  EXPECT_EQ(event.cluster_time, (5ULL << 32) + 1);
  EXPECT_EQ(event.wall_time_ms, 5000);
}

TEST_F(EventTest, ReadsAnUpdateWithItsPreImage) {
  test::EventJson json =
      test::updated("c", "null", R"({"a": 1})",
                    description(R"({"a": 2})", R"(["b"])", R"([{"field": "c", "newSize": 0}])"));
  const ChangeEvent event = parse(json);
  EXPECT_EQ(event.operation, Operation::update);
  EXPECT_TRUE(event.id.is_null());
  EXPECT_EQ(event.before.at("a").integer(), 1);
  EXPECT_EQ(event.update.updated.at("a").integer(), 2);
  EXPECT_EQ(event.update.removed.at("0").text(), "b");
  EXPECT_EQ(event.update.truncated.at("0").document().at("newSize").integer(), 0);
}

TEST_F(EventTest, TakesAMissingPreImageForNone) {
  test::EventJson json = test::deleted("c", "1", "null");
  EXPECT_FALSE(parse(json).before) << "whenAvailable: null says that it is gone";
}

TEST_F(EventTest, KnowsTheOperationsByName) {
  for (const char* name :
       {"insert", "update", "replace", "delete", "drop", "rename", "dropDatabase", "invalidate"}) {
    const ChangeEvent event = parse({.operation = name, .collection = "c", .id = ""});
    EXPECT_NE(event.operation, Operation::other) << name;
    EXPECT_EQ(name_of(event.operation), name);
    EXPECT_FALSE(event.id);
  }
  EXPECT_EQ(parse({.operation = "createIndexes", .collection = "c", .id = ""}).operation, Operation::other);
}

TEST_F(EventTest, RefusesWhatHasNoToken) {
  for (const char* json : {"{}", R"({"_id": 1})", R"({"_id": {}})", R"({"_id": {"_data": ""}})",
                           R"({"operationType": "insert"})", R"({"_id": {"_data": 5}})"}) {
    ChangeEvent event;
    EXPECT_FALSE(parse_event(store_.document(json), event)) << json;
  }
  ChangeEvent event;
  EXPECT_FALSE(parse_event({}, event));
}

TEST_F(EventTest, TakesFieldsOfAnotherTypeForAbsent) {
  ChangeEvent event;
  EXPECT_TRUE(
      parse_event(store_.document(R"({"_id": {"_data": "1"}, "operationType": 1, "ns": [], "documentKey": 3,
      "fullDocument": "x", "updateDescription": null, "clusterTime": 5, "wallTime": 7})"),
                  event));
  EXPECT_EQ(event.operation, Operation::other);
  EXPECT_FALSE(event.id);
  EXPECT_FALSE(event.full_document);
  EXPECT_EQ(event.cluster_time, 0U);
}

struct Touch {
  const char* changed;
  const char* path;
  bool touches;
};

// What an update names, what a rule reads, and whether the rule has to look.
const Touch touches_table[]{
    {"name", "name", true},
    {"name", "names", false},
    {"names", "name", false},
    {"author", "author.name", true},
    {"author.name", "author", true},
    {"author.name", "author.name", true},
    {"author.image", "author.name", false},
    {"author.name.first", "author.name", true},
    {"author.names", "author.name", false},
    {"authors.name", "author.name", false},
    {"tags.0", "tags", true},
    {"items", "items[].name", true},
    {"items.0", "items[].name", true},
    {"items.12.name", "items[].name", true},
    {"items.12.name.first", "items[].name", true},
    {"items.12.price", "items[].name", false},
    {"items.name", "items[].name", false},
    {"items.12", "items[]", true},
    {"items.12.price", "items[]", true},
    {"a.b.3.c.d", "a.b[].c.d", true},
    {"a.b.3.c.e", "a.b[].c.d", false},
    {"a.b.3.c", "a.b[].c.d", true},
    {"a", "a.b[].c.d", true},
    {"items[]", "items[].name", false},
};

TEST_F(EventTest, TellsWhatAnUpdateTouches) {
  for (const Touch& touch : touches_table) {
    const std::string changed = std::string("\"") + touch.changed + '"';
    const std::string says = changed + (touch.touches ? " touches " : " does not touch ") + touch.path;
    EXPECT_EQ(touches(description("{" + changed + ": 1}"), touch.path), touch.touches) << says;
    EXPECT_EQ(touches(description("{}", "[" + changed + "]"), touch.path), touch.touches)
        << says << ", removed";
    EXPECT_EQ(
        touches(description("{}", "[]", R"([{"field": )" + changed + R"(, "newSize": 1}])"), touch.path),
        touch.touches)
        << says << ", cut";
  }
}

TEST_F(EventTest, FindsATouchAmongOthers) {
  EXPECT_TRUE(touches(description(R"({"a": 1, "b": 2, "c": 3})"), "c"));
  EXPECT_FALSE(touches(description(R"({"a": 1, "b": 2})", R"(["d"])"), "c"));
  EXPECT_FALSE(touches(description("{}"), "c"));
  EXPECT_FALSE(touches("{}", "c"));
}

TEST_F(EventTest, KnowsHowMuchItTells) {
  test::EventJson json = test::inserted("c", "1", "{}");
  EXPECT_EQ(parse(json).detail, Detail::whole);
  json.detail = "1";
  EXPECT_EQ(parse(json).detail, Detail::needed);
  EXPECT_FALSE(parse(json).dotted_names);
  json.detail = R"(2, "sluiceDottedNames": true)";
  EXPECT_EQ(parse(json).detail, Detail::key_only);
  EXPECT_TRUE(parse(json).dotted_names);
}

TEST_F(EventTest, TellsPathsFromNamesWithDotsWhereTheServerDoes) {
  const auto listed = [](const std::string& name, const std::string& components) {
    return R"({"updatedFields": {")" + name + R"(": 1}, "removedFields": [], "disambiguatedPaths": {")" +
           name + "\": " + components + "}}";
  };
  EXPECT_TRUE(touches(listed("a.b", R"(["a", "b"])"), "a.b"));
  EXPECT_FALSE(touches(listed("a.b", R"(["a.b"])"), "a.b"));
  EXPECT_FALSE(touches(listed("a.b", R"(["a.b"])"), "a"));
  EXPECT_TRUE(touches(listed("a.b.c", R"(["a", "b.c"])"), "a"));
  EXPECT_FALSE(touches(listed("a.b.c", R"(["a", "b.c"])"), "a.b"));
  EXPECT_TRUE(touches(listed("a.0.b", R"(["a", 0, "b"])"), "a[].b"));
  EXPECT_FALSE(touches(listed("a.0.b", R"(["a", "0", "b"])"), "a[].b"));
  EXPECT_FALSE(touches(listed("a.0.b", R"(["a", 0, "b"])"), "a[].c"));
  EXPECT_TRUE(touches(listed("a.0", R"(["a", 0])"), "a[].c"));
  EXPECT_TRUE(touches(listed("a.0", R"(["a", "0"])"), "a.0"));
}

}  // namespace
}  // namespace sluice
