#include "language/values/values.hpp"

#include "unit/bson/json.hpp"
#include "unit/language/compiled.hpp"

namespace sluice::language {
namespace {

Compiled compile(const std::string& values) {
  test::Store store;
  return compile_values(store.document(values));
}

std::string compiled(const std::string& values) {
  return json(compile(values));
}

std::string error(const std::string& values) {
  return error_of([&] { compile(values); });
}

TEST(Values, AreTheExpressionOfADocument) {
  EXPECT_EQ(compiled(R"({"user":"NEW.userId","n":1,"none":null})"),
            R"({"user":"$fullDocument.userId","n":{"$literal":1},"none":{"$literal":null}})");
  EXPECT_EQ(compiled(R"({"a":{"b":"'x'"},"list":["NEW.a",{"c":true}]})"),
            R"({"a":{"b":{"$literal":"x"}},"list":["$fullDocument.a",{"c":{"$literal":true}}]})");
  EXPECT_EQ(compiled(R"({})"), R"({"$literal":{}})");
  EXPECT_EQ(compiled(R"({"a":{}})"), R"({"a":{"$literal":{}}})");
  EXPECT_EQ(compiled(R"({"a":{"$max":["$OLD.n","$NEW.n"]}})"),
            R"({"a":{"$max":["$fullDocumentBeforeChange.n","$fullDocument.n"]}})");
  EXPECT_EQ(compiled(R"({"$mergeObjects":["$OLD","$NEW"]})"),
            R"({"$mergeObjects":["$fullDocumentBeforeChange","$fullDocument"]})");
}

TEST(Values, TakeDotsForPaths) {
  EXPECT_EQ(compiled(R"({"a.b":1,"c":2,"a.d.e":3})"),
            R"({"a":{"b":{"$literal":1},"d":{"e":{"$literal":3}}},"c":{"$literal":2}})");
}

TEST(Values, SayWhatTheyRead) {
  const Compiled values = compile(R"({"a":"NEW.x.y","b":["OLD.z"],"c":{"$add":["$NEW.n",1]}})");
  EXPECT_EQ(values.after, (std::vector<std::string>{"x.y", "n"}));
  EXPECT_EQ(values.before, std::vector<std::string>{"z"});
}

TEST(Values, MayBeCompiledOneByOne) {
  test::Store store;
  EXPECT_EQ(json(compile_value("a.b", store.value(R"("NEW.n + 1")"))),
            R"({"$add":[{"$cond":[{"$isNumber":"$fullDocument.n"},"$fullDocument.n",null]},1]})");
  EXPECT_EQ(json(compile_value("a", store.value("5"))), R"({"$literal":5})");
  EXPECT_EQ(
      error_of([&] { compile_value("a", store.value(R"("NEW.")")); }),
      "'a': line 1, column 5: expected a field's name (in \"..\" where it is not a plain word), not the end");
}

TEST(Values, NameTheFieldThatIsWrong) {
  const std::vector<std::pair<const char*, const char*>> wrong{
      {R"({"a":{"b":["1","x"]}})",
       "'a.b[1]': line 1, column 1: 'x' alone means nothing: a field is NEW.x or OLD.x, a text stands in "
       "'..'"},
      {R"({"a.b":1,"a":2})", "'a': this appears twice"},
      {R"({"a":1,"a.b":2})", "'a.b': this appears twice, once as part of another field"},
      {R"({"a":1,"a":2})", "'a': this appears twice"},
      {R"({"a":{"b":1},"a.b":2})", "'a.b': this appears twice"},
      {R"({"a":{"x":1,"$add":[1]}})",
       "'a.$add': a field name must not begin with $, and an expression must be the only entry of its map"},
      {R"({"a..b":1})", "'a..b': a field name must not be empty"},
  };
  for (const auto& [values, message] : wrong) EXPECT_EQ(error(values), message) << values;
}

}  // namespace
}  // namespace sluice::language
