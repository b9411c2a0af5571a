#include "sluice/settings.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace sluice {
namespace {

std::string message_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "nothing thrown";
}

Settings parse(const std::string& yaml) {
  return Settings::parse(yaml, "f.yaml");
}

struct BadFile {
  const char* yaml;
  const char* message;
};

class BadFiles : public testing::TestWithParam<BadFile> {};

TEST_P(BadFiles, AreRefusedWithTheirPlace) {
  EXPECT_EQ(message_of([] { parse(GetParam().yaml); }), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Settings, BadFiles,
    testing::Values(
        BadFile{"", "f.yaml: the file is empty; it must contain a map of settings"},
        BadFile{"# nothing but a remark\n", "f.yaml: the file is empty; it must contain a map of settings"},
        BadFile{"---\n", "f.yaml: the file is empty; it must contain a map of settings"},
        BadFile{"~", "f.yaml: the file is empty; it must contain a map of settings"},
        BadFile{"- a\n- b\n", "f.yaml:1:1: the file must contain a map of settings (key: value), not a list"},
        BadFile{"hello", "f.yaml:1:1: the file must contain a map of settings (key: value), not a text"},
        BadFile{"a: 1\nb: 2\na: 3\n", "f.yaml:3:1: 'a' appears twice; it is already in line 1"},
        BadFile{"a:\n  - b: 1\n    b: 1\n", "f.yaml:3:5: 'b' appears twice; it is already in line 2"},
        BadFile{"a: {b: 1, b: 1}\n", "f.yaml:1:11: 'b' appears twice; it is already in line 1"},
        BadFile{"[a]: 1\n", "f.yaml:1:1: a key must be a text"},
        BadFile{"a: 1\n---\nb: 1\n",
                "f.yaml:3:1: a second document starts here; a file may contain only one (remove the '---')"},
        BadFile{"a: [1, 2\n",
                "f.yaml:2:1: this is not valid YAML: end of sequence flow not found (is a "
                "quote or a bracket above not closed?)"},
        BadFile{",a: b\n", "f.yaml:1:1: this is not valid YAML"},
        BadFile{"a: b: c\n", "f.yaml:1:5: this is not valid YAML: illegal map value"},
        BadFile{"a:\n\t- 1\n", "f.yaml:2:2: line 2 is indented with a tab; YAML allows only spaces"},
        BadFile{
            "a: *\n",
            "f.yaml:1:5: this is not valid YAML: alias not found after * (a text that begins with * needs "
            "quotes)"},
        BadFile{"a: *nobody\n", "f.yaml:1:4: this is not valid YAML: the referenced anchor is not defined"}));

TEST(SettingsFile, IndentationThatIsOffByOneIsNamedWithItsLine) {
  const std::string rules = "pipeline: p\nrules:\n  - name: a\n    count:\n      from: x\n";
  EXPECT_EQ(message_of([&] { parse(rules + "     into: y\n"); }),
            "f.yaml:6:6: line 6 is indented by 5 spaces, which matches no block above: those are indented by "
            "4 and 6");
  EXPECT_EQ(message_of([&] { parse(rules + "       into: y\n"); }),
            "f.yaml:6:8: line 6 is indented by 7 spaces, more than the line above, which does not open a "
            "block (no ':' at its end)");
  EXPECT_EQ(message_of([&] { parse("pipeline: p\nrules:\n  - name: a\n   count:\n      from: x\n"); }),
            "f.yaml:4:4: line 4 is indented by 3 spaces, which matches no block above: those are indented by "
            "2 and 4");
  EXPECT_EQ(
      message_of([&] { parse(" pipeline: p\nmongodb:\n  database: d\n"); }),
      "f.yaml:2:1: line 2 is indented by 0 spaces, less than the lines above, which are indented by 1 space");
  EXPECT_EQ(message_of([&] { parse(rules + "   - name: b\n"); }),
            "f.yaml:6:4: line 6 is indented by 3 spaces, which matches no block above: those are indented by "
            "2 and 4");
}

TEST(SettingsFile, IsBoundedInDepth) {
  std::string yaml = "a: ";
  for (int i = 0; i < 100; ++i) yaml += "[";
  for (int i = 0; i < 100; ++i) yaml += "]";
  EXPECT_NE(message_of([&] { parse(yaml); }).find("nested too deeply"), std::string::npos);
}

TEST(SettingsFile, IsBoundedInWhatAliasesUnfoldTo) {
  std::string yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    yaml += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) yaml += (k ? ", " : "") + last;
    yaml += "]\n";
  }
  EXPECT_NE(message_of([&] { parse(yaml); }).find("too many values"), std::string::npos);
}

