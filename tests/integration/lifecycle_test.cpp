#include <csignal>
#include <fstream>

#include "support/fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

class Lifecycle : public PipelineTest {
 protected:
  void favorites(int from, int to) {
    std::vector<Document> documents;
    for (int i = from; i < to; ++i) {
      documents.emplace_back("{\"_id\":" + std::to_string(i) + ",\"articleId\":" + std::to_string(i % 50) +
                             "}");
    }
    db().insert("favorites", documents);
  }
  void articles() {
    std::vector<Document> documents;
    for (int i = 0; i < 50; ++i) documents.emplace_back("{\"_id\":" + std::to_string(i) + "}");
    db().insert("articles", documents);
  }
  testing::AssertionResult refused(const Outcome& outcome, int exit_code, const std::string& sentence) const {
    if (outcome.exit_code == exit_code && outcome.err.find(sentence) != std::string::npos) {
      return testing::AssertionSuccess();
    }
    return testing::AssertionFailure() << "ended with " << outcome.exit_code << " and said: " << outcome.err;
  }
};

TEST_F(Lifecycle, SigtermInTheMiddleOfWorkLosesAndRepeatsNothing) {
  articles();
  for (const int number : {SIGTERM, SIGINT}) {
    start(realworld_file(), {"--batch-docs", "10"}).ready();
    const int from = number == SIGTERM ? 0 : 20000;
    favorites(from, from + 20000);
    worker().signal(number);
    EXPECT_EQ(worker().wait(60s), 0) << worker().story();
    forget_workers();
  }
  start(realworld_file()).ready();
  EXPECT_TRUE(exact());
  EXPECT_LE(metric("sluice_events_applied_total"), 40000);
}

/// A stop commits the positions: the next run has nothing to read again.
TEST_F(Lifecycle, NothingIsReadTwiceAfterACleanStop) {
  start(realworld_file()).ready();
  articles();
  favorites(0, 1000);
  ASSERT_TRUE(exact());
  terminate_all();
  start(realworld_file()).ready();
  favorites(1000, 1001);
  ASSERT_TRUE(exact());
  EXPECT_EQ(metric("sluice_events_read_total"), 1);
}

TEST_F(Lifecycle, TheUrisAppNameIsWhatTheServerShows) {
  workers_connect_to(server().uri() + "&appName=billing");
  start(realworld_file()).ready();
  const Document shown = db().admin(R"({"aggregate":1,"cursor":{},"pipeline":[
      {"$currentOp":{"allUsers":true,"idleConnections":true}},{"$match":{"appName":"billing"}},{"$count":"n"}]})");
  EXPECT_GT(shown.integer("cursor.firstBatch.0.n"), 0);
}

TEST_F(Lifecycle, ASecondSignalEndsAtOnce) {
  Worker& worker =
      start(realworld_file(), {"--drain-ms", "600000", "--batch-docs", "1", "--in-flight", "1"}).ready();
  articles();
  favorites(0, 30000);
  ASSERT_TRUE(soon([&] { return metric("sluice_events_read_total") > 0; }));
  worker.signal(SIGTERM);
  // Two signals at once may be one to the system.
  ASSERT_TRUE(soon([&] { return worker.err().find("stopping") != std::string::npos; }));
  EXPECT_NE(worker.err().find("a second signal ends at once"), std::string::npos) << worker.err();
  worker.signal(SIGTERM);
  EXPECT_EQ(worker.wait(10s), 143) << worker.story();
  EXPECT_NE(run_sluice({"--help"}).out.find("(143: by a second SIGTERM)"), std::string::npos);
}

TEST_F(Lifecycle, ADeadServerIsSaidWithinBoundedTime) {
  const workbench::Port nobody;
  const auto outcome =
      run_sluice({"run", realworld_file(), "--mongodb-uri",
                  "mongodb://127.0.0.1:" + nobody.text() + "/?replicaSet=rs0&serverSelectionTimeoutMS=2000"});
  EXPECT_TRUE(refused(outcome, 2, nobody.text()));
  EXPECT_EQ(outcome.out, "");
}

/// Long before the driver gives up, which the URI has take half a minute.
TEST_F(Lifecycle, WhereItConnectsToAndWhyItCannotIsSaidAtOnce) {
  const workbench::Port nobody;
  const std::string host = "127.0.0.1:" + nobody.text();
  const std::string uri =
      "mongodb://ann:swordfish@" + host + "/?replicaSet=rs0&serverSelectionTimeoutMS=30000";
  workers_connect_to(uri);
  Worker& worker = start(realworld_file());
  EXPECT_TRUE(worker.logs("connecting to MongoDB at " + host + " (replica set rs0)")) << worker.err();
  EXPECT_TRUE(
      worker.logs("MongoDB is not available yet: " + host + ": connection refused; retrying for about 243 s"))
      << worker.err();
  EXPECT_EQ(worker.err().find("could not reach MongoDB"), std::string::npos) << "that is the driver's\n"
                                                                             << worker.err();
  EXPECT_EQ(worker.err().find("swordfish"), std::string::npos) << worker.err();
  EXPECT_TRUE(worker.running());
  worker.kill9();
}

