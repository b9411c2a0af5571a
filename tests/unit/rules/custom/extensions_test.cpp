#include "sluice/extensions.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace sluice {
namespace {

class NoRule final : public Rule {
 public:
  NoRule() : Rule("none") {}
  std::vector<Subscription> subscriptions() const override { return {}; }
  void apply(const ChangeEvent&, Effects&) const override {}
  std::string fingerprint() const override { return ""; }
};

RuleType rule_type(std::vector<SettingSpec> settings = {}) {
  return {.settings = std::move(settings),
          .make = [](const RuleContext&) { return std::make_unique<NoRule>(); }};
}

SinkType sink_type() {
  return {.make = [](const SinkContext&) { return std::unique_ptr<Sink>(); }};
}

template <typename Act>
std::string refusal(Act act) {
  try {
    act();
    return "";
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

TEST(Extensions, RefusesANameThatIsTaken) {
  Extensions all;
  all.add_rule("mask", rule_type()).add_sink("file", sink_type());
  EXPECT_EQ(refusal([&] { all.add_rule("mask", rule_type()); }), "'mask' is registered already");
  EXPECT_EQ(refusal([&] { all.add_sink("mask", sink_type()); }), "'mask' is registered already");
  EXPECT_EQ(refusal([&] { all.add_rule("file", rule_type()); }), "'file' is registered already");
  EXPECT_EQ(all.kinds(), (std::vector<std::string>{"file", "mask"}));
}

TEST(Extensions, RefusesNamesOfTheLibrary) {
  Extensions all;
  for (const char* name : {"embed", "publish", "webhook", "cache", "write", "name", "enabled"}) {
    EXPECT_EQ(refusal([&] { all.add_rule(name, rule_type()); }),
              std::string("'") + name + "' is a name of the library's own; choose another one");
    EXPECT_NE(refusal([&] { all.add_sink(name, sink_type()); }), "");
  }
}

TEST(Extensions, RefusesNamesThatAreNone) {
  Extensions all;
  for (const char* name : {"", "Mask", "my-rule", "a b", "2x"}) {
    EXPECT_NE(refusal([&] { all.add_rule(name, rule_type()); }), "") << name;
  }
}

TEST(Extensions, RefusesSettingsThatCannotBe) {
  Extensions all;
  EXPECT_EQ(refusal([&] {
              all.add_rule("r", rule_type({{.name = "a"}, {.name = "a"}}));
            }),
            "the setting 'a' of 'r' is declared twice");
  for (const char* name : {"from", "operations", "when", "payload", "dedup_s"}) {
    EXPECT_NE(refusal([&] { all.add_rule("r", rule_type({{.name = name}})); }), "") << name;
  }
  EXPECT_NE(refusal([&] { all.add_rule("r", rule_type({{.name = "A"}})); }), "");
  const SettingSpec number{.name = "n", .type = SettingType::integer, .fallback = "11", .most = 10};
  EXPECT_NE(refusal([&] { all.add_rule("r", rule_type({number})); }).find("at most 10"), std::string::npos);
  const SettingSpec word{.name = "w", .fallback = "c", .allowed = {"a", "b"}};
  EXPECT_NE(refusal([&] { all.add_rule("r", rule_type({word})); }), "");
}

TEST(Extensions, RefusesWhatHasNoFactory) {
  Extensions all;
  EXPECT_EQ(refusal([&] { all.add_rule("r", {}); }), "the rule 'r' has no factory");
  EXPECT_EQ(refusal([&] { all.add_sink("s", {}); }), "the sink 's' has no factory");
  EXPECT_NE(refusal([&] { all.add_metrics({}); }), "");
}

TEST(Extensions, TellsMetricsThatFailFromTheOthers) {
  Extensions all;
  EXPECT_EQ(all.metrics(), "");
  all.add_metrics([] { return std::string("a 1"); });
  all.add_metrics([]() -> std::string { throw std::runtime_error("no\nway"); });
  all.add_metrics([] { return std::string("b 2\n"); });
  EXPECT_EQ(all.metrics(),
            "a 1\n# a function that gives metrics failed: no way\nb 2\n"
            "# HELP sluice_custom_metrics_failed Functions of the program that gave no metrics this time.\n"
            "# TYPE sluice_custom_metrics_failed gauge\nsluice_custom_metrics_failed 1\n");
}

TEST(CustomSettings, AreReadByTheirTypes) {
  const std::vector<SettingSpec> specs{
      {.name = "t", .allowed = {"a", "b"}},       {.name = "i", .type = SettingType::integer, .most = 10},
      {.name = "d", .type = SettingType::number}, {.name = "y", .type = SettingType::boolean},
      {.name = "l", .type = SettingType::texts},  {.name = "j", .type = SettingType::json}};
  const CustomSettings read(Settings::parse("t: b\ni: 7\nd: 1.5\ny: true\nl: [x, z]\nj: {k: [1, a]}\n"),
                            specs);
  EXPECT_EQ(read.text("t"), "b");
  EXPECT_EQ(read.integer("i"), 7);
  EXPECT_EQ(read.number("d"), 1.5);
  EXPECT_TRUE(read.boolean("y"));
  EXPECT_EQ(read.texts("l"), (std::vector<std::string>{"x", "z"}));
  EXPECT_EQ(read.json("j"), R"({"k": [1, "a"]})");
  EXPECT_TRUE(read.stated("t"));
  EXPECT_THROW(read.text("i"), std::logic_error);
  EXPECT_THROW(read.text("other"), std::logic_error);
}

TEST(CustomSettings, HaveDefaults) {
  const CustomSettings read(Settings::parse("{}"),
                            {{.name = "t", .fallback = "x"},
                             {.name = "i", .type = SettingType::integer, .fallback = "3"},
                             {.name = "y", .type = SettingType::boolean, .fallback = "true"},
                             {.name = "l", .type = SettingType::texts, .fallback = ""}});
  EXPECT_EQ(read.text("t"), "x");
  EXPECT_EQ(read.integer("i"), 3);
  EXPECT_TRUE(read.boolean("y"));
  EXPECT_TRUE(read.texts("l").empty());
  EXPECT_FALSE(read.stated("t"));
}

TEST(CustomSettings, TellAllThatIsWrongWithItsPlace) {
  const std::vector<SettingSpec> specs{{.name = "t", .allowed = {"a", "b"}},
                                       {.name = "i", .type = SettingType::integer, .least = 1, .most = 10},
                                       {.name = "d", .type = SettingType::number},
                                       {.name = "m"}};
  try {
    const CustomSettings read(Settings::parse("t: c\ni: 11\nd: x\n", "f.yaml"), specs);
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_EQ(std::string(error.what()),
              "f.yaml:1:1: 't' must be a or b, not 'c'\n"
              "f.yaml:2:1: 'i' must be a whole number from 1 to 10, not '11'\n"
              "f.yaml:3:1: 'd' must be a number, not 'x'\n"
              "f.yaml:1:1: 'm' is missing here");
  }
}

}  // namespace
}  // namespace sluice