TEST(SettingsFile, IsBoundedInBytes) {
  const std::string yaml = "a: " + std::string(5 << 20, 'x');
  EXPECT_EQ(message_of([&] { parse(yaml); }), "f.yaml: the file is larger than 4 MiB");
}

TEST(SettingsFile, MayUseAliases) {
  const Settings settings = parse("a: &s {x: y}\nb: *s\n");
  EXPECT_EQ(settings.section("b").text("x"), "y");
}

TEST(SettingsText, TakesScalarsAsWritten) {
  for (const char* written : {"yes", "no", "on", "true", "007", "1.10", "0x1F", "2024-05-01", "a b", "-"}) {
    EXPECT_EQ(parse(std::string("a: '") + written + "'").text("a"), written);
    if (std::string(written) != "-") {
      EXPECT_EQ(parse(std::string("a: ") + written).scalar("a"), written);
    }
  }
  EXPECT_EQ(parse("a: 007").text("a"), "007");
  EXPECT_EQ(parse("a: ''").text("a"), "");
  EXPECT_EQ(parse("a: 'null'").text("a"), "null");
}

struct BadUse {
  const char* yaml;
  std::function<void(const Settings&)> use;
  const char* message;
};

class BadUses : public testing::TestWithParam<BadUse> {};

TEST_P(BadUses, AreRefusedWithTheirPlace) {
  const Settings settings = parse(GetParam().yaml);
  EXPECT_EQ(message_of([&] { GetParam().use(settings); }), GetParam().message);
}

const auto text_of_a = [](const Settings& s) { s.text("a"); };
const auto texts_of_a = [](const Settings& s) { s.texts("a"); };
const auto one_or_more_of_a = [](const Settings& s) { s.one_or_more("a"); };
const auto pairs_of_a = [](const Settings& s) { s.pairs("a"); };
const auto section_of_a = [](const Settings& s) { s.section("a"); };
const auto sections_of_a = [](const Settings& s) { s.sections("a"); };
const auto choice_of_a = [](const Settings& s) { s.choice("a", {"keep", "unset", "delete"}, "keep"); };
const auto number_of_a = [](const Settings& s) { s.integer_or("a", 5, 1, 10); };

