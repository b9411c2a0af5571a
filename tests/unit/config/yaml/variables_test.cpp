#include "config/yaml/variables.hpp"

#include <gtest/gtest.h>

#include "config/load.hpp"

namespace sluice::config {
namespace {

const Variables kVariables = {{"KEY", "k$$1${KEY}"}, {"EMPTY", ""}, {"HOST", "h:1"}, {"N", "7"}};

std::string text_of(const std::string& written) {
  const Expanded expanded = expand(written, kVariables);
  return expanded.problem.empty() ? expanded.text : expanded.problem;
}

std::string expression_of(const std::string& written) {
  const Expanded expanded = expand(written, kVariables);
  return expanded.problem.empty() ? expanded.expression : expanded.problem;
}

TEST(Variables, AreReplacedAnywhereInAText) {
  EXPECT_EQ(text_of("mongodb://${HOST}/?a=${N}"), "mongodb://h:1/?a=7");
  EXPECT_EQ(text_of("${HOST}${HOST}"), "h:1h:1");
  EXPECT_EQ(text_of("${KEY}"), "k$$1${KEY}") << "a value is not looked at again";
  EXPECT_EQ(text_of("${EMPTY}"), "");
}

TEST(Variables, HaveDefaults) {
  EXPECT_EQ(text_of("${NONE:-a}"), "a");
  EXPECT_EQ(text_of("${EMPTY:-a}"), "a");
  EXPECT_EQ(text_of("${N:-a}"), "7");
  EXPECT_EQ(text_of("${NONE:-}"), "");
  EXPECT_EQ(text_of("${NONE:-orders.{_id}}"), "orders.{_id}");
  EXPECT_EQ(text_of("${NONE:-a:-b}"), "a:-b");
}

TEST(Variables, LeaveOtherDollarsAlone) {
  EXPECT_EQ(text_of("$fullDocument.a costs 5$"), "$fullDocument.a costs 5$");
  EXPECT_EQ(text_of("a$$b"), "a$b");
  EXPECT_EQ(text_of("$$"), "$");
  EXPECT_EQ(text_of("$$${N}"), "$7");
  EXPECT_EQ(text_of("$${N}"), "${N}");
  EXPECT_EQ(text_of("$$$a"), "$$a");
}

TEST(Variables, KeepTheServersVariablesInExpressions) {
  EXPECT_EQ(expression_of("$$NOW"), "$$NOW");
  EXPECT_EQ(expression_of("$$new.${N}"), "$$new.7");
  EXPECT_EQ(expression_of("$${N}"), "${N}");
  EXPECT_EQ(expression_of("$$${N}"), "$7");
}

TEST(Variables, ThatAreNotSetAreAProblem) {
  EXPECT_EQ(text_of("a ${HOSTS}"),
            "the environment variable 'HOSTS' is not set (did you mean 'HOST'?); set it, or give a default: "
            "${HOSTS:-default}");
  EXPECT_EQ(expand("a ${XYZXYZ}", kVariables).problem_at, 2u);
  EXPECT_EQ(text_of("${N"), "this variable has no closing brace");
  EXPECT_EQ(text_of("${a.b}"),
            "'${a.b}' is not a variable: a name may contain only letters, digits and '_'; for the literal "
            "text write '$${a.b}'");
  EXPECT_EQ(text_of("${}"),
            "'${}' is not a variable: a name may contain only letters, digits and '_'; for the literal text "
            "write '$${}'");
  EXPECT_EQ(text_of("${X:-${N}}"),
            "the default of the variable 'X' contains another variable, which is not supported");
}

std::string refusal(const std::string& yaml) {
  try {
    load_text(yaml, "w.yaml", {}, kVariables);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Variables, StandForValuesOfAFile) {
  const Config config = load_text(
                            "pipeline: p\nengine: {lanes: \"${N}\"}\nmongodb: {uri: \"mongodb://${HOST}\", "
                            "database: d}\nrules:\n  - name: r\n    webhook:\n      secret: ${KEY}\n"
                            "      where: { $lt: [ $$NOW, \"${N}\" ] }\n",
                            "w.yaml", {}, kVariables)
                            .config;
  EXPECT_EQ(config.engine.lanes, 7);
  EXPECT_EQ(config.streams[0].uri, "mongodb://h:1");
  const Settings& settings = config.streams[0].rules[0].settings;
  EXPECT_EQ(settings.text("secret"), "k$$1${KEY}");
  EXPECT_EQ(settings.json("where"), R"({"$lt": ["$$NOW", "7"]})");
}

TEST(Variables, ThatAreNotSetAreNamedWithTheirPlace) {
  const std::string not_set = "is not set; set it, or give a default: ${";
  EXPECT_EQ(refusal("pipeline: p\nmongodb: {uri: \"mongodb://${HOST}/${UVWXYZ}\", database: d}\nrules:\n"
                    "  - name: r\n    webhook:\n      secret: ${ABCDEF}\n"),
            "w.yaml:2:35: the environment variable 'UVWXYZ' " + not_set + "UVWXYZ:-default}\n" +
                "w.yaml:6:15: the environment variable 'ABCDEF' " + not_set + "ABCDEF:-default}");
}

}  // namespace
}  // namespace sluice::config
