#include <utility>

#include "language/conditions.hpp"
#include "language/expression.hpp"
#include "language/values/values.hpp"
#include "support/fixture.hpp"
#include "unit/language/soup.hpp"

namespace sluice::test {
namespace {

/// The one suite here that links the program's own code: what is compiled has no meaning but the server's.
class Language : public PipelineTest {
 protected:
  /// An event whose images are these; "" for one that is not there.
  static std::string event(const std::string& before, const std::string& after) {
    std::string event =
        R"({"_id":{"_data":"8264AB"},"operationType":"update","wallTime":{"$date":"2026-03-01T13:45:00Z"},)"
        R"("ns":{"db":"shop","coll":"orders"},"documentKey":{"_id":7})";
    if (!before.empty()) event += R"(,"fullDocumentBeforeChange":)" + before;
    if (!after.empty()) event += R"(,"fullDocument":)" + after;
    return event + "}";
  }

  /// What the server makes of an expression; "" for a missing value.
  std::string evaluate(const std::string& expression, const std::string& event) {
    const Document answer = db().command(Document(R"({"aggregate":1,"cursor":{},"pipeline":[)"
                                                  R"({"$documents":{"$literal":[)" +
                                                  event + R"(]}},{"$project":{"v":)" + expression + "}}]}"));
    const std::string value = answer.value("cursor.firstBatch.0.v");
    return value.empty() ? "" : plain(value);
  }
  /// Whole numbers of all kinds look the same.
  static std::string plain(const std::string& json) { return Document(R"({"v":)" + json + "}").json(); }

