#include "language/expression.hpp"

#include "unit/language/compiled.hpp"

namespace sluice::language {
namespace {

std::string compiled(const std::string& text) {
  return json(compile_expression(text));
}

std::string error(const std::string& text) {
  return error_of([&] { compile_expression(text); });
}

TEST(Expression, ComparesWithinATypeOnly) {
  EXPECT_EQ(compiled("NEW.status = 'shipped'"), R"({"$eq":["$fullDocument.status","shipped"]})");
  EXPECT_EQ(
      compiled("NEW.n > 5"),
      R"({"$and":[{"$lte":["$fullDocument.n",{"$numberDouble":"Infinity"}]},{"$gt":["$fullDocument.n",5]}]})");
  EXPECT_EQ(
      compiled("5 > NEW.n"),
      R"({"$and":[{"$gte":["$fullDocument.n",{"$numberDouble":"-Infinity"}]},{"$gt":[5,"$fullDocument.n"]}]})");
  EXPECT_EQ(compiled("NEW.t < 'b'"),
            R"({"$and":[{"$eq":[{"$type":"$fullDocument.t"},"string"]},{"$lt":["$fullDocument.t","b"]}]})");
  EXPECT_EQ(compiled("1 < 'a'"), R"({"$literal":false})");
}

TEST(Expression, TakesNoTextForAnExpression) {
  EXPECT_EQ(compiled("'$NEW.x'"), R"({"$literal":"$NEW.x"})");
  EXPECT_EQ(compiled("NEW.price = '$5'"), R"({"$eq":["$fullDocument.price",{"$literal":"$5"}]})");
  EXPECT_EQ(compiled("5"), R"({"$literal":5})");
  EXPECT_EQ(compiled("'it''s \"x\"'"), R"({"$literal":"it's \"x\""})");
  EXPECT_EQ(compiled("9223372036854775808"), R"({"$literal":9223372036854775808.0})");
}

TEST(Expression, SaysWhatItReads) {
  const Compiled both =
      compile_expression("OLD.a.b <> NEW.a.b AND NEW.c = 1 AND NEW.c < 5 OR changed(NEW.\"d e\")");
  EXPECT_EQ(both.before, (std::vector<std::string>{"a.b", "d e"}));
  EXPECT_EQ(both.after, (std::vector<std::string>{"a.b", "c", "d e"}));
  EXPECT_EQ(compile_expression("NEW").after, std::vector<std::string>{""});
  EXPECT_EQ(compile_expression("NEW.a.\"b.c\".d").after, std::vector<std::string>{"a"});
  EXPECT_TRUE(compile_expression("id() = 5").after.empty());
}

TEST(Expression, KnowsKeywordsInAnyCaseAndFieldsByTheirs) {
  EXPECT_EQ(compiled("new.End is Not null"), compiled("NEW.End IS NOT NULL"));
  EXPECT_EQ(compiled("UPPER(NEW.x)"), compiled("upper(NEW.x)"));
  EXPECT_NE(compiled("NEW.a"), compiled("NEW.A"));
  EXPECT_EQ(compiled("NEW.a -- a comment\n + 1"), compiled("NEW.a + 1"));
}

TEST(Expression, BindsByPrecedence) {
  const std::vector<std::pair<const char*, const char*>> same{
      {"1 + 2 * 3", "1 + (2 * 3)"},
      {"NEW.a || NEW.b + 1", "NEW.a || (NEW.b + 1)"},
      {"NEW.a || 'x' = 'y'", "(NEW.a || 'x') = 'y'"},
      {"NOT NEW.a = 1 AND NEW.b OR NEW.c", "((NOT (NEW.a = 1)) AND NEW.b) OR NEW.c"},
      {"NEW.a BETWEEN 1 AND 2 AND NEW.b", "(NEW.a BETWEEN 1 AND 2) AND NEW.b"},
      {"-NEW.a * 2", "(-NEW.a) * 2"},
      {"NEW.a <> 1", "NOT NEW.a = 1"},
      {"NEW.a != 1", "NEW.a <> 1"},
  };
  for (const auto& [one, other] : same) EXPECT_EQ(compiled(one), compiled(other));
}

/// The text of a path may be written several times, but what is computed never is.
TEST(Expression, GrowsWithItsTextOnly) {
  for (const char* wrap : {"length(", "number(", "abs(", "date("}) {
    std::string nested = "NEW.a";
    for (int i = 0; i < 8; ++i) nested = wrap + nested + ")";
    EXPECT_LT(compiled(nested).size(), 4000U) << nested;
  }
}

TEST(Expression, SaysWhereAndWhatIsWrong) {
  const std::vector<std::pair<const char*, const char*>> wrong{
      {"",
       "line 1, column 1: expected a value (a number, a 'text', NEW.field, OLD.field, a function or '('), "
       "not the end"},
      {"NEW.a =",
       "line 1, column 8: expected a value (a number, a 'text', NEW.field, OLD.field, a function or '('), "
       "not the end"},
      {"NEW.a = NULL", "line 1, column 9: values cannot be compared with NULL; write IS NULL or IS NOT NULL"},
      {"NULL <> NEW.a",
       "line 1, column 1: values cannot be compared with NULL; write IS NULL or IS NOT NULL"},
      {"NEW.a IN (1, NULL)",
       "line 1, column 14: values cannot be compared with NULL; write IS NULL or IS NOT NULL"},
      {"lowr(NEW.a)", "line 1, column 1: unknown function 'lowr'; did you mean 'lower'?"},
      {"changd(NEW.a)", "line 1, column 1: unknown function 'changd'; did you mean 'changed'?"},
      {"abs()", "line 1, column 4: abs() takes one value, not 0"},
      {"id(1)", "line 1, column 3: id() takes nothing, not 1"},
      {"round(1, NEW.a)", "line 1, column 6: the places of round() must be a whole number from 0 to 20"},
      {"date('2026-02-30')",
       "line 1, column 5: date() needs a text such as '2026-03-01' or '2026-03-01T12:30:00Z'"},
      {"changed(OLD.a)", "line 1, column 9: expected NEW.field in changed(), not OLD"},
      {"lower NEW.a", "line 1, column 7: expected '(' behind the function's name, not NEW"},
      {"status = 1",
       "line 1, column 1: 'status' alone means nothing: a field is NEW.status or OLD.status, a text stands "
       "in '..'"},
      {"NEW.a = \"x\"",
       "line 1, column 9: a name in \"..\" stands behind NEW. or OLD.; a text stands in '..'"},
      {"NEW.a = 1 2", "line 1, column 11: expected an operator or the end, not 2"},
      {"NEW.a < 1 < 2", "line 1, column 11: expected an operator or the end, not <"},
      {"NEW.",
       "line 1, column 5: expected a field's name (in \"..\" where it is not a plain word), not the end"},
      {"NEW.\"\"", "line 1, column 5: a field's name (in \"..\" where it is not a plain word) is not empty"},
      {"NEW.a NOT 5", "line 1, column 11: expected IN, BETWEEN or LIKE after NOT, not 5"},
      {"NEW.a IS 5", "line 1, column 10: expected NULL, not 5"},
      {"NEW.a LIKE NEW.b", "line 1, column 12: expected the pattern of LIKE, as a text in '..', not NEW"},
      {"NEW.a LIKE 'x!y' ESCAPE '!'",
       "line 1, column 25: in the pattern '!' must be followed by %, _ or itself"},
      {"NEW.a LIKE 'x' ESCAPE '!!'", "line 1, column 23: ESCAPE needs one ASCII character, such as '!'"},
      {"CASE NEW.a", "line 1, column 6: expected WHEN, not NEW"},
      {"CASE WHEN 1 THEN 2", "line 1, column 19: expected WHEN, ELSE or END, not the end"},
      {"(1", "line 1, column 3: expected ')', not the end"},
      {"abs(1 2)", "line 1, column 7: expected ',' or ')', not 2"},
      {"'open", "line 1, column 1: this has no closing '"},
      {"12ab",
       "line 1, column 1: a name must not begin with a digit, and a number must not be followed by a letter"},
      {"1e999", "line 1, column 1: no number is that large or that small"},
      {"NEW.a = 1 &&\n 2", "line 1, column 11: '&&' is not an operator; write AND"},
      {"NEW.a == 1", "line 1, column 7: '==' is not an operator; write '=' for equality"},
      {"NEW.a = 1\n  AND ?",
       "line 2, column 7: '?' is not allowed here; write texts in '..' and names with special characters in "
       "\"..\""},
      {"NEW.\xc3\xbc = '\xc3\xbc' 5", "line 1, column 13: expected an operator or the end, not 5"},
      {"'\xff'", "line 1, column 1: this is not valid UTF-8, or contains a zero byte"},
  };
  for (const auto& [text, message] : wrong) EXPECT_EQ(error(text), message) << text;
}

TEST(Expression, KnowsTheOffsetOfAnError) {
  try {
    compile_expression("NEW.\xc3\xbc = 1\nAND NEW.a = NULL");
    FAIL();
  } catch (const LanguageError& error) {
    EXPECT_EQ(error.offset(), 23U);
    EXPECT_EQ(error.reason(), "values cannot be compared with NULL; write IS NULL or IS NOT NULL");
  }
}

TEST(Expression, HasLimits) {
  EXPECT_NE(error(std::string(most_expression_bytes + 1, ' ')).find("too long"), std::string::npos);
  for (const char* open : {"(", "NOT ", "- ", "abs(", "CASE WHEN ", "1 + (", "NEW.a IN ("}) {
    std::string text;
    while (text.size() + 10 < most_expression_bytes) text += open;
    EXPECT_NE(error(text).find("is nested too deeply"), std::string::npos) << open;
  }
  std::string sum = "1";
  while (sum.size() + 10 < most_expression_bytes) sum += "/1";
  EXPECT_NE(error(sum).find("is nested too deeply"), std::string::npos);
  std::string path = "NEW";
  for (int i = 0; i < 101; ++i) path += ".a";
  EXPECT_EQ(error(path), "line 1, column 4: a path has at most 100 names");
}

}  // namespace
}  // namespace sluice::language
