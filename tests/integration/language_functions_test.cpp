#include "support/language_fixture.hpp"
#include "unit/language/soup.hpp"

namespace sluice::test {
namespace {

class LanguageFunctions : public Language {};

TEST_F(LanguageFunctions, MatchesPatterns) {
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

TEST_F(LanguageFunctions, Calculates) {
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

TEST_F(LanguageFunctions, KnowsTextsAndDates) {
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
TEST_F(LanguageFunctions, IsUnderstoodAtItsLimits) {
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
TEST_F(LanguageFunctions, NeverFailsOnTheServer) {
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

}  // namespace
}  // namespace sluice::test
