#include "language/conditions.hpp"

#include "unit/bson/json.hpp"
#include "unit/language/compiled.hpp"

namespace sluice::language {
namespace {

Compiled compile(const std::string& conditions) {
  test::Store store;
  return compile_conditions(store.document(conditions));
}

std::string compiled(const std::string& conditions) {
  return json(compile(conditions));
}

std::string error(const std::string& conditions) {
  return error_of([&] { compile(conditions); });
}

TEST(Conditions, AreExpressions) {
  EXPECT_EQ(compiled(R"({"status":"open"})"), R"({"$eq":["$fullDocument.status","open"]})");
  EXPECT_EQ(compiled(R"({"a":1,"before.b":null})"),
            R"({"$and":[{"$eq":["$fullDocument.a",1]},)"
            R"({"$eq":[{"$ifNull":["$fullDocumentBeforeChange.b",null]},null]}]})");
  EXPECT_EQ(compiled(R"({"price":"$5"})"), R"({"$eq":["$fullDocument.price",{"$literal":"$5"}]})");
  EXPECT_EQ(compiled(R"({"a":{"in":[1,"$x"]}})"), R"({"$in":["$fullDocument.a",[1,{"$literal":"$x"}]]})");
  EXPECT_EQ(compiled(R"({"expr":{"$gt":["$NEW.a","$OLD.a"]}})"),
            R"({"$gt":["$fullDocument.a","$fullDocumentBeforeChange.a"]})");
  EXPECT_EQ(compiled(R"({"expr":"$NEWS"})"), R"("$NEWS")");
}

TEST(Conditions, SayWhatTheyRead) {
  const Compiled change = compile(R"({"stock":{"falls_to":5},"before.a":1,"b":2})");
  EXPECT_EQ(change.before, (std::vector<std::string>{"stock", "a"}));
  EXPECT_EQ(change.after, (std::vector<std::string>{"stock", "b"}));
  const Compiled raw = compile(R"({"expr":{"$and":["$NEW.a",{"$literal":"$NEW.b"},"$fullDocument.c","$OLD",)"
                               R"("$$ROOT.fullDocument.d","$documentKey._id"]}})");
  EXPECT_EQ(raw.after, (std::vector<std::string>{"a", "c", "d"}));
  EXPECT_EQ(raw.before, std::vector<std::string>{""});
}

TEST(Conditions, SayWhatIsWrong) {
  const std::vector<std::pair<const char*, const char*>> wrong{
      {R"({})", "a map of conditions is empty; add at least one"},
      {R"({"stock":{"fals_to":5}})", "'stock': unknown operator 'fals_to'; did you mean 'falls_to'?"},
      {R"({"stock":{"falls_to":"5"}})", "'stock': 'falls_to' takes a number"},
      {R"({"stock":{"gt":null}})", "'stock': 'gt' must be a value with an order, such as a number or a text"},
      {R"({"stock":{}})", "'stock': a map of operators is empty; for an empty map write {eq: {}}"},
      {R"({"stock":[1]})", "'stock': a list is ambiguous; write {in: [..]} or {eq: [..]}"},
      {R"({"stock":{"in":5}})", "'stock': 'in' takes a list"},
      {R"({"stock":{"not_in":[]}})", "'stock': 'not_in' names no value"},
      {R"({"stock":{"exists":1}})", "'stock': 'exists' takes true or false"},
      {R"({"stock":{"changed":"yes"}})", "'stock': 'changed' takes true or false"},
      {R"({"stock":{"matches":5}})", "'stock': 'matches' must be a regular expression, as a text"},
      {R"({"stock":{"moves_by":"20"}})",
       "'stock': 'moves_by' must be a share above 0, such as 0.2 or \"20%\""},
      {R"({"stock":{"moves_by":0}})", "'stock': 'moves_by' must be a share above 0, such as 0.2 or \"20%\""},
      {R"({"stock":{"moves_by":"x%"}})",
       "'stock': 'moves_by' must be a share above 0, such as 0.2 or \"20%\""},
      {R"({"before.stock":{"changed":true}})",
       "'before.stock': 'changed' compares the field before and after; use it without 'before.'"},
      {R"({"a..b":1})", "'a..b': a name in a path must not be empty"},
      {R"({"before.":1})", "'before.': a name in a path must not be empty"},
      {R"({"all":{"a":1}})", "'all' must be a list of maps of conditions"},
      {R"({"any":[]})", "'any' must be a list of maps of conditions"},
      {R"({"any":[{}]})", "a map of conditions is empty; add at least one"},
      {R"({"not":[{"a":1}]})", "'not' must be a map of conditions"},
  };
  for (const auto& [conditions, message] : wrong) EXPECT_EQ(error(conditions), message) << conditions;
}

TEST(Conditions, HaveLimits) {
  std::string deep = R"({"a":1})";
  for (int i = 0; i < 60; ++i) deep = R"({"not":)" + deep + "}";
  EXPECT_EQ(error(deep), "conditions are nested too deeply");
  std::string path = "a";
  for (int i = 0; i < 100; ++i) path += ".a";
  EXPECT_EQ(error(R"({")" + path + R"(":1})"), "a path has at most 100 names");
}

}  // namespace
}  // namespace sluice::language
