#include "bson/text.hpp"
#include "language/conditions.hpp"
#include "language/expression.hpp"
#include "rules/shared/joined_texts.hpp"
#include "support/fixture.hpp"
#include "text/utf8.hpp"
#include "unit/language/hostile.hpp"
#include "unit/language/soup.hpp"

namespace sluice::test {
namespace {

/// Expressions over values of every kind, on the server that evaluates them. Like language_test.cpp, this
/// links the program's own code.
class LanguageValues : public PipelineTest {
 protected:
  LanguageValues() : values_(random_seed()) {}

  /// Events whose images hold hostile values as a, b and $d.
  void make_events(int count) {
    constexpr int at_once = 500;
    for (int made = 0; made < count; made += at_once) {
      Document command;
      BSON_APPEND_UTF8(command.get(), "insert", "events");
      bson_t list;
      bson_append_array_begin(command.get(), "documents", -1, &list);
      for (int i = 0; i < at_once; ++i) {
        bson_t event;
        bson_append_document_begin(&list, std::to_string(i).c_str(), -1, &event);
        BSON_APPEND_INT32(&event, "_id", made + i);
        BSON_APPEND_UTF8(&event, "operationType", "update");
        for (const char* image : {"fullDocument", "fullDocumentBeforeChange"}) {
          bson_t document;
          bson_append_document_begin(&event, image, -1, &document);
          for (const char* name : {"a", "b", "$d"}) values_.append(&document, name);
          bson_append_document_end(&event, &document);
        }
        bson_append_document_end(&list, &event);
      }
      bson_append_array_end(command.get(), &list);
      db().command(command);
    }
  }

  /// `v` of each event, in their order.
  std::vector<Document> evaluate(const std::string& expression) {
    const Document answer = db().command(
        Document(R"({"aggregate":"events","cursor":{"batchSize":10000},"pipeline":[{"$sort":{"_id":1}},)"
                 R"({"$project":{"_id":0,"a":"$fullDocument.a","b":"$fullDocument.b","v":)" +
                 expression + "}}]}"));
    std::vector<Document> all;
    const bson::View view(*answer.get());
    for (const auto& [index, event] : view.at_path("cursor.firstBatch").document())
      all.emplace_back(event.document().borrow());
    return all;
  }

  /// All at once; where that fails, each by itself.
  void expect_no_failure(const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts)
      all += (all.empty() ? "" : ",") + language::compile_expression(text).json;
    try {
      failing(all);
      return;
    } catch (const std::exception&) {
    }
    for (const std::string& text : texts) {
      EXPECT_NO_THROW(failing(language::compile_expression(text).json))
          << text << "; SLUICE_SEED=" << random_seed();
    }
  }
  /// Only whether it fails matters, and results may be large.
  void failing(const std::string& expressions) {
    db().command(Document(
        R"({"aggregate":"events","cursor":{},"pipeline":[{"$group":{"_id":null,"n":{"$max":{"$size":[[)" +
        expressions + R"(]]}}}}]})"));
  }