INSTANTIATE_TEST_SUITE_P(
    Settings, BadUses,
    testing::Values(
        BadUse{"b: 1", text_of_a, "f.yaml:1:1: 'a' is missing here"},
        BadUse{"x:\n  b: 1", [](const Settings& s) { s.section("x").text("a"); },
               "f.yaml:1:1: 'a' is missing here"},
        BadUse{"b: 1\nform: users", [](const Settings& s) { s.text("from"); },
               "f.yaml:2:1: 'from' is missing; is 'form' a misspelling of it?"},
        BadUse{"a:", text_of_a, "f.yaml:1:1: 'a' must be a text, but is empty"},
        BadUse{"a: ~", text_of_a, "f.yaml:1:1: 'a' must be a text, but is empty"},
        BadUse{"a: 5", text_of_a,
               "f.yaml:1:4: 'a' must be a text, but is a number; put it in quotes if it is meant as a text"},
        BadUse{"a: true", text_of_a,
               "f.yaml:1:4: 'a' must be a text, but is true; put it in quotes if it is meant as a text"},
        BadUse{"a: [x, -1.5e3]", texts_of_a,
               "f.yaml:1:8: each item of 'a' must be a text, but this is a number; put it in quotes if it is "
               "meant as a text"},
        BadUse{
            "a: {x: 5}", pairs_of_a,
            "f.yaml:1:8: 'a.x' must be a text, but is a number; put it in quotes if it is meant as a text"},
        BadUse{"a: {x: y}", one_or_more_of_a,
               "f.yaml:1:4: 'a' must be a text or a list of texts, but is a map"},
        BadUse{"a: ~", choice_of_a, "f.yaml:1:1: 'a' must be keep, unset or delete, but is empty"},
        BadUse{"b: 1\na: [x]", text_of_a, "f.yaml:2:4: 'a' must be a text, but is a list"},
        BadUse{"a:\n  x: y", text_of_a, "f.yaml:2:3: 'a' must be a text, but is a map"},
        BadUse{"a:\n  x: y", [](const Settings& s) { s.text_or("a", "z"); },
               "f.yaml:2:3: 'a' must be a text, but is a map"},
        BadUse{"a: x", texts_of_a, "f.yaml:1:4: 'a' must be a list of texts, but is a text"},
        BadUse{"a: [x, {y: z}]", texts_of_a,
               "f.yaml:1:8: each item of 'a' must be a text, but this is a map"},
        BadUse{"a: [x, ~]", texts_of_a, "f.yaml:1:4: each item of 'a' must be a text, but this is empty"},
        BadUse{"a: [x]", pairs_of_a, "f.yaml:1:4: 'a' must be a map of texts (key: value), but is a list"},
        BadUse{"a: {x: y, z: [w]}", pairs_of_a, "f.yaml:1:14: 'a.z' must be a text, but is a list"},
        BadUse{"a: x", section_of_a, "f.yaml:1:4: 'a' must be a map (key: value), but is a text"},
        BadUse{"a:", section_of_a, "f.yaml:1:1: 'a' must be a map (key: value), but is empty"},
        BadUse{"a: {x: y}", sections_of_a,
               "f.yaml:1:4: 'a' must be a list of maps (each starts with '- '), but is a map"},
        BadUse{"a:\n- {x: y}\n- z", sections_of_a,
               "f.yaml:3:3: each item of 'a' must be a map (key: value), but this is a text"},
        BadUse{"a: delet", choice_of_a,
               "f.yaml:1:4: 'a' must be keep, unset or delete, not 'delet' (did you mean 'delete'?)"},
        BadUse{"a: often", choice_of_a, "f.yaml:1:4: 'a' must be keep, unset or delete, not 'often'"},
        BadUse{"a: x", number_of_a, "f.yaml:1:4: 'a' must be a whole number from 1 to 10, not 'x'"},
        BadUse{"a: 0", number_of_a, "f.yaml:1:4: 'a' must be a whole number from 1 to 10, not '0'"},
        BadUse{"a: -3", number_of_a, "f.yaml:1:4: 'a' must be a whole number from 1 to 10, not '-3'"},
        BadUse{"a: 11", number_of_a, "f.yaml:1:4: 'a' must be a whole number from 1 to 10, not '11'"},
        BadUse{"a: 1.5", number_of_a, "f.yaml:1:4: 'a' must be a whole number from 1 to 10, not '1.5'"},
        BadUse{"a: 99999999999999999999", number_of_a,
               "f.yaml:1:4: 'a' must be a whole number from 1 to 10, not '99999999999999999999'"},
        BadUse{"a: ''", number_of_a, "f.yaml:1:4: 'a' must be a whole number from 1 to 10, not ''"},
        BadUse{"b: 1\n  # remark\na: x", [](const Settings& s) { s.fail("a", "is odd"); },
               "f.yaml:3:1: is odd"},
        BadUse{"b: 1", [](const Settings& s) { s.fail("a", "should be here"); },
               "f.yaml:1:1: should be here"}));

TEST(Settings, ReadsEveryKindOfValue) {
  const Settings settings = parse(
      "text: hello\nnumber: 7\nlist: [a, '1', b]\nmap: {b: c, a: d}\nsections:\n  - {x: 1}\n  - {x: "
      "y}\nmode: unset\n");
  EXPECT_EQ(settings.text("text"), "hello");
  EXPECT_EQ(settings.integer_or("number", 1, 0, 10), 7);
  EXPECT_EQ(settings.integer_or("absent", 1, 0, 10), 1);
  EXPECT_EQ(settings.texts("list"), (std::vector<std::string>{"a", "1", "b"}));
  const std::vector<std::pair<std::string, std::string>> pairs = {{"b", "c"}, {"a", "d"}};
  EXPECT_EQ(settings.pairs("map"), pairs);
  ASSERT_EQ(settings.sections("sections").size(), 2u);
  EXPECT_EQ(settings.sections("sections")[1].text("x"), "y");
  EXPECT_EQ(settings.choice("mode", {"keep", "unset"}, "keep"), "unset");
  EXPECT_EQ(settings.choice("other", {"keep", "unset"}, "keep"), "keep");
  EXPECT_EQ(settings.text_or("nothing", "otherwise"), "otherwise");
  EXPECT_FALSE(settings.has("nothing"));
  EXPECT_TRUE(settings.has("map"));
  EXPECT_NO_THROW(settings.done());
  EXPECT_EQ(settings.keys(), (std::vector<std::string>{"text", "number", "list", "map", "sections", "mode"}));
  EXPECT_EQ(settings.place("mode"), "f.yaml:8:1");
}