TEST_F(Lifecycle, TheUriOfTheEnvironmentAndOfTheFlagGoBeforeTheFiles) {
  const workbench::Port nobody;
  const std::string wrong = "mongodb://127.0.0.1:" + nobody.text() + "/?serverSelectionTimeoutMS=1000";
  Worker by_environment({.file = realworld_file(),
                         .flags = {"--database", db().database(), "--state-database", state().database()},
                         .environment = {{"MONGODB_URI", server().uri()}}});
  by_environment.ready();
  EXPECT_EQ(by_environment.terminate(), 0);
  Worker by_flag({.file = realworld_file(), .flags = here(), .environment = {{"MONGODB_URI", wrong}}});
  by_flag.ready();
  EXPECT_EQ(by_flag.terminate(), 0);
}

TEST_F(Lifecycle, TheShardOfTheEnvironment) {
  const auto shown = run_sluice({"config", realworld_file()}, {{"SHARD_COUNT", "3"}, {"SHARD_INDEX", "2"}});
  EXPECT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_NE(shown.out.find("SHARD_COUNT"), std::string::npos) << shown.out;
  EXPECT_NE(shown.out.find("SHARD_INDEX"), std::string::npos) << shown.out;
  const auto wrong = run_sluice({"run", realworld_file()}, {{"SHARD_COUNT", "2"}, {"SHARD_INDEX", "2"}});
  EXPECT_TRUE(refused(wrong, 1, "SHARD_INDEX"));
}

TEST_F(Lifecycle, BadValuesAreRefusedWithASentence) {
  struct Case {
    std::vector<std::string> flags;
    const char* named;
  };
  const std::vector<Case> cases = {
      {{"--shard-count", "0"}, "shard-count"},    {{"--shard-count", "-1"}, "shard-count"},
      {{"--shard-count", "four"}, "shard-count"}, {{"--shard-count", "2", "--shard-index", "2"}, "shard"},
      {{"--shard-index", "-1"}, "shard-index"},   {{"--lanes", "0"}, "lanes"},
      {{"--queue-mb", "0"}, "queue-mb"},          {{"--batch-docs", "1e3"}, "batch-docs"},
      {{"--http-port", "70000"}, "http-port"},    {{"--log-level", "loud"}, "log-level"},
      {{"--indexes", "maybe"}, "indexes"},        {{"--mongodb-uri", "http://x"}, "mongodb-uri"},
      {{"--no-such-flag", "1"}, "no-such-flag"}};
  for (const Case& one : cases) {
    std::vector<std::string> arguments = {"run", realworld_file()};
    arguments.insert(arguments.end(), one.flags.begin(), one.flags.end());
    EXPECT_TRUE(refused(run_sluice(arguments), 1, one.named)) << one.named;
  }
}

TEST_F(Lifecycle, BadFilesAreRefusedWithTheirPlace) {
  const TemporaryDirectory folder;
  const std::string path = folder.write("bad.yaml", R"(pipeline: p
mongodb: { database: d }
rules:
  - name: counts
    count:
      from: favorites
      referense: articleId
      into: articles
      field: favoritesCount
)");
  for (const char* command : {"run", "check"}) {
    const auto outcome = run_sluice({command, path});
    EXPECT_EQ(outcome.exit_code, 1);
    const std::string said = outcome.err + outcome.out;
    EXPECT_NE(said.find("bad.yaml:"), std::string::npos) << said;
    EXPECT_NE(said.find("reference"), std::string::npos) << said;
  }
  EXPECT_EQ(run_sluice({"check", realworld_file()}).exit_code, 0);
  EXPECT_EQ(run_sluice({"run", (folder.path() / "none.yaml").string()}).exit_code, 1);
}

