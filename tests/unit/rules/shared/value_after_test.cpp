#include <gtest/gtest.h>

#include "unit/rules/rule_fixture.hpp"

namespace sluice::test {
namespace {

class ValueAfterTest : public testing::Test {
 protected:
  /// What stands at `path` after the update, as JSON; "" when nothing does.
  std::string after(const std::string& before, const std::string& description, const std::string& path) {
    const ChangeEvent event = parse(store_, updated("c", "1", before, description));
    return tell(value_after(event, path, arena_));
  }
  std::string tell(const std::optional<bson::Value>& value) { return value ? tell(*value) : "unclear"; }
  std::string tell(const bson::Value& value) {
    if (!value) return "";
    bson::Builder out;
    out.append("v", value);
    const std::string json = out.finish().json();
    return json.substr(8, json.size() - 10);
  }
  Store store_;
  Arena arena_;
};

TEST_F(ValueAfterTest, OfOtherOperationsIsTheWholeDocuments) {
  const auto value = [&](const EventJson& json) {
    return tell(value_after(parse(store_, json), "a.b", arena_));
  };
  EXPECT_EQ(value(inserted("c", "1", R"({"a": {"b": 1}})")), "1");
  EXPECT_EQ(value(replaced("c", "1", R"({"a": {"b": 1}})", R"({"a": {"b": 2}})")), "2");
  EXPECT_EQ(value(deleted("c", "1", R"({"a": {"b": 1}})")), "");
}

TEST_F(ValueAfterTest, IsWhatWasWhereNothingChanged) {
  EXPECT_EQ(after(R"({"a": 1})", description(R"({"b": 2})", R"(["c"])"), "a"), "1");
  EXPECT_EQ(after("{}", description(R"({"b": 2})"), "a"), "");
  EXPECT_EQ(after("", description(R"({"b": 2})"), "a"), "") << "no pre-image: nothing is known";
  EXPECT_EQ(after(R"({"a": {"b": 1}})", description(R"({"a.c": 2, "ab": 3})"), "a.b"), "1");
}

TEST_F(ValueAfterTest, IsWhatWasSetAtThePath) {
  EXPECT_EQ(after(R"({"a": 1})", description(R"({"a": 2})"), "a"), "2");
  EXPECT_EQ(after(R"({"a": 1})", description(R"({"a": null})"), "a"), "null");
  EXPECT_EQ(after("", description(R"({"a": 2})"), "a"), "2");
}

TEST_F(ValueAfterTest, IsInsideWhatWasSetAbove) {
  EXPECT_EQ(after(R"({"a": {"b": 1}})", description(R"({"a": {"b": {"c": 3}}})"), "a.b.c"), "3");
  EXPECT_EQ(after(R"({"a": {"b": 1}})", description(R"({"a": {}})"), "a.b"), "");
  EXPECT_EQ(after(R"({"a": {"b": 1}})", description(R"({"a": 5})"), "a.b"), "");
  EXPECT_EQ(after(R"({"a": {"b": 1}})", description(R"({"a": [{"b": 7}]})"), "a.b"), "")
      << "paths enter no arrays";
  EXPECT_EQ(after(R"({"a": {"0": 1}})", description(R"({"a": [7]})"), "a.0"), "");
}

TEST_F(ValueAfterTest, IsGoneWhereItOrWhatHeldItWasRemoved) {
  EXPECT_EQ(after(R"({"a": 1})", description("{}", R"(["a"])"), "a"), "");
  EXPECT_EQ(after(R"({"a": {"b": 1}})", description("{}", R"(["a"])"), "a.b"), "");
  EXPECT_EQ(after(R"({"a": {"b": 1}})", description("{}", R"(["a.b"])"), "a.b"), "");
}

TEST_F(ValueAfterTest, PutsChangesInsideIntoPlace) {
  EXPECT_EQ(after(R"({"a": {"b": 1, "c": 2}})", description(R"({"a.c": 3})"), "a"),
            R"({ "b" : 1, "c" : 3 })");
  EXPECT_EQ(after(R"({"a": {"b": 1, "c": 2}})", description("{}", R"(["a.b"])"), "a"), R"({ "c" : 2 })");
  EXPECT_EQ(after(R"({"a": {"b": 1}})", description(R"({"a.d": 4, "a.c": 3})"), "a"),
            R"({ "b" : 1, "d" : 4, "c" : 3 })")
      << "new fields in the server's order";
  EXPECT_EQ(
      after(R"({"a": {"b": {"c": {"d": 1}}}})", description(R"({"a.b.c.e": 2})", R"(["a.b.c.d"])"), "a"),
      R"({ "b" : { "c" : { "e" : 2 } } })");
  EXPECT_EQ(after(R"({"a": {"b": 1}})", description("{}", R"(["a.b"])"), "a"), "{  }");
}

TEST_F(ValueAfterTest, SetsElements) {
  EXPECT_EQ(after(R"({"a": [1, 2, 3]})", description(R"({"a.1": 9})"), "a"), "[ 1, 9, 3 ]");
  EXPECT_EQ(after(R"({"a": [{"b": 1}, {"b": 2}]})", description(R"({"a.1.b": 9})"), "a"),
            R"([ { "b" : 1 }, { "b" : 9 } ])");
  EXPECT_EQ(after(R"({"a": [[1], [2]]})", description(R"({"a.1.0": 9})"), "a"), "[ [ 1 ], [ 9 ] ]");
}

TEST_F(ValueAfterTest, GrowsArrays) {
  EXPECT_EQ(after(R"({"a": [1]})", description(R"({"a.1": 2, "a.2": 3})"), "a"), "[ 1, 2, 3 ]");
  EXPECT_EQ(after(R"({"a": []})", description(R"({"a.2": 3})"), "a"), "[ null, null, 3 ]");
  std::string before = R"({"a": [0)";
  std::string grown = "{";
  std::string expected = "[ 0";
  for (int i = 1; i < 12; ++i) {
    if (i < 9) before += "," + std::to_string(i);
    if (i >= 9)
      grown += (i > 9 ? ", " : "") + std::string(R"("a.)") + std::to_string(i) + "\": " + std::to_string(i);
    expected += ", " + std::to_string(i);
  }
  EXPECT_EQ(after(before + "]}", description(grown + "}"), "a"), expected + " ]");
}

TEST_F(ValueAfterTest, CutsArrays) {
  const auto cut = [](const std::string& field, int size) {
    return R"([{"field": ")" + field + R"(", "newSize": )" + std::to_string(size) + "}]";
  };
  EXPECT_EQ(after(R"({"a": [1, 2, 3]})", description("{}", "[]", cut("a", 1)), "a"), "[ 1 ]");
  EXPECT_EQ(after(R"({"a": [1, 2, 3]})", description("{}", "[]", cut("a", 0)), "a"), "[  ]");
  EXPECT_EQ(after(R"({"a": [1, 2, 3]})", description(R"({"a.0": 9})", "[]", cut("a", 2)), "a"), "[ 9, 2 ]");
  EXPECT_EQ(after(R"({"a": [1, [2, 3]]})", description("{}", "[]", cut("a.1", 1)), "a"), "[ 1, [ 2 ] ]");
  EXPECT_EQ(after(R"({"a": {"b": [1, 2]}})", description("{}", "[]", cut("a.b", 1)), "a"),
            R"({ "b" : [ 1 ] })");
  EXPECT_EQ(after(R"({"a": {"b": [1, 2]}})", description("{}", "[]", cut("a.b", 1)), "a.b"), "[ 1 ]");
  EXPECT_EQ(after(R"({"a": [{"b": 1}, 2]})", description("{}", R"(["a.0.b"])", cut("a", 1)), "a"),
            "[ {  } ]");
}

TEST_F(ValueAfterTest, TellsArraysFromDocumentsWithNumbersForNames) {
  EXPECT_EQ(after(R"({"a": {"0": 1}})", description(R"({"a.1": 2})"), "a"), R"({ "0" : 1, "1" : 2 })");
  EXPECT_EQ(after(R"({"a": {"0": 1}})", description(R"({"a.0": 2})"), "a.0"), "2");
  EXPECT_EQ(after(R"({"a": [1]})", description(R"({"a.0": 2})"), "a.0"), "")
      << "as before and after any other change";
  EXPECT_EQ(after(R"({"a": [{"b": 1}]})", description(R"({"a.0.b": 2})"), "a.0.b"), "");
  EXPECT_EQ(after(R"({"a": [{"b": {"c": 1}}]})", description(R"({"a.0.b.c": 2})"), "a.0.b"), "");
}

TEST_F(ValueAfterTest, IsQuickWhenEveryElementChanges) {
  std::string before = R"({"a": [0)";
  std::string changes = R"({"a.0": 1)";
  for (int i = 1; i < 20000; ++i) {
    before += ",0";
    changes += ", \"a." + std::to_string(i) + "\": 1";
  }
  const ChangeEvent event = parse(store_, updated("c", "1", before + "]}", description(changes + "}")));
  const auto value = value_after(event, "a", arena_);
  ASSERT_TRUE(value);
  EXPECT_EQ(value->document().at("19999").integer(), 1);
}

/// {"updatedFields": .., .., "disambiguatedPaths": ..}
std::string listed(const std::string& description, const std::string& paths) {
  return description.substr(0, description.size() - 1) + R"(, "disambiguatedPaths": )" + paths + "}";
}

TEST_F(ValueAfterTest, TakesANameWithDotsForWhatTheServerSays) {
  const std::string before = R"({"a": {"b": 1}, "a.b": 1})";
  EXPECT_EQ(after(before, listed(description(R"({"a.b": 2})"), R"({"a.b": ["a.b"]})"), "a.b"), "1");
  EXPECT_EQ(after(before, listed(description(R"({"a.b": 2})"), R"({"a.b": ["a", "b"]})"), "a.b"), "2");
  EXPECT_EQ(after(before, listed(description(R"({"a.b": 2})"), "{}"), "a.b"), "2");
  EXPECT_EQ(after(before, listed(description("{}", R"(["a.b"])"), R"({"a.b": ["a.b"]})"), "a"),
            R"({ "b" : 1 })");
  EXPECT_EQ(after(R"({"a": {"b.c": 1, "b": {"c": 1}}})",
                  listed(description(R"({"a.b.c": 2})"), R"({"a.b.c": ["a", "b.c"]})"), "a"),
            R"({ "b.c" : 2, "b" : { "c" : 1 } })");
  EXPECT_EQ(
      after(R"({"a": {"b": {}}})", listed(description(R"({"a.b.c": 2})"), R"({"a.b.c": ["a", "b.c"]})"), "a"),
      R"({ "b" : {  }, "b.c" : 2 })");
  EXPECT_EQ(after(R"({"a": [1, 2]})", listed(description(R"({"a.1": 3})"), R"({"a.1": ["a", 1]})"), "a"),
            "[ 1, 3 ]");
  EXPECT_EQ(after(R"({"a": {"b": 1}})", listed(description(R"({"a.b": 2})"), R"({"a.b": ["x"]})"), "a"),
            "unclear")
      << "a list that is about something else";
}

TEST_F(ValueAfterTest, TakesANameForOneWithDotsWhereNoPathCanBeMeant) {
  EXPECT_EQ(after("{}", description(R"({"a.b": 2})"), "a.b"), "") << "the server would have named a";
  EXPECT_EQ(after(R"({"a": 1})", description(R"({"a.b": 2})"), "a.b"), "");
  EXPECT_EQ(after(R"({"a": 1})", description(R"({"a.b": 2})"), "a"), "1");
  EXPECT_EQ(after(R"({"a": 1, "a.b": 1})", description(R"({"a.b": 2})"), "a"), "1");
  EXPECT_EQ(after(R"({"a": [1], "a.b": 1})", description(R"({"a.b": 2})"), "a"), "[ 1 ]");
  EXPECT_EQ(after(R"({"a": {"b.c": 1}})", description(R"({"a.b.c": 2})"), "a"), R"({ "b.c" : 2 })");
  EXPECT_EQ(after(R"({"a": {"b": 1, "b.c": {"d": 1}}})", description(R"({"a.b.c.d": 2})"), "a"),
            R"({ "b" : 1, "b.c" : { "d" : 2 } })");
  EXPECT_EQ(after(R"({"a": {"b.c": 1}})", description("{}", R"(["a.b.c"])"), "a"), "{  }");
}

TEST_F(ValueAfterTest, TakesANameForAPathWhereNoNameWithDotsIsThere) {
  EXPECT_EQ(after(R"({"a": {"b": 1}, "c.d": 1})", description(R"({"a.b": 2})"), "a.b"), "2");
  EXPECT_EQ(after(R"({"a": {"b": 1}, "a.c": 1})", description(R"({"a.b": 2})"), "a.b"), "2");
}

TEST_F(ValueAfterTest, IsUnclearWhereBothCanBeMeant) {
  EXPECT_EQ(after(R"({"a": {"b": 1}, "a.b": 1})", description(R"({"a.b": 2})"), "a.b"), "unclear");
  EXPECT_EQ(after(R"({"a": {"b": 1}, "a.b": 1})", description(R"({"a.b": 2})"), "a"), "unclear");
  EXPECT_EQ(after(R"({"a": {"b": 1}, "a.b": {}})", description(R"({"a.b.c": 2})"), "a.b.c"), "");
  EXPECT_EQ(after(R"({"a": {"b": {}}, "a.b": {}})", description(R"({"a.b.c": 2})"), "a.b.c"), "unclear");
  EXPECT_EQ(after(R"({"a": [1], "a.0": 1})", description(R"({"a.0": 2})"), "a"), "unclear");
  EXPECT_EQ(after(R"({"a": {"b": {"c": 1}, "b.c": 1}})", description(R"({"a.b.c": 2})"), "a"), "unclear");
  EXPECT_EQ(after(R"({"a": {"b": {"c": 1}, "b.c": 1}})", description("{}", R"(["a.b.c"])"), "a.b"),
            "unclear");
  EXPECT_EQ(after(R"({"a": {"b": 1}})", description(R"({"a.b.c": 2})"), "a"), "unclear")
      << "a new name, in a or beside it";
  EXPECT_EQ(after(R"({"a": {"b": 1}, "a.b": 1})", description(R"({"c": 2, "a.d": 2})"), "a.b"), "1")
      << "not about the path";
}

TEST_F(ValueAfterTest, IsUnclearWhereNamesWithDotsWereLeftOut) {
  EventJson json = updated("c", "1", R"({"a": {"b": 1}})", description(R"({"a.b": 2})"));
  json.detail = "1";
  EXPECT_EQ(tell(value_after(parse(store_, json), "a.b", arena_)), "2");
  json.detail = R"(1, "sluiceDottedNames": true)";
  EXPECT_EQ(tell(value_after(parse(store_, json), "a.b", arena_)), "unclear");
  EXPECT_EQ(tell(value_after(parse(store_, json), "c", arena_)), "");
}

TEST_F(ValueAfterTest, IsQuickAndFlatForNamesOfManyDots) {
  std::string name = "a";
  for (int i = 0; i < 200000; ++i) name += ".a";
  EXPECT_EQ(after(R"({"a": 1})", description("{\"" + name + R"(": 1})"), "a"), "1");
  EXPECT_EQ(after(R"({"a": {"a": {}}})", description("{\"" + name + R"(": 1})"), "a"), "unclear");
  EXPECT_EQ(after(R"({"a": {"a": {}}, ")" + name + R"(": 0})", description("{\"" + name + R"(": 1})"), "a"),
            "unclear");
  EXPECT_EQ(after(R"({"a": {}})", listed(description("{\"" + name + R"(": 1})"), "{}"), "a"), "unclear");
}

TEST_F(ValueAfterTest, SkipsNoMoreElementsThanTheServerLets) {
  EXPECT_EQ(after(R"({"a": []})", description(R"({"a.4000000000": 1})"), "a"), "unclear");
}

TEST_F(ValueAfterTest, FollowsAHundredLevels) {
  std::string path = "a";
  bson::Builder before;
  for (int i = 0; i < 99; ++i) {
    before.open("a");
    path += ".a";
  }
  before.append("a", 1);
  bson::Builder updated;
  updated.append(path, 2);
  ChangeEvent event;
  event.operation = Operation::update;
  event.before = before.finish();
  event.update.updated = updated.finish();
  EXPECT_EQ(tell(value_after(event, path, arena_)), "2");
  const auto value = value_after(event, "a", arena_);
  ASSERT_TRUE(value);
  EXPECT_EQ(value->document().at_path(path.substr(2)).integer(), 2);
}

}  // namespace
}  // namespace sluice::test
