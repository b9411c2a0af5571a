#include <cmath>
#include <csignal>

#include "support/fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

class Health : public PipelineTest {
 protected:
  ~Health() override { db().admin(R"({"configureFailPoint":"failCommand","mode":"off"})"); }

  Document status() { return Document(worker().get("/status").body); }
  std::string why_not_ready() { return worker().get("/readyz").body; }
  bool is_ready() { return worker().get("/readyz").status == 200; }
  static int times(const std::string& text, const std::string& part) {
    int found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
  }
  bool stalled() { return metric("sluice_stalled") == 1; }
  /// Waits until /readyz says so.
  testing::AssertionResult comes_to_say(const std::string& text) {
    if (soon([&] { return why_not_ready().find(text) != std::string::npos; })) {
      return testing::AssertionSuccess();
    }
    return testing::AssertionFailure() << why_not_ready();
  }
};

TEST_F(Health, StatusTellsOfEveryStreamAndLane) {
  start(realworld_file(), {"--lanes", "3"}, 2, 1).ready();
  start(realworld_file(), {}, 2, 0).ready();
  std::vector<Document> users;
  for (int i = 0; i < 50; ++i) users.emplace_back("{\"_id\":" + std::to_string(i) + ",\"username\":\"u\"}");
  db().insert("users", users);
  ASSERT_TRUE(settled(2));
  const Document seen = status();
  EXPECT_EQ(seen.text("pipeline"), "realworld") << seen.json();
  EXPECT_EQ(seen.integer("shard.index"), 1);
  EXPECT_EQ(seen.integer("shard.count"), 2);
  EXPECT_GT(seen.integer("residentBytes"), 1 << 20);
  const Document stream = seen.child("streams.0");
  EXPECT_EQ(stream.text("name"), db().database()) << stream.json();
  EXPECT_TRUE(stream.boolean("ready")) << stream.text("whyNotReady");
  EXPECT_FALSE(stream.boolean("stalled"));
  EXPECT_EQ(stream.integer("epoch"), 1);
  EXPECT_GT(stream.integer("events.read"), 0);
  EXPECT_EQ(stream.integer("events.read"), stream.integer("events.applied"));
  EXPECT_EQ(stream.integer("eventsInFlight"), 0);
  EXPECT_EQ(stream.integer("lanes.2.index"), 2);
  EXPECT_FALSE(stream.has("lanes.3"));
  EXPECT_LE(stream.integer("position"), static_cast<std::int64_t>(db().operation_time() >> 32U));
  EXPECT_GT(stream.integer("position"), static_cast<std::int64_t>(db().operation_time() >> 32U) - 60);
}

/// What the lag goes by is read from the token, which MongoDB does not document.
TEST_F(Health, ThePositionsTimeIsThatOfItsToken) {
  start(realworld_file()).ready();
  ASSERT_TRUE(settled());
  const auto shard = state().find_one("shards");
  ASSERT_TRUE(shard);
  const std::string token = shard->text("token._data");
  ASSERT_EQ(token.substr(0, 2), "82") << token;
  EXPECT_EQ(std::stoull(token.substr(2, 16), nullptr, 16), shard->timestamp("clusterTime")) << token;
}

TEST_F(Health, AStreamThatReadEverythingHasNoLag) {
  start(realworld_file()).ready();
  db().insert("users", R"({"_id":1,"username":"u"})");
  ASSERT_TRUE(settled());
  EXPECT_TRUE(soon([&] { return metric("sluice_lag_seconds") == 0; }));
}

TEST_F(Health, TheOplogsHeadroomIsKnown) {
  start(realworld_file()).ready();
  EXPECT_TRUE(soon([&] { return metric("sluice_oplog_headroom_seconds") >= 0; }, 40s));
  // A stream that reads where the server writes is not overtaken by the oplog's end.
  EXPECT_TRUE(soon([&] { return std::isinf(metric("sluice_oplog_exhausted_at_seconds")); }, 40s));
  EXPECT_GE(status().integer("streams.0.oplogHeadroomSeconds", -1), 0);
}