  void expect(const std::string& text, const std::string& expected, const std::string& event) {
    SCOPED_TRACE(text);
    try {
      const auto compiled = language::compile_expression(text);
      EXPECT_EQ(evaluate(compiled.json, event), expected.empty() ? "" : plain(expected)) << compiled.json;
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
  }
  using Rows = std::vector<std::pair<const char*, const char*>>;
  void expect_all(const Rows& rows) {
    for (const auto& [text, expected] : rows) expect(text, expected, event(before_, after_));
  }

  /// Hundreds in one question; each by itself only where one is not.
  void expect_all_false(const std::vector<std::string>& texts) {
    constexpr std::size_t at_once = 200;
    for (std::size_t i = 0; i < texts.size(); i += at_once) {
      const std::vector<std::string> some(
          texts.begin() + static_cast<std::ptrdiff_t>(i),
          texts.begin() + static_cast<std::ptrdiff_t>(std::min(i + at_once, texts.size())));
      std::string all;
      for (const std::string& text : some)
        all += (all.empty() ? "" : ",") + language::compile_expression(text).json;
      if (evaluate(R"({"$or":[)" + all + "]}", event(before_, after_)) == plain("false")) continue;
      for (const std::string& text : some) expect(text, "false", event(before_, after_));
    }
  }

  /// Likewise.
  void expect_no_failure(const std::string& all, const std::vector<std::string>& texts,
                         const std::string& event) {
    try {
      evaluate(all, event);
    } catch (const std::exception&) {
      for (const std::string& text : texts) {
        EXPECT_NO_THROW(evaluate(language::compile_expression(text).json, event)) << text;
      }
      ADD_FAILURE() << all;
    }
  }

  template <class Compile>
  std::string compiled(Compile compile, const std::string& json, const std::string& event) {
    const Document data(json);
    const auto made = compile(bson::View(*data.get()));
    return evaluate(made.json, event);
  }
  void expect_condition(const std::string& conditions, bool expected, const std::string& event) {
    SCOPED_TRACE(conditions + " of " + event);
    try {
      EXPECT_EQ(compiled(language::compile_conditions, conditions, event),
                plain(expected ? "true" : "false"));
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
  }
  void expect_change(const std::string& conditions, const char* before, const char* after, bool expected) {
    const auto image = [](const char* value) {
      return value[0] == '\0' ? std::string("{}") : R"({"x":)" + std::string(value) + "}";
    };
    expect_condition(conditions, expected, event(image(before), image(after)));
  }
  void expect_values(const std::string& values, const std::string& expected) {
    SCOPED_TRACE(values);
    try {
      EXPECT_EQ(compiled(language::compile_values, values, event(before_, after_)), plain(expected));
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
  }

  std::string before_ = R"({"n":10,"t":"abc","same":[1,{"a":2}],"gone":1,"nul":null,"status":"open"})";
  std::string after_ =
      R"({"n":5,"d":2.5,"dec":{"$numberDecimal":"1.5"},"zero":0,"nan":{"$numberDouble":"NaN"},)"
      R"("inf":{"$numberDouble":"Infinity"},"most":{"$numberLong":"9223372036854775807"},)"
      R"("least":{"$numberLong":"-9223372036854775808"},"t":"abc","empty":"","yes":true,"no":false,"nul":null,)"
      R"("list":[1,2,3],"map":{"x":1,"a b":{"c":2}},"a.b":{"$y":3},"$x":4,"same":[1,{"a":2}],"status":"paid",)"
      R"("day":{"$date":"2026-02-28T23:05:06.789Z"},"oid":{"$oid":"64b64c0a0123456789abcdef"},)"
      R"("bin":{"$binary":{"base64":"AAAA","subType":"00"}},"digits":"12","real":"1.5","money":"$5",)"
      R"("lines":"a\nb","percent":"50% off_","\u00fc":"\u00dcber"})";
};

TEST_F(Language, HasLiterals) {
  expect_all({{"5", "5"},
              {"007", "7"},
              {"1.5", "1.5"},
              {"1e3", "1000.0"},
              {"9223372036854775807", "9223372036854775807"},
              {"-5", "-5"},
              {"'text'", R"("text")"},
              {"'it''s'", R"("it's")"},
              {"'$NEW.n'", R"("$NEW.n")"},
              {"'$$ROOT'", R"("$$ROOT")"},
              {"''", R"("")"},
              {"'\"\\\n'", R"("\"\\\n")"},
              {"TRUE", "true"},
              {"false", "false"},
              {"NULL", "null"},
              {"1 -- one\n + 1", "2"}});
}

TEST_F(Language, ReadsTheEvent) {
  expect_all({{"NEW.n", "5"},
              {"old.n", "10"},
              {"NEW.map.x", "1"},
              {"NEW.map.\"a b\".c", "2"},
              {"NEW.\"a.b\".\"$y\"", "3"},
              {"NEW.\"$x\"", "4"},
              {"NEW.\"$x\".y", ""},
              {"NEW.\"no.such\"", ""},
              {"NEW.nul.\"no.such\"", "null"},
              {"NEW.\xc3\xbc",
               "\"\xc3\x9c"
               "ber\""},
              {"NEW.missing", ""},
              {"NEW.missing.deeper", ""},
              {"NEW.nul", "null"},
              {"OLD", R"({"n":10,"t":"abc","same":[1,{"a":2}],"gone":1,"nul":null,"status":"open"})"},
              {"id()", "7"},
              {"operation()", R"("update")"},
              {"time()", R"({"$date":"2026-03-01T13:45:00Z"})"},
              {"token()", R"("8264AB")"},
              {"collection()", R"("orders")"},
              {"database()", R"("shop")"}});
  expect("NEW", "", event("{}", ""));
  expect("NEW.n", "", event("{}", ""));
}

TEST_F(Language, ComparesOnlyWhatIsOfOneType) {
  // The last value of each row stands on the right of <, <=, > and >=.
  struct Row {
    const char* left;
    const char* right;
    bool less, at_most, more, at_least;
  };
  for (const Row& row : std::vector<Row>{{"NEW.n", "6", true, true, false, false},
                                         {"NEW.n", "5", false, true, false, true},
                                         {"NEW.n", "4.5", false, false, true, true},
                                         {"NEW.dec", "1.5", false, true, false, true},
                                         {"NEW.dec", "NEW.d", true, true, false, false},
                                         {"NEW.n", "NEW.n", false, true, false, true},
                                         {"NEW.n", "OLD.n", true, true, false, false},
                                         {"NEW.t", "'abd'", true, true, false, false},
                                         {"NEW.t", "''", false, false, true, true},
                                         {"NEW.t", "NEW.status", true, true, false, false},
                                         {"NEW.no", "TRUE", true, true, false, false},
                                         {"NEW.day", "time()", true, true, false, false},
                                         {"NEW.day", "date('2026-02-28')", false, false, true, true},
                                         {"NEW.oid", "NEW.oid", false, true, false, true},
                                         {"NEW.inf", "5", false, false, true, true},
                                         {"NEW.inf", "NEW.inf", false, true, false, true},
                                         {"-NEW.inf", "5", true, true, false, false},
                                         {"NEW.n + 1", "OLD.n - 3", true, true, false, false},
                                         {"upper(NEW.t)", "lower(NEW.t)", true, true, false, false},
                                         {"'a'", "'b'", true, true, false, false},
                                         {"2", "1", false, false, true, true}}) {
    const auto check = [&](const char* order, bool holds) {
      const std::string text = std::string(row.left) + order + row.right;
      expect(text, holds ? "true" : "false", event(before_, after_));
      expect("NOT " + text, holds ? "false" : "true", event(before_, after_));
    };
    check(" < ", row.less);
    check(" <= ", row.at_most);
    check(" > ", row.more);
    check(" >= ", row.at_least);
  }
}

TEST_F(Language, HasNoOrderForOthers) {
  const std::vector<std::string> values{"NEW.n",   "5",         "NEW.t",    "'abc'",   "NEW.yes",
                                        "TRUE",    "NEW.day",   "NEW.list", "NEW.map", "NEW.oid",
                                        "NEW.bin", "NEW.n * 2", "time()",   "text(5)", "(NEW.n = 5)"};
  const std::vector<std::string> nothing{"NEW.nul",   "NEW.missing", "NEW.nan", "OLD.missing",
                                         "NEW.t + 1", "number('x')", "lower(5)"};
  std::vector<std::string> texts;
  const auto in_no_order = [&](const std::string& left, const std::string& right) {
    for (const char* order : {" < ", " <= ", " > ", " >= "}) texts.push_back(left + order + right);
  };
  for (const std::string& missing : nothing) {
    for (const std::string& value : values) {
      in_no_order(missing, value);
      in_no_order(value, missing);
    }
    for (const std::string& other : nothing) in_no_order(missing, other);
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto type = [](std::size_t i) {
      return i == 11 ? 0 : i == 12 ? 3 : i == 13 ? 1 : i == 14 ? 2 : i < 6 ? i / 2 : i - 3;
    };
    for (std::size_t j = 0; j < values.size(); ++j) {
      if (type(i) != type(j)) in_no_order(values[i], values[j]);
    }
  }
  expect_all_false(texts);
}

TEST_F(Language, HoldsNullAndMissingForTheSame) {
  expect_all({{"NEW.nul IS NULL", "true"},
              {"NEW.missing IS NULL", "true"},
              {"NEW.zero IS NULL", "false"},
              {"NEW.empty IS NOT NULL", "true"},
              {"NEW.missing IS NOT NULL", "false"},
              {"NEW.t + 1 IS NULL", "true"},
              {"NULL IS NULL", "true"},
              {"5 IS NULL", "false"},
              {"NEW.nul = NEW.missing", "true"},
              {"NEW.missing = NEW.missing", "true"},
              {"NEW.nul <> OLD.missing", "false"},
              {"NEW.gone = OLD.gone", "false"},
              {"NEW.missing = 5", "false"},
              {"NEW.missing <> 5", "true"},
              {"NEW.n = 5", "true"},
              {"NEW.n = 5.0", "true"},
              {"NEW.n = '5'", "false"},
              {"NEW.n != '5'", "true"},
              {"NEW.money = '$5'", "true"},
              {"NEW.yes = TRUE", "true"},
              {"NEW.zero = FALSE", "false"},
              {"NEW.same = OLD.same", "true"},
              {"NEW.list = OLD.same", "false"},
              {"changed(NEW.n)", "true"},
              {"changed(NEW.same)", "false"},
              {"changed(NEW.nul)", "false"},
              {"changed(NEW.missing)", "false"},
              {"changed(NEW.gone)", "true"},
              {"changed(NEW.yes)", "true"},
              {"changed(NEW)", "true"},
              {"exists(NEW.nul)", "true"},
              {"exists(NEW.missing)", "false"},
              {"exists(OLD.gone)", "true"},
              {"exists(5)", "true"}});
  expect("changed(NEW.n)", "true", event("", R"({"n":1})"));
  expect("changed(NEW.n)", "false", event("", "{}"));
}

TEST_F(Language, CalculatesWithNumbersOnly) {
  expect_all({{"1 + 2 * 3", "7"},
              {"(1 + 2) * 3", "9"},
              {"10 - 2 - 3", "5"},
              {"10 - 2 + 3 - 1", "10"},
              {"2 * 3 * 4", "24"},
              {"10 / 4", "2.5"},
              {"100 / 5 / 2", "10.0"},
              {"7 % 4", "3"},
              {"-NEW.n + 1", "-4"},
              {"- -NEW.n", "5"},
              {"-(2 + 3)", "-5"},
              {"NEW.n * NEW.d", "12.5"},
              {"NEW.n + NEW.dec", R"({"$numberDecimal":"6.5"})"},
              {"NEW.most + 1", "9.2233720368547758e+18"},
              {"NEW.least - 1", "-9.2233720368547758e+18"},
              {"-NEW.least", "9.2233720368547758e+18"},
              {"NEW.most * NEW.most", "8.5070591730234616e+37"},
              {"NEW.least % -1", "0"},
              {"NEW.least / -1", "9.2233720368547758e+18"},
              {"NEW.n / 0", "null"},
              {"NEW.n / 0.0", "null"},
              {"NEW.n / NEW.zero", "null"},
              {"NEW.n / (NEW.n - 5)", "null"},
              {"NEW.n / NEW.nul", "null"},
              {"NEW.n / NEW.missing", "null"},
              {"NEW.n / NULL", "null"},
              {"NEW.n / 'x'", "null"},
              {"NEW.n / NEW.t", "null"},
              {"NEW.n % 0", "null"},
              {"NEW.n % NEW.zero", "null"},
              {"NEW.n % NEW.missing", "null"},
              {"1 / 0", "null"},
              {"1 % 0", "null"},
              {"NEW.n + NULL", "null"},
              {"NEW.n + NEW.missing", "null"},
              {"NEW.nul * 2", "null"},
              {"NEW.t + 1", "null"},
              {"1 + 'a'", "null"},
              {"NEW.n + TRUE", "null"},
              {"NEW.list * 2", "null"},
              {"NEW.day + 1", "null"},
              {"NEW.day - time()", "null"},
              {"NEW.map - 1", "null"},
              {"-NEW.t", "null"},
              {"-'a'", "null"},
              {"1 - NEW.t - 1", "null"}});
}

TEST_F(Language, JoinsTexts) {
  expect_all({{"'a' || 'b'", R"("ab")"},
              {"'n: ' || NEW.n || ', ' || NEW.d", R"("n: 5, 2.5")"},
              {"NEW.nul || 'x' || NEW.missing || NULL", R"("x")"},
              {"NEW.nul || NEW.missing", R"("")"},
              {"NEW.yes || 1", R"("true1")"},
              {"1 + 1 || '!'", R"("2!")"},
              {"NEW.oid || ''", R"("64b64c0a0123456789abcdef")"},
              {"NEW.day || ''", R"("2026-02-28T23:05:06.789Z")"},
              {"lower('[' || NEW.list || NEW.map || NEW.bin || ']')", R"("[]")"},
              // What the server has no text of it sends for the worker to join.
              {"'[' || NEW.list || NEW.bin || ']'",
               R"(["[",[1,2,3],{"$binary":{"base64":"AAAA","subType":"00"}},"]"])"},
              {"'a' || text(NEW.list || 5)", R"(["a",[1,2,3],"5"])"},
              {"concat(NEW.t, 1, NULL, NEW.dec)", R"("abc11.5")"},
              {"concat('$', 5)", R"("$5")"}});
}

TEST_F(Language, KnowsBooleans) {
  expect_all({{"TRUE AND FALSE", "false"},
              {"TRUE OR FALSE", "true"},
              {"NOT TRUE", "false"},
              {"TRUE OR TRUE AND FALSE", "true"},
              {"(TRUE OR TRUE) AND FALSE", "false"},
              {"NOT FALSE AND FALSE", "false"},
              {"NOT NEW.n = 5 OR TRUE", "true"},
              {"NOT NOT NEW.yes", "true"},
              {"NEW.missing AND TRUE", "false"},
              {"NOT NEW.missing", "true"},
              {"NEW.n = 5 AND NEW.t = 'abc' AND NEW.yes", "true"}});
}

TEST_F(Language, TestsMembershipAndRanges) {
  expect_all({{"NEW.n IN (1, 5, 9)", "true"},
              {"NEW.n NOT IN (1, 5, 9)", "false"},
              {"NEW.t IN ('abc')", "true"},
              {"NEW.money IN ('$5', '$6')", "true"},
              {"NEW.missing IN (1, 2)", "false"},
              {"NEW.missing NOT IN (1, 2)", "true"},
              {"NEW.n IN (OLD.n, NEW.n)", "true"},
              {"NEW.nul IN (OLD.missing, 1)", "true"},
              {"NEW.n + 5 IN (OLD.n)", "true"},
              {"NEW.list IN (1, 2)", "false"},
              {"NEW.n BETWEEN 1 AND 5", "true"},
              {"NEW.n BETWEEN 6 AND 9", "false"},
              {"NEW.n NOT BETWEEN 6 AND 9", "true"},
              {"NEW.n * 2 BETWEEN NEW.n AND OLD.n", "true"},
              {"NEW.n * 2 BETWEEN NEW.n + 6 AND OLD.n + 1", "false"},
              {"NEW.t BETWEEN 'a' AND 'b'", "true"},
              {"NEW.t BETWEEN 1 AND 5", "false"},
              {"NEW.missing BETWEEN 1 AND 5", "false"},
              {"NEW.missing NOT BETWEEN 1 AND 5", "true"},
              {"NEW.n BETWEEN 1 AND 5 AND NEW.yes", "true"}});
}

TEST_F(Language, MatchesPatterns) {
  expect_all({{"NEW.t LIKE 'abc'", "true"},
              {"NEW.t LIKE 'ab'", "false"},
              {"NEW.t LIKE 'a%'", "true"},
              {"NEW.t LIKE '%c'", "true"},
              {"NEW.t LIKE '%b%'", "true"},
              {"NEW.t LIKE 'a_c'", "true"},
              {"NEW.t LIKE '_'", "false"},
              {"NEW.t LIKE '%'", "true"},
              {"NEW.t LIKE 'A%'", "false"},
              {"NEW.t LIKE 'a.c'", "false"},
              {"NEW.t LIKE '[a-c]%'", "false"},
              {"NEW.t NOT LIKE 'x%'", "true"},
              {"NEW.empty LIKE ''", "true"},
              {"NEW.empty LIKE '%'", "true"},
              {"NEW.empty LIKE '_'", "false"},
              {"NEW.lines LIKE 'a_b'", "true"},
              {"NEW.lines LIKE 'a%b'", "true"},
              {"NEW.lines LIKE 'a'", "false"},
              {"NEW.\xc3\xbc LIKE '_ber'", "true"},
              {"NEW.percent LIKE '50\\% off_'", "false"},
              {"NEW.percent LIKE '50!% off!_' ESCAPE '!'", "true"},
              {"NEW.t LIKE 'a!%' ESCAPE '!'", "false"},
              {"'ab ab' LIKE '%ab%ab'", "true"},
              {"'ab' LIKE '%ab%ab'", "false"},
              {"'xaxbxabx' LIKE 'x%a%b_'", "true"},
              {"'aXbXc' LIKE 'a%X%c'", "true"},
              {"'abab' LIKE 'ab%ab'", "true"},
              {"'aba' LIKE 'ab%ba'", "false"},
              {"'a$' LIKE '%$'", "true"},
              {"'a-b^c' LIKE 'a-b^c'", "true"},
              {"NEW.n LIKE '5'", "false"},
              {"NEW.n NOT LIKE '5'", "true"},
              {"NEW.missing LIKE '%'", "false"},
              {"NEW.nul LIKE '%'", "false"},
              {"NEW.list LIKE '%'", "false"},
              {"text(NEW.n) LIKE '5'", "true"}});
  // Texts of any length, and those that a regular expression takes too many steps for.
  const std::string long_text = event("{}", R"({"t":")" + std::string(1'000'000, 'a') + "\"}");
  expect("NEW.t LIKE '%a%a%a%a%a%a%a%a%b'", "false", long_text);
  expect("NEW.t LIKE '%b%'", "false", long_text);
  expect("NEW.t LIKE 'a%a%a'", "true", long_text);
  expect("NEW.t LIKE '%a_a%'", "false", long_text);
  const std::string longest = event("{}", R"({"t":")" + std::string(50'000, 'a') + "\"}");
  expect("NEW.t LIKE '%a_a%'", "true", longest);
  expect("NEW.t LIKE '%a_a%a_b%'", "false", longest);
  expect("NEW.t LIKE '%a_a%a_a%_b'", "false", longest);
}

TEST_F(Language, Calculates) {
  expect_all({{"abs(-5)", "5"},
              {"abs(NEW.n - 7)", "2"},
              {"ABS(NEW.d)", "2.5"},
              {"abs(NEW.least)", "9.2233720368547758e+18"},
              {"abs(NEW.t)", "null"},
              {"abs(NEW.missing)", "null"},
              {"round(2.4)", "2.0"},
              {"round(NEW.d * 1.1, 1)", "2.8"},
              {"round(NEW.t)", "null"},
              {"round(NEW.most, 2)", "9223372036854775807"},
              {"floor(NEW.d)", "2.0"},
              {"floor(-NEW.d)", "-3.0"},
              {"floor('x')", "null"},
              {"ceil(NEW.d)", "3.0"},
              {"ceil(NEW.nul)", "null"},
              {"coalesce(NEW.missing, NEW.nul, NEW.n)", "5"},
              {"coalesce(NEW.missing, 'x')", R"("x")"},
              {"coalesce(NEW.nul)", "null"},
              {"coalesce(NEW.missing, 0) + 1", "1"},
              {"coalesce(NEW.t, 0) + 1", "null"},
              {"number(NEW.digits)", "12"},
              {"number(NEW.real)", "1.5"},
              {"number(NEW.d)", "2.5"},
              {"number(NEW.t)", "null"},
              {"number(NEW.missing)", "null"},
              {"number(NEW.list)", "null"},
              {"number(TRUE)", "1"},
              {"number('7') * 2", "14"},
              {"number(date('1970-01-01T00:00:01Z'))", "1000"},
              {"CASE WHEN NEW.n > 9 THEN 'many' WHEN NEW.n > 3 THEN 'some' ELSE 'few' END", R"("some")"},
              {"CASE WHEN NEW.missing THEN 1 END", "null"},
              {"CASE WHEN NEW.n > 3 THEN NEW.t ELSE 1 END + 1", "null"},
              {"CASE WHEN NEW.n > 3 THEN CASE WHEN TRUE THEN 2 END ELSE 1 END + 1", "3"}});
}

TEST_F(Language, KnowsTextsAndDates) {
  expect_all({{"lower('ABC')", R"("abc")"},
              {"upper(NEW.t)", R"("ABC")"},
              {"upper(NEW.n)", "null"},
              {"lower(NEW.missing)", "null"},
              {"lower(NULL)", "null"},
              {"upper(lower(NEW.t) || 'd')", R"("ABCD")"},
              {"lower(text(NEW.list))", "null"},
              {"length(NEW.t)", "3"},
              {"length('abcd')", "4"},
              {"length(NEW.\xc3\xbc)", "4"},
              {"length(NEW.list)", "3"},
              {"length('a' || 'b')", "2"},
              {"length(NEW.n)", "null"},
              {"length(lower(NEW.n))", "null"},
              {"length(NEW.missing)", "null"},
              {"length(5)", "null"},
              {"text(NEW.n)", R"("5")"},
              {"text(NEW.missing)", "null"},
              {"text(NEW.list)", "[[1,2,3]]"},
              {"text(NEW.list) IS NULL", "true"},
              {"text('a')", R"("a")"},
              {"date('2026-03-01')", R"({"$date":"2026-03-01T00:00:00Z"})"},
              {"date('2026-03-01T12:30+02:00')", R"({"$date":"2026-03-01T10:30:00Z"})"},
              {"date('2026-' || '03-01')", R"({"$date":"2026-03-01T00:00:00Z"})"},
              {"date(NEW.t)", "null"},
              {"date(NEW.missing)", "null"},
              {"date(NEW.list)", "null"},
              {"date(1000)", R"({"$date":"1970-01-01T00:00:01Z"})"},
              {"date(NEW.inf)", "null"},
              {"date(NEW.day)", R"({"$date":"2026-02-28T23:05:06.789Z"})"},
              {"hour(NEW.day)", "23"},
              {"day(NEW.day)", "28"},
              {"weekday(NEW.day)", "6"},
              {"month(NEW.day)", "2"},
              {"year(NEW.day)", "2026"},
              {"hour(time())", "13"},
              {"weekday(date('2026-03-01'))", "7"},
              {"hour(NEW.t)", "null"},
              {"hour(NEW.missing)", "null"},
              {"year(5)", "null"},
              {"time() > date('2026-03-01') AND hour(time()) BETWEEN 9 AND 17", "true"}});
}

/// What the parser lets through the server has to understand, however long or deep it is.
TEST_F(Language, IsUnderstoodAtItsLimits) {
  std::string any = "NEW.n = 0";
  for (int i = 1; i < 1000; ++i) any += " OR NEW.n = " + std::to_string(i);
  expect(any, "true", event(before_, after_));
  std::string sum = "0";
  for (int i = 0; i < 3000; ++i) sum += i % 2 == 0 ? " + 2" : " - 1";
  expect(sum, "1500", event(before_, after_));
  expect(std::string(99, '(') + "NEW.n" + std::string(99, ')'), "5", event(before_, after_));
  std::string deep = "NEW.n";
  std::string deepest;
  try {
    for (;; deep = "abs(" + deep + ")") {
      language::compile_expression(deep);
      deepest = deep;
    }
  } catch (const language::LanguageError&) {
  }
  expect(deepest, "5", event(before_, after_));
}

/// Neither when the server reads it, nor when it folds its constants, nor on any event.
TEST_F(Language, NeverFailsOnTheServer) {
  Soup soup(random_seed());
  for (int rounds = 0; rounds < 20; ++rounds) {
    std::vector<std::string> texts;
    std::string all;
    for (int i = 0; i < 25; ++i) {
      texts.push_back(soup.expression(1 + i % 3));
      all += (i == 0 ? "" : ",") + language::compile_expression(texts.back()).json;
    }
    for (const char* image : {R"({"a":5,"$d":{"$numberDouble":"NaN"}})", R"({"a":"x","$d":[1,"y"]})",
                              R"({"a":{"b":0},"$d":{"$date":"2026-03-01T00:00:00Z"}})", "{}"}) {
      expect_no_failure("[" + all + "]", texts, event(image, image));
    }
  }
}

TEST_F(Language, HasConditionsOnAValue) {
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

TEST_F(Language, HasConditionsOnAChange) {
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

TEST_F(Language, MakesDocuments) {
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
