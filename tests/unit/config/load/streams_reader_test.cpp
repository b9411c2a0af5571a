#include <gtest/gtest.h>

#include "unit/config/load_support.hpp"

namespace sluice::config {
namespace {

TEST(Load, OverridesTheUriAndDatabaseOfTheOnlyStream) {
  const Values flags = {{"database", "other"}};
  const Values environment = {{"MONGODB_URI", "mongodb://env/"}};
  const Loaded loaded = loaded_of(kSmall, flags, environment);
  EXPECT_EQ(loaded.config.streams[0].uri, "mongodb://env/");
  EXPECT_EQ(loaded.config.streams[0].database, "other");
  EXPECT_EQ(loaded.config.streams[0].name, "other");
  EXPECT_EQ(listed(loaded, "streams.other.uri").origin, "environment MONGODB_URI");
  const std::string listed_one = "pipeline: p\nstreams: [{uri: 'mongodb://f/', database: d, " +
                                 kRule.substr(0, kRule.size() - 1) + "}]\n";
  EXPECT_EQ(loaded_of(listed_one).config.streams[0].uri, "mongodb://f/");
  EXPECT_EQ(loaded_of(listed_one, {}, environment).config.streams[0].uri, "mongodb://env/");
}

TEST(Load, TakesTheUriOrItsFileFromTheStrongestSourceThatStatesOne) {
  const Loaded by_flag =
      loaded_of(kSmall, {{"mongodb-uri-file", "/run/uri"}}, {{"MONGODB_URI", "mongodb://env/"}});
  EXPECT_EQ(by_flag.config.streams[0].uri, "");
  EXPECT_EQ(by_flag.config.streams[0].uri_file, "/run/uri");
  EXPECT_EQ(listed(by_flag, "streams.conduit.uri_file").value, "/run/uri");
  EXPECT_EQ(listed(by_flag, "streams.conduit.uri_file").origin, "flag --mongodb-uri-file");
  EXPECT_EQ(listed(by_flag, "streams.conduit.uri").value, "") << "not both";
  const std::string by_file = "pipeline: p\nmongodb: {uri_file: secrets/uri, database: d}\n" + kRule;
  EXPECT_EQ(loaded_of(by_file).config.streams[0].uri_file, "secrets/uri");
  const Config overruled = loaded_of(by_file, {}, {{"MONGODB_URI", "mongodb://env/"}}).config;
  EXPECT_EQ(overruled.streams[0].uri_file, "");
  EXPECT_EQ(overruled.streams[0].uri, "mongodb://env/");
}

TEST(Load, RefusesAUriBesideItsFile) {
  EXPECT_EQ(refusal_of("pipeline: p\nmongodb: {uri: 'mongodb://h/', uri_file: f, database: d}\n" + kRule),
            "w.yaml:2:32: the URI is set both here and in w.yaml:2:11; set only one of them");
  EXPECT_EQ(
      refusal_of(kSmall, {{"mongodb-uri", "mongodb://h/"}, {"mongodb-uri-file", "f"}}),
      "flag --mongodb-uri-file: the URI is set both here and in flag --mongodb-uri; set only one of them");
}

TEST(Load, RefusesAUriWhereItsFileIsMeantWithoutGivingItAway) {
  EXPECT_EQ(
      refusal_of(kSmall, {{"mongodb-uri-file", "mongodb://u:secret@h/"}}),
      "flag --mongodb-uri-file: must be the path of a file that holds the URI, not 'mongodb://u:***@h/'");
}

TEST(Load, TakesAFileForEachStream) {
  const std::string two =
      "pipeline: p\nstreams:\n  - {name: one, uri_file: one.uri, database: a, rules: [{name: r, count: {x: "
      "y}}]}\n"
      "  - {database: b, rules: [{name: r, count: {x: y}}]}\n";
  const Config config = loaded_of(two, {{"mongodb-uri", "mongodb://flag/"}}).config;
  EXPECT_EQ(config.streams[0].uri_file, "one.uri");
  EXPECT_EQ(config.streams[0].uri, "");
  EXPECT_EQ(config.streams[1].uri, "mongodb://flag/");
}

const std::string kTwo = R"(pipeline: p
streams:
  - {name: one, uri: "mongodb://one/", database: a, rules: [{name: r, count: {x: y}}]}
  - {database: b, rules: [{name: r, count: {x: y}}]}
)";

TEST(Load, ReadsSeveralStreams) {
  const Config config = loaded_of(kTwo).config;
  ASSERT_EQ(config.streams.size(), 2u);
  EXPECT_EQ(config.streams[0].name, "one");
  EXPECT_EQ(config.streams[0].uri, "mongodb://one/");
  EXPECT_EQ(config.streams[1].name, "b");
  EXPECT_EQ(config.streams[1].uri, "mongodb://127.0.0.1:27017/?replicaSet=rs0");
}

TEST(Load, OverridesOfSeveralStreamsThoseThatStateNone) {
  const Loaded loaded = loaded_of(kTwo, {{"mongodb-uri", "mongodb://flag/"}, {"database", "z"}});
  EXPECT_EQ(loaded.config.streams[0].uri, "mongodb://one/");
  EXPECT_EQ(loaded.config.streams[1].uri, "mongodb://flag/");
  EXPECT_EQ(loaded.config.streams[1].database, "b");
}

}  // namespace
}  // namespace sluice::config
