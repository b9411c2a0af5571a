#include "support/language_fixture.hpp"

namespace sluice::test {
namespace {

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

}  // namespace
}  // namespace sluice::test