  HostileValues values_;
};

bool is_null(const bson::Value& value) {
  return !value || value.is_null() || value.type() == BSON_TYPE_UNDEFINED;
}

/// The server makes the texts of most types, the worker those of the rest, and the texts are bson::text_of's.
TEST_F(LanguageValues, HaveOneTextOnTheServerAndInTheWorker) {
  make_events(6000);
  const auto text = [](const bson::Value& value) { return is_null(value) ? "" : bson::text_of(value); };
  Arena arena;
  const auto each = [&](const std::string& expression, const auto& expect) {
    const language::Compiled compiled = language::compile_expression(expression);
    for (const auto& event : evaluate(compiled.json)) {
      SCOPED_TRACE(expression + " of " + bson::View(*event.get()).json() +
                   "; SLUICE_SEED=" + std::to_string(random_seed()));
      const bson::View view(*event.get());
      expect(view, rules::with_texts_joined(view.at("v"), compiled.texts, arena));
      if (HasFailure()) return;
    }
  };
  each("text(NEW.a)", [&](bson::View view, const bson::Value& made) {
    EXPECT_EQ(made.is_null(), is_null(view.at("a")));
    EXPECT_EQ(made.text(), text(view.at("a")));
  });
  each("'<' || NEW.a || '>'", [&](bson::View view, const bson::Value& made) {
    EXPECT_EQ(made.text(), "<" + text(view.at("a")) + ">");
  });
  each("concat('<', text(NEW.a), '|' || NEW.b, 5, '>')", [&](bson::View view, const bson::Value& made) {
    EXPECT_EQ(made.text(), "<" + text(view.at("a")) + "|" + text(view.at("b")) + "5>");
  });
}

/// The numbers that were wrong once.
TEST_F(LanguageValues, AreWrittenAsPeopleWriteThem) {
  db().command(Document(
      R"({"insert":"events","documents":[{"_id":1,"fullDocument":{"no":20260000100.0,"p":19.99,)"
      R"("w":1234567.0,"t":0.30000000000000004,"d":{"$date":{"$numberLong":"253402300800000"}}}}]})"));
  for (const auto& [text, expected] : std::vector<std::pair<std::string, std::string>>{
           {"'inv-' || NEW.no", "inv-20260000100"},
           {"text(NEW.w)", "1234567"},
           {"text(NEW.p)", "19.99"},
           {"NEW.p || '/' || NEW.t", "19.99/0.30000000000000004"},
           {"text(NEW.d)", "+010000-01-01T00:00:00.000Z"},
           {"text(NEW.p + 0)", "19.99"},
           {"text(1234567.0) || 1e300", "12345671e+300"},
           {"text(date('2026-03-01'))", "2026-03-01T00:00:00.000Z"}}) {
    const auto made = evaluate(language::compile_expression(text).json);
    ASSERT_EQ(made.size(), 1U);
    EXPECT_EQ(made[0].text("v"), expected) << text;
  }
  const auto equal = evaluate(language::compile_expression("text(NEW.no) = '20260000100'").json);
  EXPECT_TRUE(equal.at(0).boolean("v"));
}

TEST_F(LanguageValues, NeverMakeAnExpressionFail) {
  make_events(3000);
  std::vector<std::string> texts;
  for (const char* value :
       {"NEW.a", "NEW.\"$d\"", "text(NEW.a)", "NEW.a || NEW.b", "date(NEW.a)", "number(NEW.a)"}) {
    for (const char* function :
         {"abs", "lower", "upper", "length", "round", "floor", "ceil", "text", "number", "date", "hour",
          "day", "weekday", "month", "year", "exists", "coalesce", "concat"}) {
      texts.push_back(std::string(function) + "(" + value + ")");
    }
    for (const char* operation :
         {" LIKE 'a%'", " LIKE '%b%'", " LIKE '_'", " LIKE '%_c'", " LIKE 'a!%_' ESCAPE '!'", " NOT LIKE '%'",
          " IS NULL", " = NEW.b", " < NEW.b", " >= 'a'", " < date('2026-03-01')", " + NEW.b", " - NEW.b",
          " * NEW.b", " / NEW.b", " % NEW.b", " || NEW.b", " IN (NEW.b, 'a', 1)", " BETWEEN 'a' AND NEW.b"}) {
      texts.push_back(value + std::string(operation));
    }
    texts.push_back("CASE WHEN " + std::string(value) + " THEN -" + value + " ELSE round(" + value +
                    ", 3) END");
  }
  texts.emplace_back("changed(NEW.a)");
  expect_no_failure(texts);
  Soup soup(random_seed());
  for (int rounds = 0; rounds < 10; ++rounds) {
    std::vector<std::string> some;
    for (int i = 0; i < 20; ++i) some.push_back(soup.expression(1 + i % 3));
    expect_no_failure(some);
  }
}

TEST_F(LanguageValues, NeverMakeAConditionFail) {
  make_events(3000);
  for (const char* condition :
       {R"({"a":{"matches":"^a.c$"}})", R"({"a":{"matches":"\\p{L}"}})", R"({"a":{"moves_by":0.2}})",
        R"({"a":{"falls_to":5}})", R"({"a":{"from":1,"to":"x"}})", R"({"a":{"changed":true}})",
        R"({"a":{"in":[1,"a",null]},"b":{"exists":true}})", R"({"before.a":{"gt":5,"lt":"x"}})"}) {
    const Document data(condition);
    EXPECT_NO_THROW(failing(language::compile_conditions(bson::View(*data.get())).json))
        << condition << "; SLUICE_SEED=" << random_seed();
  }
}

/// A pattern with _ matches what is UTF-8, in any script, and nothing else.
TEST_F(LanguageValues, MatchPatternsWhereTheyAreUtf8) {
  make_events(4000);
  for (const auto& event : evaluate(language::compile_expression("NEW.a LIKE '%_%'").json)) {
    const bson::View view(*event.get());
    const bson::Value value = view.at("a");
    const bool due = !value.text().empty() && text::is_utf8(value.text());
    ASSERT_EQ(view.at("v").boolean(), due) << view.json() << "; SLUICE_SEED=" << random_seed();
  }
}

}  // namespace
}  // namespace sluice::test