TEST(SettingsDone, NamesAKeyNobodyAskedFor) {
  const Settings settings = parse("from: a\nfeild: b\n");
  settings.text("from");
  settings.has("field");
  EXPECT_EQ(message_of([&] { settings.done(); }), "f.yaml:2:1: unknown key 'feild'; did you mean 'field'?");
}

TEST(SettingsDone, DoesNotSuggestAKeyThatIsThere) {
  const Settings settings = parse("from: a\nform: b\n");
  settings.text("from");
  settings.has("into");
  EXPECT_EQ(message_of([&] { settings.done(); }),
            "f.yaml:2:1: unknown key 'form'; allowed here: from or into");
}

TEST(SettingsDone, CountsCopiesAsOne) {
  const Settings settings = parse("a: b");
  const Settings copy = settings;
  copy.text("a");
  EXPECT_NO_THROW(settings.done());
}

TEST(SettingsDone, DoesNotCountKeysAndPlacesAsAsked) {
  const Settings settings = parse("a: 1");
  settings.keys();
  settings.place("a");
  EXPECT_THROW(settings.done(), ConfigError);
}

struct Guess {
  const char* word;
  const char* nearest;
};

class NearestName : public testing::TestWithParam<Guess> {};

TEST_P(NearestName, IsFound) {
  const std::vector<std::string> names = {"from",        "into",      "reference", "batch_docs",
                                          "batch_bytes", "on_delete", "x"};
  EXPECT_EQ(nearest_name(GetParam().word, names), GetParam().nearest);
}

INSTANTIATE_TEST_SUITE_P(Settings, NearestName,
                         testing::Values(Guess{"form", "from"}, Guess{"From", "from"}, Guess{"int", "into"},
                                         Guess{"refrence", "reference"}, Guess{"batch-docs", "batch_docs"},
                                         Guess{"batchdocs", "batch_docs"}, Guess{"batch_byte", "batch_bytes"},
                                         Guess{"ondelete", "on_delete"}, Guess{"reference", "reference"},
                                         Guess{"colour", ""}, Guess{"", ""}, Guess{"y", ""},
                                         Guess{"zzzz", ""}));

TEST(NearestNameLimits, LongWordsAreNotCompared) {
  EXPECT_EQ(nearest_name(std::string(100'000, 'a'), {std::string(100'000, 'a')}), "");
  EXPECT_EQ(nearest_name("a", {}), "");
  EXPECT_EQ(nearest_name("retries", {"rule", "retry", "url"}), "retry") << "the singular";
}

TEST(SettingsJson, KeepsWhatIsInQuotesAText) {
  const Settings settings =
      parse("a: {n: -1.5e3, t: true, q: \"5\", s: '5', x: 0x1F, z: 007, e: , l: [null, ~, nul]}\n");
  EXPECT_EQ(settings.json("a"),
            R"({"n": -1.5e3, "t": true, "q": "5", "s": "5", "x": "0x1F", "z": "007", "e": null, )"
            R"("l": [null, null, "nul"]})");
}

TEST(SettingsJson, EscapesWhatJsonWouldRead) {
  EXPECT_EQ(parse("a: [\"q\\\"\\\\\\n\"]\n").json("a"), R"(["q\"\\\n"])");
  EXPECT_EQ(parse("a: |\n  5\n").json("a"), R"("5\n")");
}

TEST(SettingsJson, TakesAWholeObjectAsItStands) {
  EXPECT_EQ(parse("a: '{\"b\": [1]}'\n").json("a"), R"({"b": [1]})");
}

}  // namespace
}  // namespace sluice
