#include "worker/stream_changes.hpp"

#include <gtest/gtest.h>

#include "config/load.hpp"

namespace sluice::worker {
namespace {

using Names = std::vector<std::string>;

std::vector<StreamConfig> streams(const std::string& yaml) {
  return config::load_text("pipeline: p\nstreams:\n" + yaml, "w.yaml", {}, {}).config.streams;
}

std::string stream(const std::string& name, const std::string& field, const std::string& more = "") {
  return "  - name: " + name + "\n    database: d\n" + more +
         "    rules: # a comment\n      - name: r\n        count: {from: a, into: b, reference: c, field: " +
         field + "}\n";
}

TEST(StreamChanges, NoneWhereOnlyCommentsAndStyleDiffer) {
  const auto before = streams(stream("s", "f"));
  const auto now = streams(
      "  - database: d\n    name: s\n    rules:\n      - name: r\n        count:\n          from: a\n"
      "          into: 'b'\n          reference: c\n          field: f\n");
  const StreamChanges changes = changes_between(before, now);
  EXPECT_FALSE(changes.any()) << changes.text();
  EXPECT_EQ(changes.text(), "0 streams changed, 0 added, 0 removed");
}

TEST(StreamChanges, OfRulesPlacesAndBeginnings) {
  const auto before = streams(stream("s", "f"));
  for (const std::string& now :
       {stream("s", "g"), stream("s", "f", "    uri: 'mongodb://elsewhere'\n"),
        stream("s", "f", "    uri_file: /etc/uri\n"),
        stream("s", "f", "    resume_tokens: [{database: d, collection: tokens}]\n"),
        stream("s", "f") + "      - name: r2\n        count: {from: a, into: b, reference: c, field: g}\n"}) {
    const StreamChanges changes = changes_between(before, streams(now));
    EXPECT_EQ(changes.changed, Names{"s"}) << now;
    EXPECT_EQ(changes.text(), "1 stream changed, 0 added, 0 removed");
  }
}

TEST(StreamChanges, StreamsComeAndGo) {
  const auto before = streams(stream("a", "f") + stream("b", "f") + stream("c", "f"));
  const auto now = streams(stream("c", "g") + stream("d", "f") + stream("a", "f"));
  const StreamChanges changes = changes_between(before, now);
  EXPECT_EQ(changes.changed, Names{"c"});
  EXPECT_EQ(changes.added, Names{"d"});
  EXPECT_EQ(changes.removed, Names{"b"});
}

/// A rule is asked for its settings while it is made; comparing asks for nothing, so what is misspelt shows.
TEST(StreamChanges, ComparingDoesNotHideUnknownKeys) {
  const auto before = streams(stream("s", "f"));
  const auto now = streams(stream("s", "f, misspelt: 1"));
  EXPECT_TRUE(changes_between(before, now).any());
  const Settings& settings = now.front().rules.front().settings;
  for (const char* key : {"from", "into", "reference", "field"}) settings.text(key);
  EXPECT_THROW(settings.done(), ConfigError);
}

}  // namespace
}  // namespace sluice::worker