/// Another client's transaction holds the target: nothing can be written to it, and nothing is wrong with it.
TEST_F(Health, AStalledLaneIsNamedUntilItGoesOn) {
  db().insert("articles", R"({"_id":1})");
  start(realworld_file(), {"--stall-ms", "1000", "--lanes", "2"}).ready();
  Mongo holder(server().patient_uri(), db().database());
  holder.transaction([&] {
    holder.update("articles", R"({"_id":1})", R"({"$set":{"held":true}})");
    db().insert("favorites", R"({"_id":1,"articleId":1})");
    ASSERT_TRUE(soon([&] { return stalled(); }));
    EXPECT_TRUE(soon([&] { return !is_ready(); }));
    EXPECT_TRUE(comes_to_say("its batch of 1 event has been in flight"));
    EXPECT_TRUE(comes_to_say("(code 112)"));
    EXPECT_TRUE(comes_to_say("lane "));
    const Document stream = status().child("streams.0");
    EXPECT_TRUE(stream.boolean("stalled"));
    EXPECT_NE(stream.text("waitsFor").find("lane "), std::string::npos) << stream.json();
    EXPECT_EQ(stream.integer("lanes.0.queued") + stream.integer("lanes.1.queued"), 1) << stream.json();
    EXPECT_TRUE(soon([&] { return metric("sluice_lag_seconds") > 1; })) << "what waits is behind";
  });
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"favoritesCount":1,"held":true})"));
  EXPECT_TRUE(soon([&] { return is_ready() && !stalled(); })) << why_not_ready();
  EXPECT_TRUE(worker().logs("continues")) << worker().err();
  const std::string said = worker().err();
  EXPECT_GE(times(said, ": stalled: "), 1) << said;
  // Where the machine itself stands still another one may have begun.
  EXPECT_LE(times(said, ": stalled: "), times(said, "continues") + 1) << "a stall is said once\n" << said;
}

/// The checkpoint's writes are refused for a reason that may pass.
TEST_F(Health, ACheckpointThatCannotBeStoredIsNamed) {
  start(realworld_file(), {"--stall-ms", "1000", "--lease-ms", "2000"}).ready();
  db().admin(R"({"configureFailPoint":"failCommand","mode":"alwaysOn","data":{"failCommands":["update"],
      "namespace":")" +
             state().database() + R"(.shards","errorCode":91}})");
  EXPECT_TRUE(soon([&] { return stalled(); }));
  EXPECT_TRUE(comes_to_say("the checkpoint could not be stored for"));
  EXPECT_TRUE(comes_to_say("(code 91)"));
  db().admin(R"({"configureFailPoint":"failCommand","mode":"off"})");
  EXPECT_TRUE(soon([&] { return is_ready() && !stalled(); })) << why_not_ready();
}

/// The server is well and looks for changes, for longer than we have patience.
TEST_F(Health, ACursorWithoutAnAnswerIsNamed) {
  start(realworld_file(), {"--stall-ms", "1000", "--lease-ms", "1000"}).ready();
  db().admin(R"({"configureFailPoint":"failCommand","mode":"alwaysOn","data":{"failCommands":["getMore"],
      "namespace":")" +
             db().database() + R"(.$cmd.aggregate","blockConnection":true,"blockTimeMS":3000}})");
  EXPECT_TRUE(soon([&] {
    return stalled() && why_not_ready().find("accepts checkpoints") != std::string::npos;
  })) << why_not_ready();
  EXPECT_TRUE(comes_to_say("the change stream's cursor has had no answer"));
  db().admin(R"({"configureFailPoint":"failCommand","mode":"off"})");
  EXPECT_TRUE(soon([&] { return is_ready() && !stalled(); })) << why_not_ready();
}

/// A user that may do all that a worker needs, and may not look into the oplog. Users are looked at only by a
/// server that demands them; here the refusal is the server's own.
TEST_F(Health, AnOplogThatMayNotBeReadIsSaidOnceWithTheRemedy) {
  db().admin(R"({"configureFailPoint":"failCommand","mode":"alwaysOn","data":{"failCommands":["find"],
      "namespace":"local.oplog.rs","errorCode":13}})");
  Worker& worker = start(realworld_file()).ready();
  EXPECT_TRUE(worker.logs("grantRolesToUser")) << worker.err();
  EXPECT_TRUE(std::isnan(metric("sluice_oplog_headroom_seconds")));
  EXPECT_TRUE(is_ready()) << why_not_ready();
  db().admin(R"({"configureFailPoint":"failCommand","mode":"off"})");
}

}  // namespace
}  // namespace sluice::test
