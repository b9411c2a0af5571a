#include "config/options/options.hpp"

#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>

namespace sluice::config {
namespace {

std::string refusal(std::string_view name, const std::string& text, const Origin& origin) {
  try {
    parse_value(option(name), text, origin);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

const Origin by_flag{Origin::Kind::flag, "--x"};

TEST(Options, HaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  std::set<std::string_view> variables;
  std::set<std::string_view> paths;
  for (const auto& option : options()) {
    EXPECT_TRUE(names.insert(option.name).second) << option.name;
    if (!option.env.empty()) {
      EXPECT_TRUE(variables.insert(option.env).second) << option.env;
    }
    if (!option.path.empty()) {
      EXPECT_TRUE(paths.insert(option.path).second) << option.path;
    }
    EXPECT_TRUE(option.help.ends_with(".")) << option.name;
    EXPECT_EQ(option.help.find_first_of("|`\n"), std::string_view::npos) << option.name;
    if (option.type == OptionType::whole) {
      EXPECT_FALSE(option.unit.empty()) << option.name;
    }
  }
}

TEST(Options, HaveDefaultsThatTheyWouldAccept) {
  for (const auto& option : options()) {
    if (option.fallback.empty()) continue;
    EXPECT_NO_THROW(parse_value(option, std::string(option.fallback), {})) << option.name;
  }
}

TEST(Options, HaveTheDefaultsOfTheConfigurationType) {
  Config config;
  config.state_database = config.http_host = config.log_level = "changed";
  config.engine = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
  config.shard_count = config.shard_index = config.http_port = -1;
  config.indexes = IndexPolicy::create;
  config.log_format = LogFormat::json;
  config.restart_now = config.accept_changed_rules = true;
  for (const auto& option : options()) {
    const std::string text = option.type == OptionType::flag ? "false" : std::string(option.fallback);
    if (option.store) option.store(config, text.empty() ? OptionValue{} : parse_value(option, text, {}));
  }
  const Config plain;
  EXPECT_EQ(config.state_database, plain.state_database);
  EXPECT_EQ(config.shard_count, plain.shard_count);
  EXPECT_EQ(config.shard_index, plain.shard_index);
  EXPECT_EQ(config.indexes, plain.indexes);
  EXPECT_EQ(config.http_host, plain.http_host);
  EXPECT_EQ(config.http_port, plain.http_port);
  EXPECT_EQ(config.log_level, plain.log_level);
  EXPECT_EQ(config.log_format, plain.log_format);
  EXPECT_EQ(config.restart_now, plain.restart_now);
  EXPECT_EQ(config.accept_changed_rules, plain.accept_changed_rules);
  EXPECT_EQ(config.engine.workers, plain.engine.workers);
  EXPECT_EQ(config.engine.lanes, plain.engine.lanes);
  EXPECT_EQ(config.engine.batch_docs, plain.engine.batch_docs);
  EXPECT_EQ(config.engine.batch_bytes, plain.engine.batch_bytes);
  EXPECT_EQ(config.engine.batch_linger_ms, plain.engine.batch_linger_ms);
  EXPECT_EQ(config.engine.queue_events, plain.engine.queue_events);
  EXPECT_EQ(config.engine.queue_mb, plain.engine.queue_mb);
  EXPECT_EQ(config.engine.in_flight, plain.engine.in_flight);
  EXPECT_EQ(config.engine.max_await_ms, plain.engine.max_await_ms);
  EXPECT_EQ(config.engine.cursor_batch, plain.engine.cursor_batch);
  EXPECT_EQ(config.engine.lease_ms, plain.engine.lease_ms);
  EXPECT_EQ(config.engine.drain_ms, plain.engine.drain_ms);
  EXPECT_EQ(config.engine.statement_ms, plain.engine.statement_ms);
}

struct Whole {
  const char* text;
  bool accepted;
};

class WholeNumbers : public testing::TestWithParam<Whole> {};

TEST_P(WholeNumbers, AreTakenStrictly) {
  const std::string expected = GetParam().accepted ? "accepted"
                                                   : "flag --x: must be a whole number from 1 to 256, not '" +
                                                         std::string(GetParam().text) + "'";
  EXPECT_EQ(refusal("lanes", GetParam().text, by_flag), expected);
}

INSTANTIATE_TEST_SUITE_P(Options, WholeNumbers,
                         testing::Values(Whole{"1", true}, Whole{"256", true}, Whole{"+4", true},
                                         Whole{"04", true}, Whole{"0", false}, Whole{"257", false},
                                         Whole{"-1", false}, Whole{"", false}, Whole{"abc", false},
                                         Whole{"4x", false}, Whole{" 4", false}, Whole{"4 ", false},
                                         Whole{"4.0", false}, Whole{"1e2", false}, Whole{"0x4", false},
                                         Whole{"+-4", false}, Whole{"+", false},
                                         Whole{"99999999999999999999", false}));

TEST(Options, SayWhereABadValueCameFrom) {
  EXPECT_EQ(refusal("shard-count", "abc", {Origin::Kind::environment, "SHARD_COUNT"}),
            "environment SHARD_COUNT: must be a whole number from 1 to 1024, not 'abc'");
  EXPECT_EQ(refusal("http-port", "70000", {Origin::Kind::flag, "--http-port"}),
            "flag --http-port: must be a whole number from 0 to 65535, not '70000'");
  EXPECT_EQ(refusal("lanes", "0", {Origin::Kind::file, "w.yaml:3:5"}),
            "w.yaml:3:5: 'engine.lanes' must be a whole number from 1 to 256, not '0'");
  EXPECT_EQ(refusal("indexes", "Create", by_flag), "flag --x: must be warn or create, not 'Create'");
  EXPECT_EQ(refusal("http-host", "", by_flag),
            "flag --x: must not be empty; leave it out for the default, 127.0.0.1");
  EXPECT_EQ(refusal("relay-group", "", {Origin::Kind::file, "w.yaml:3:5"}),
            "w.yaml:3:5: 'relay.kafka.group' must not be empty; leave it out instead");
}

TEST(Options, MaskTheSecretsOfARefusedUri) {
  EXPECT_EQ(refusal("mongodb-uri", "http://me:secret@host/", by_flag),
            "flag --x: must be a connection string that starts with mongodb:// or mongodb+srv://, not "
            "'http://me:***@host/'");
  EXPECT_EQ(refusal("mongodb-uri", "mongodb://", by_flag).find("accepted"), std::string::npos);
  EXPECT_EQ(refusal("mongodb-uri", "mongodb+srv://h", by_flag), "accepted");
}

class DatabaseNames : public testing::TestWithParam<std::string> {};

TEST_P(DatabaseNames, ThatTheServerRefusesAreRefused) {
  EXPECT_NE(refusal("database", GetParam(), by_flag), "accepted");
}

INSTANTIATE_TEST_SUITE_P(Options, DatabaseNames,
                         testing::Values("", "a b", "a/b", "a.b", "a$b", "a\"b", "a\\b",
                                         std::string("a\0b", 3), std::string(64, 'a')));

TEST(Origin, IsShownWithoutTheColumn) {
  const Origin in_file{Origin::Kind::file, "dir/w.yaml:3:5"};
  EXPECT_EQ(in_file.shown(), "dir/w.yaml:3");
  EXPECT_EQ(in_file.prefix(), "dir/w.yaml:3:5");
  EXPECT_EQ(Origin{}.shown(), "default");
  EXPECT_EQ((Origin{Origin::Kind::environment, "A"}.shown()), "environment A");
  EXPECT_EQ((Origin{Origin::Kind::flag, "--a"}.shown()), "flag --a");
}

/// Line breaks and indentation become single blanks.
std::string on_one_line(const std::string& text) {
  std::istringstream words(text);
  std::string line;
  for (std::string word; words >> word;) line += (line.empty() ? "" : " ") + word;
  return line;
}

TEST(OptionTexts, HaveALineForEveryOption) {
  const std::string help = options_help([](const Option&) { return true; });
  const std::string text = options_text();
  const std::string markdown = options_markdown();
  for (const auto& option : options()) {
    const std::string flag = "  --" + std::string(option.name);
    const auto start = help.find(flag);
    ASSERT_NE(start, std::string::npos) << option.name;
    const std::string line = on_one_line(help.substr(start, help.find("\n  --", start) - start));
    EXPECT_NE(line.find(option.help), std::string::npos) << line;
    EXPECT_NE(line.find(unit_and_default(option)), std::string::npos) << line;
    EXPECT_NE(text.find(flag), std::string::npos) << option.name;
    EXPECT_NE(text.find(option.env), std::string::npos) << option.env;
    EXPECT_NE(markdown.find("| `--" + std::string(option.name) + "` |"), std::string::npos) << option.name;
    EXPECT_NE(markdown.find(option.path), std::string::npos) << option.path;
  }
}

}  // namespace
}  // namespace sluice::config
