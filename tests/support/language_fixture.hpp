#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "language/conditions.hpp"
#include "language/expression.hpp"
#include "language/values/values.hpp"
#include "support/fixture.hpp"

namespace sluice::test {

/// Tests that compile expressions with the language's code and evaluate them on a server, which alone defines
/// their meaning.
class Language : public PipelineTest {
 protected:
  /// An update event with these images; "" for an absent image.
  static std::string event(const std::string& before, const std::string& after) {
    std::string event =
        R"({"_id":{"_data":"8264AB"},"operationType":"update","wallTime":{"$date":"2026-03-01T13:45:00Z"},)"
        R"("ns":{"db":"shop","coll":"orders"},"documentKey":{"_id":7})";
    if (!before.empty()) event += R"(,"fullDocumentBeforeChange":)" + before;
    if (!after.empty()) event += R"(,"fullDocument":)" + after;
    return event + "}";
  }

  /// The value of an expression over an event, computed by the server; "" if it is missing.
  std::string evaluate(const std::string& expression, const std::string& event) {
    const Document answer = db().command(Document(R"({"aggregate":1,"cursor":{},"pipeline":[)"
                                                  R"({"$documents":{"$literal":[)" +
                                                  event + R"(]}},{"$project":{"v":)" + expression + "}}]}"));
    const std::string value = answer.value("cursor.firstBatch.0.v");
    return value.empty() ? "" : plain(value);
  }
  /// The value as relaxed Extended JSON, in which integers of all types look the same.
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

  /// Expects that all texts are false. Evaluates hundreds in one command, and each on its own only if one is
  /// not false.
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

  /// Expects that the server evaluates `all`, an expression made of `texts`, without an error. Evaluates each
  /// text on its own if it does not.
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

}  // namespace sluice::test