/// Rules that tell have streams of their own, and are judged with the others all the same.
TEST_F(Lifecycle, AllRulesThatAreWrongAreSaidAtOnce) {
  const TemporaryDirectory folder;
  const std::string path = folder.write("bad.yaml", R"(pipeline: p
mongodb: { database: d }
rules:
  - name: counts
    count: { from: "f*", reference: a, into: b, field: n }
  - name: out
    publish: { from: items, stream: S, operations: [insert, dorp] }
  - name: keys
    cache: { from: items, delete: 5 }
)");
  for (const char* command : {"run", "check"}) {
    const auto outcome = run_sluice({command, path});
    EXPECT_EQ(outcome.exit_code, 1);
    const std::string said = outcome.err + outcome.out;
    for (const char* place : {"bad.yaml:5:", "bad.yaml:7:", "bad.yaml:9:"})
      EXPECT_NE(said.find(place), std::string::npos) << command << ": " << said;
  }
}

TEST_F(Lifecycle, ConfigShowsWhereEachValueCameFromAndHidesSecrets) {
  const auto outcome = run_sluice({"config", realworld_file(), "--lanes", "9", "--mongodb-uri",
                                   "mongodb://ann:swordfish@127.0.0.1:1/?replicaSet=rs0"},
                                  {{"SLUICE_BATCH_DOCS", "77"}, {"SLUICE_LANES", "5"}});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.out.find("swordfish"), std::string::npos) << outcome.out;
  const auto line_with = [&](const std::string& text) {
    const auto at = outcome.out.find(text);
    if (at == std::string::npos) return std::string("(none)");
    const auto from = outcome.out.rfind('\n', at) + 1;
    return outcome.out.substr(from, outcome.out.find('\n', at) - from);
  };
  EXPECT_NE(line_with("engine.lanes").find("flag"), std::string::npos) << outcome.out;
  EXPECT_NE(line_with("engine.lanes").find('9'), std::string::npos) << outcome.out;
  EXPECT_NE(line_with("engine.batch_docs").find("77"), std::string::npos) << outcome.out;
  EXPECT_NE(line_with("engine.batch_docs").find("SLUICE_BATCH_DOCS"), std::string::npos) << outcome.out;
  EXPECT_NE(line_with("database: conduit").find("realworld.yaml:"), std::string::npos) << outcome.out;
  EXPECT_NE(line_with("engine.in_flight").find("default"), std::string::npos) << outcome.out;
}

TEST_F(Lifecycle, TheHttpServerTellsOfLifeReadinessAndFigures) {
  Worker& worker = start(realworld_file()).ready();
  EXPECT_EQ(worker.get("/healthz").status, 200);
  EXPECT_EQ(worker.get("/healthz").body.substr(0, 14), R"({"status":"UP")");
  EXPECT_TRUE(soon([&] { return worker.get("/readyz").status == 200; })) << worker.get("/readyz").body;
  EXPECT_EQ(worker.get("/nothing").status, 404);
  articles();
  favorites(0, 100);
  ASSERT_TRUE(exact());
  const auto metrics = worker.metrics();
  for (const char* name :
       {"sluice_events_read_total", "sluice_events_applied_total", "sluice_events_filtered_total",
        "sluice_events_dead_total", "sluice_rule_effects_total", "sluice_events_in_flight",
        "sluice_bytes_in_flight", "sluice_lag_seconds", "sluice_event_lag_seconds_bucket",
        "sluice_batch_documents_bucket", "sluice_batch_events_bucket", "sluice_batch_seconds_bucket",
        "sluice_checkpoint_age_seconds", "sluice_ready"}) {
    EXPECT_TRUE(metrics.has(name)) << name;
  }
  EXPECT_EQ(metrics.sum("sluice_rule_effects_total", "favorites-count"), 100);
  EXPECT_EQ(metrics.sum("sluice_event_lag_seconds_count"), metrics.sum("sluice_events_applied_total"));
}

TEST_F(Lifecycle, LogsAreJsonLinesOnRequest) {
  Worker& worker = start(realworld_file(), {"--log-format", "json"}).ready();
  EXPECT_EQ(worker.terminate(), 0);
  std::istringstream lines(worker.err());
  std::string line;
  int count = 0;
  for (; std::getline(lines, line); ++count) {
    EXPECT_NO_THROW(EXPECT_TRUE(Document(line).has("level")) << line) << line;
  }
  EXPECT_GT(count, 0);
}

TEST_F(Lifecycle, ChangedRulesUnderAnOldPositionAreNotPassedOver) {
  const std::string before = R"(
  - name: n
    count: { from: favorites, reference: articleId, into: articles, field: favoritesCount }
)";
  const std::string after = R"(
  - name: n
    count: { from: favorites, reference: articleId, into: articles, field: likes }
)";
  start(file(before)).ready();
  terminate_all();
  articles();
  favorites(0, 100);
  Worker& changed = start(file(after));
  EXPECT_EQ(changed.wait(), 4) << changed.story();
  EXPECT_NE(changed.err().find("--accept-changed-rules"), std::string::npos) << changed.err();
  forget_workers();
  start(file(after), {"--accept-changed-rules"}).ready();
  EXPECT_TRUE(becomes("articles", "0", R"({"_id":0,"likes":2})"));
}

