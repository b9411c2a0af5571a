#include "support/language_fixture.hpp"

namespace sluice::test {
namespace {

/// Conditions of triggers on fields and on their changes, and the documents that they make.
class LanguageConditions : public Language {};

TEST_F(LanguageConditions, HasConditionsOnAValue) {
  const auto of_new = [&](const std::string& conditions, bool expected) {
    expect_condition(conditions, expected, event(before_, after_));
  };
  of_new(R"({"n": 5})", true);
  of_new(R"({"n": 6})", false);
  of_new(R"({"n": "5"})", false);
  of_new(R"({"map.x": 1, "status": "paid"})", true);
  of_new(R"({"map.x": 1, "status": "open"})", false);
  of_new(R"({"before.status": "open"})", true);
  of_new(R"({"money": "$5"})", true);
  of_new(R"({"nul": null, "missing": null})", true);
  of_new(R"({"n": null})", false);
  of_new(R"({"list": {"eq": [1, 2, 3]}, "map": {"eq": {"x": 1, "a b": {"c": 2}}}})", true);
  of_new(R"({"n": {"ne": 5}})", false);
  of_new(R"({"missing": {"ne": 5}})", true);
  of_new(R"({"missing": {"ne": null}})", false);
  of_new(R"({"n": {"gt": 4, "lt": 6}})", true);
  of_new(R"({"n": {"gte": 5, "lte": 5}})", true);
  of_new(R"({"n": {"gt": 5}})", false);
  for (const char* order : {"gt", "gte", "lt", "lte"}) {
    for (const char* field : {"missing", "nul", "t", "list", "map", "yes", "day", "nan"}) {
      of_new(R"({")" + std::string(field) + R"(": {")" + order + R"(": 5}})", false);
    }
    for (const char* field : {"missing", "n", "list", "day"}) {
      of_new(R"({")" + std::string(field) + R"(": {")" + order + R"(": "a"}})", false);
    }
  }
  of_new(R"({"day": {"lt": {"$date": "2026-03-01T00:00:00Z"}}})", true);
  of_new(R"({"oid": {"gte": {"$oid": "64b64c0a0123456789abcdef"}}})", true);
  of_new(R"({"oid": {"gt": {"$oid": "64b64c0a0123456789abcdef"}}})", false);
  of_new(R"({"n": {"in": [1, 5]}})", true);
  of_new(R"({"n": {"not_in": [1, 5]}})", false);
  of_new(R"({"missing": {"in": [1, null]}})", true);
  of_new(R"({"missing": {"not_in": [1, 2]}})", true);
  of_new(R"({"nul": {"exists": true}, "missing": {"exists": false}})", true);
  of_new(R"({"missing": {"exists": true}})", false);
  of_new(R"({"t": {"matches": "^a.c$"}})", true);
  of_new(R"({"n": {"matches": "5"}})", false);
  of_new(R"({"missing": {"matches": ""}})", false);
  of_new(R"({"money": {"matches": "$"}})", true);
  of_new(R"({"all": [{"n": 5}, {"t": "abc"}]})", true);
  of_new(R"({"any": [{"n": 6}, {"t": "abc"}]})", true);
  of_new(R"({"any": [{"n": 6}, {"t": "x"}]})", false);
  of_new(R"({"not": {"n": 5, "t": "x"}})", true);
  of_new(R"({"not": {"n": {"gt": 4}}})", false);
  of_new(R"({"expr": {"$lt": ["$NEW.n", "$OLD.n"]}, "n": 5})", true);
  of_new(R"({"expr": {"$eq": ["$operationType", "insert"]}})", false);
}

TEST_F(LanguageConditions, HasConditionsOnAChange) {
  const std::string falls_to = R"({"x":{"falls_to":5}})";
  expect_change(falls_to, "6", "5", true);
  expect_change(falls_to, "6", "4.5", true);
  expect_change(falls_to, "5", "4", false);
  expect_change(falls_to, "7", "6", false);
  expect_change(falls_to, "4", "6", false);
  for (const char* odd : {"", "null", R"("6")", R"("")", "[6]", R"({"$numberDouble":"NaN"})", "true", "{}"}) {
    expect_change(falls_to, odd, "4", false);
    expect_change(falls_to, "6", odd, false);
    expect_change(falls_to, odd, odd, false);
    for (const char* name : {"falls_below", "rises_to", "rises_above"}) {
      const std::string condition = R"({"x":{")" + std::string(name) + R"(":5}})";
      expect_change(condition, odd, "9", false);
      expect_change(condition, odd, "1", false);
      expect_change(condition, "9", odd, false);
      expect_change(condition, "1", odd, false);
    }
    expect_change(R"({"x":{"moves_by":0.2}})", odd, "100", false);
    expect_change(R"({"x":{"moves_by":0.2}})", "100", odd, false);
  }
  expect_change(R"({"x":{"falls_below":5}})", "5", "4", true);
  expect_change(R"({"x":{"falls_below":5}})", "6", "5", false);
  expect_change(R"({"x":{"rises_to":5}})", "4", "5", true);
  expect_change(R"({"x":{"rises_to":5}})", "5", "6", false);
  expect_change(R"({"x":{"rises_above":5}})", "5", "6", true);
  expect_change(R"({"x":{"rises_above":5}})", "4", "5", false);
  for (const char* moves : {R"({"x":{"moves_by":0.2}})", R"({"x":{"moves_by":"20%"}})"}) {
    expect_change(moves, "100", "121", true);
    expect_change(moves, "100", "79", true);
    expect_change(moves, "100", "120", false);
    expect_change(moves, "100", "80", false);
    expect_change(moves, "-100", "-121", true);
    expect_change(moves, "-100", "-110", false);
    expect_change(moves, "0", "5", false);
    expect_change(moves, R"({"$numberDecimal":"100"})", "121", true);
  }
  const std::string a_to_b = R"({"x":{"from":"A","to":"B"}})";
  expect_change(a_to_b, R"("A")", R"("B")", true);
  expect_change(a_to_b, R"("A")", R"("C")", false);
  expect_change(a_to_b, R"("C")", R"("B")", false);
  expect_change(a_to_b, "", R"("B")", false);
  expect_change(a_to_b, R"("A")", "", false);
  expect_change(a_to_b, R"("A")", R"("A")", false);
  expect_change(R"({"x":{"to":["B","C"]}})", R"("A")", R"("C")", true);
  expect_change(R"({"x":{"to":["B","C"]}})", "", R"("C")", true);
  expect_change(R"({"x":{"to":"B"}})", R"("B")", R"("B")", false);
  expect_change(R"({"x":{"from":["A",null]}})", "", R"("C")", true);
  expect_change(R"({"x":{"from":["A",null]}})", "", "null", false);
  expect_change(R"({"x":{"changed":true}})", "1", "2", true);
  expect_change(R"({"x":{"changed":true}})", "1", "1.0", false);
  expect_change(R"({"x":{"changed":true}})", "", "null", false);
  expect_change(R"({"x":{"changed":false}})", "1", "", false);
  expect_change(R"({"x":{"changed":false}})", "1", "1", true);
  expect_condition(R"({"before.x":{"gt":5}})", true, event(R"({"x":6})", ""));
  expect_condition(R"({"x":{"falls_to":5}})", false, event("", R"({"x":4})"));
}

TEST_F(LanguageConditions, MakesDocuments) {
  expect_values(R"({"user":"NEW.t","text":"'Order ' || NEW.n","n":1,"yes":true,"none":null,"real":0.5})",
                R"({"user":"abc","text":"Order 5","n":1,"yes":true,"none":null,"real":0.5})");
  expect_values(R"({"a.b":"NEW.n","a.c":2,"d":{"e":"NEW.missing","f":{}}})",
                R"({"a":{"b":5,"c":2},"d":{"f":{}}})");
  expect_values(R"({"list":["NEW.n",2,{"x":"OLD.n"},["'y'"]],"none":[]})",
                R"({"list":[5,2,{"x":10},["y"]],"none":[]})");
  expect_values(R"({"raw":{"$add":["$NEW.n","$OLD.n",1]},"literal":{"$literal":"$NEW.n"}})",
                R"({"raw":16,"literal":"$NEW.n"})");
  expect_values(R"({"text":"'$NEW.n'","at":{"$date":"2026-03-01T00:00:00Z"}})",
                R"({"text":"$NEW.n","at":{"$date":"2026-03-01T00:00:00Z"}})");
}

}  // namespace
}  // namespace sluice::test