/// A file that is replaced while the worker is down, as a ConfigMap is, must not end it at each start.
TEST_F(Lifecycle, ChangedRulesAreAcceptedWhereTheFileSaysSo) {
  const auto counting = [](const std::string& field) {
    return "\n  - name: n\n    count: { from: favorites, reference: articleId, into: articles, field: " +
           field + " }\n";
  };
  const auto saying = [&](const std::string& field, const std::string& policy) {
    const std::string path = file(counting(field));
    std::ofstream(path, std::ios::app) << "on_changed_rules: " << policy << "\n";
    return path;
  };
  start(saying("favoritesCount", "accept")).ready();
  terminate_all();
  articles();
  favorites(0, 100);
  Worker& refused = start(saying("likes", "fail"));
  EXPECT_EQ(refused.wait(), 4) << refused.story();
  EXPECT_NE(refused.err().find("on_changed_rules: accept"), std::string::npos) << refused.err();
  forget_workers();
  start(saying("likes", "accept")).ready();
  EXPECT_TRUE(becomes("articles", "0", R"({"_id":0,"likes":2})"));
}

TEST_F(Lifecycle, RestartNowLeavesThePastAlone) {
  start(realworld_file()).ready();
  terminate_all();
  articles();
  favorites(0, 100);
  start(realworld_file(), {"--restart-now"}).ready();
  favorites(100, 150);
  ASSERT_TRUE(settled());
  EXPECT_EQ(db().count("articles", R"({"favoritesCount":1})"), 50);
}

TEST_F(Lifecycle, ADroppedDatabaseStopsTheWorkerWithTheRemedy) {
  Worker& worker = start(realworld_file()).ready();
  articles();
  ASSERT_TRUE(settled());
  db().drop_database();
  EXPECT_EQ(worker.wait(), 4) << worker.story();
  EXPECT_NE(worker.err().find("--restart-now"), std::string::npos) << worker.err();
  forget_workers();
  Worker& again = start(realworld_file());
  EXPECT_EQ(again.wait(), 4) << "the position is still lost\n" << again.story();
  forget_workers();
  start(realworld_file(), {"--restart-now"}).ready();
  articles();
  favorites(0, 50);
  EXPECT_TRUE(exact());
}

/// A watched collection that is dropped or renamed takes its counts' meaning with it: that is said, not
/// guessed at.
TEST_F(Lifecycle, AWatchedCollectionThatGoesStopsTheWorkerWithTheRemedy) {
  start(realworld_file()).ready();
  articles();
  ASSERT_TRUE(settled());
  db().insert("unwatched", R"({"_id":1})");
  db().command(R"({"drop":"unwatched"})");
  db().command(R"({"drop":"articles"})");
  EXPECT_EQ(worker().wait(), 4) << worker().story();
  EXPECT_NE(worker().err().find("articles"), std::string::npos) << worker().err();
  EXPECT_NE(worker().err().find("--restart-now"), std::string::npos) << worker().err();
}

/// What is stored is none of this server's tokens.
TEST_F(Lifecycle, AnUnknownTokenStopsTheWorkerWithTheRemedy) {
  start(realworld_file()).ready();
  terminate_all();
  state().update_many("shards", {}, R"({"$set":{"token":{"_data":"82not-a-token"}}})");
  Worker& worker = start(realworld_file());
  EXPECT_EQ(worker.wait(), 4) << worker.story();
  EXPECT_NE(worker.err().find("--restart-now"), std::string::npos) << worker.err();
  forget_workers();
  start(realworld_file(), {"--restart-now"}).ready();
}

/// The position has fallen out of the oplog.
TEST_F(Lifecycle, ALostHistoryStopsTheWorkerWithTheRemedy) {
  start(realworld_file()).ready();
  terminate_all();
  db().admin(R"({"configureFailPoint":"failCommand","mode":{"times":1},
      "data":{"failCommands":["aggregate"],"errorCode":286,"namespace":")" +
             db().database() + R"(.$cmd.aggregate"}})");
  Worker& worker = start(realworld_file());
  EXPECT_EQ(worker.wait(), 4) << worker.story();
  EXPECT_NE(worker.err().find("--restart-now"), std::string::npos) << worker.err();
  db().admin(R"({"configureFailPoint":"failCommand","mode":"off"})");
}

}  // namespace
}  // namespace sluice::test
