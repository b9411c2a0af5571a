#include <regex>

#include "support/deploy.hpp"
#include "support/fixture.hpp"
#include "support/guarded.hpp"
#include "workbench/replica_set.hpp"

namespace sluice::test {
namespace {

struct OwnGuardedServer {
  GuardedReplicaSet guarded;
};

/// A server with access control, and users with just the rights that a test is about.
class CheckOnline : protected OwnGuardedServer, public PipelineTest {
 protected:
  CheckOnline() : PipelineTest(guarded) {}

  std::string read_write(const std::string& database) const {
    return R"({"role":"readWrite","db":")" + database + "\"}";
  }
  std::string admin(const std::string& database) const {
    return R"({"role":"dbAdmin","db":")" + database + "\"}";
  }
  /// The roles that docs/running.md names.
  std::string worker_roles() {
    return read_write(db().database()) + "," + admin(db().database()) + "," + read_write(state().database());
  }

  /// May read and write, but not watch.
  std::string roles_without_streams() {
    guarded.make_role("no-streams",
                      R"({"resource":{"db":")" + db().database() + R"(","collection":""},"actions":
        ["find","insert","update","remove","createCollection","createIndex","listIndexes","listCollections"]})");
    return "\"no-streams\"," + admin(db().database()) + "," + read_write(state().database());
  }

  std::string make_user(const std::string& roles) {
    guarded.make_user("sluice", "sl#hush-4711", roles);
    return guarded.uri_of("sluice", "sl%23hush-4711");
  }
  Outcome check(const std::string& uri, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {"check", realworld_file(), "--online"};
    const auto flags = here(more);
    words.insert(words.end(), flags.begin(), flags.end());
    words.insert(words.end(), {"--mongodb-uri", uri});
    const Outcome outcome = run_sluice(words);
    EXPECT_EQ((outcome.out + outcome.err).find("hush-4711"), std::string::npos) << outcome.out << outcome.err;
    return outcome;
  }
  std::string stream() { return db().database(); }

  /// A line that begins with the level and subject, and holds the text.
  testing::AssertionResult finds(const Outcome& outcome, const std::string& level, const std::string& subject,
                                 const std::string& text) const {
    std::istringstream lines(outcome.out);
    std::string line;
    const std::string about = " " + subject + ": ";
    while (std::getline(lines, line)) {
      const bool here = line.starts_with(level + " ") && line.find(about) != std::string::npos;
      if (here && line.find(text) != std::string::npos) return testing::AssertionSuccess();
    }
    return testing::AssertionFailure()
           << "no line '" << level << " " << subject << ": ... " << text << "' in\n"
           << outcome.out << outcome.err;
  }
};

TEST_F(CheckOnline, WithAllRightsEveryFindingIsGoodOnceAWorkerHasRun) {
  const std::string uri = make_user(worker_roles());
  const Outcome before = check(uri);
  EXPECT_EQ(before.exit_code, 0) << before.out << before.err;
  EXPECT_TRUE(finds(before, "ok", stream(), "logged in as sluice@admin"));
  EXPECT_TRUE(finds(before, "note", stream(), "has never run here"));
  EXPECT_TRUE(
      finds(before, "note", stream() + "/favorites-count", ".favorites does not exist; the worker creates"));
  // Asking changes nothing.
  EXPECT_TRUE(db().command(R"({"listCollections":1})").child("cursor.firstBatch").empty());

  Worker worker({.file = realworld_file(), .flags = here({"--mongodb-uri", uri, "--indexes", "create"})});
  worker.ready();
  const Outcome during = check(uri);
  EXPECT_TRUE(finds(during, "ok", stream(), "held by "));
  EXPECT_EQ(worker.terminate(), 0);

  const Outcome after = check(uri);
  EXPECT_EQ(after.exit_code, 0) << after.out << after.err;
  EXPECT_TRUE(finds(after, "ok", stream(), "the change stream opens at the stored position"));
  EXPECT_TRUE(finds(after, "ok", stream(), "held by nobody"));
  EXPECT_TRUE(finds(after, "ok", stream() + "/favorites-count", ".favorites exists, pre-images are on"));
  EXPECT_TRUE(finds(after, "ok", stream() + "/author-copies", ".articles has an index on authorId"));
  for (const char* level : {"error", "warning"})
    EXPECT_EQ(after.out.find(level), std::string::npos) << after.out;
}

TEST_F(CheckOnline, RightsMissingOnTheStateDatabaseAreNamedWithTheirGrant) {
  const std::string uri = make_user(read_write(db().database()) + "," + admin(db().database()));
  const Outcome outcome = check(uri);
  EXPECT_EQ(outcome.exit_code, 1) << outcome.out;
  EXPECT_TRUE(finds(outcome, "error", stream(),
                    "lacks find, insert, update, remove on " + state().database() + ".layouts"));
  const std::string role = R"({role: "readWrite", db: ")" + state().database() + "\"}";
  EXPECT_TRUE(finds(outcome, "error", stream(),
                    R"(db.getSiblingDB("admin").grantRolesToUser("sluice", [)" + role + "])"));
  Mongo(server().uri(), "admin")
      .command(R"({"grantRolesToUser":"sluice","roles":[)" + read_write(state().database()) + "]}");
  EXPECT_EQ(check(uri).exit_code, 0);
}

TEST_F(CheckOnline, AUserWithoutChangeStreamIsTold) {
  const std::string uri = make_user(roles_without_streams());
  const Outcome outcome = check(uri);
  EXPECT_EQ(outcome.exit_code, 1) << outcome.out;
  EXPECT_TRUE(finds(outcome, "error", stream(), "lacks changeStream on the database " + db().database()));
  EXPECT_TRUE(finds(outcome, "error", stream(), R"(grantRolesToUser("sluice", [{role: "read")"));
}

/// What is said of a right is what the server does: a worker of the same user ends over it.
TEST_F(CheckOnline, AWorkerEndsOverWhatTheCheckCallsAnError) {
  const std::string uri = make_user(roles_without_streams());
  Worker worker({.file = realworld_file(), .flags = here({"--mongodb-uri", uri})});
  EXPECT_EQ(worker.wait(), 2) << worker.story();
  EXPECT_NE(worker.err().find("the change stream: the user sluice@admin lacks changeStream on the database " +
                              db().database() + "; grant it: db.getSiblingDB(\"admin\").grantRolesToUser("),
            std::string::npos)
      << worker.story();
}

/// Also of what it needs only once there is something to write.
TEST_F(CheckOnline, AWorkerTellsAtItsStartWhatItsRulesMayNotWrite) {
  const std::string uri =
      make_user(R"({"role":"read","db":")" + db().database() + "\"}," + read_write(state().database()));
  const std::string rules =
      file("  - name: copy\n    write: {from: items, into: copies, values: {a: NEW.a}}\n");
  const std::string told = "rule copy: the user sluice@admin lacks ";
  Worker worker({.file = rules, .flags = here({"--mongodb-uri", uri})});
  EXPECT_TRUE(worker.logs(told)) << worker.story();
  EXPECT_NE(worker.err().find("grantRolesToUser(\"sluice\", [{role: \"readWrite\", db: \"" + db().database()),
            std::string::npos)
      << worker.story();
  Worker member({.file = rules, .flags = here({"--mongodb-uri", uri}), .partitions = 1});
  EXPECT_TRUE(member.logs(told)) << member.story();
}

TEST_F(CheckOnline, AWorkerNamesTheCollectionThatWasProbablyMeant) {
  db().command(R"({"create":"customers"})");
  const std::string uri = make_user(worker_roles());
  const std::string rules =
      file("  - name: copy\n    write: {from: custmers, into: copies, values: {a: NEW.a}}\n");
  EXPECT_TRUE(finds(run_sluice(here_run({"check", rules, "--online", "--mongodb-uri", uri})), "warning",
                    stream() + "/copy", "did you mean 'customers'?"));
  Worker worker({.file = rules, .flags = here({"--mongodb-uri", uri})});
  EXPECT_TRUE(worker.logs("rule copy: " + db().database() +
                          ".custmers does not exist yet; did you mean 'customers'?"))
      << worker.story();
}

TEST_F(CheckOnline, TheLineForAMissingIndexMakesTheCheckGreen) {
  const std::string uri = make_user(worker_roles());
  const Outcome missing = check(uri, {"--indexes", "warn"});
  const std::string rule = stream() + "/author-copies";
  EXPECT_TRUE(finds(missing, "warning", rule, ".articles has no index on authorId"));
  const std::regex line(
      "getSiblingDB\\(\"([^\"]*)\"\\)\\.getCollection\\(\"([^\"]*)\"\\)\\.createIndex\\((.*)\\)");
  std::istringstream lines(missing.out);
  std::string text;
  int created = 0;
  while (std::getline(lines, text)) {
    std::smatch parts;
    if (!std::regex_search(text, parts, line)) continue;
    Mongo(server().uri(), parts[1]).create_index(parts[2], Document(parts[3].str()), "made_by_hand");
    ++created;
  }
  EXPECT_EQ(created, 2) << missing.out;
  const Outcome there = check(uri);
  EXPECT_TRUE(finds(there, "ok", rule, ".articles has an index on authorId"));
  EXPECT_TRUE(finds(there, "ok", rule, ".comments has an index on authorId"));
}

TEST_F(CheckOnline, WhetherTheWorkerMayCreateTheIndexItselfIsSeen) {
  const std::string uri =
      make_user(R"({"role":"read","db":")" + db().database() + "\"}," + read_write(state().database()));
  const Outcome outcome = check(uri, {"--indexes", "create"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_TRUE(finds(outcome, "error", stream() + "/author-copies", "lacks createIndex"));
  EXPECT_TRUE(finds(outcome, "error", stream() + "/author-copies", "lacks update on"));
  EXPECT_TRUE(finds(outcome, "error", stream() + "/tag-tally", "lacks update, insert, remove on"));
}

TEST_F(CheckOnline, PreImagesThatAreOffAreNamedWithTheirLine) {
  db().command(R"({"create":"favorites"})");
  const std::string line =
      "runCommand({collMod: \"favorites\", changeStreamPreAndPostImages: {enabled: true}})";
  const std::string rule = stream() + "/favorites-count";
  const std::string able = make_user(worker_roles());
  const Outcome mends = check(able);
  EXPECT_EQ(mends.exit_code, 0) << mends.out;
  EXPECT_TRUE(finds(mends, "warning", rule, line));
  guarded.drop_user("sluice");
  const std::string unable = make_user(read_write(db().database()) + "," + read_write(state().database()));
  const Outcome cannot = check(unable);
  EXPECT_EQ(cannot.exit_code, 1) << cannot.out;
  EXPECT_TRUE(finds(cannot, "error", rule, "lacks collMod"));
  EXPECT_TRUE(finds(cannot, "error", rule, line));
  db().command(R"({"collMod":"favorites","changeStreamPreAndPostImages":{"enabled":true}})");
  EXPECT_TRUE(finds(check(unable), "ok", rule, "pre-images are on"));
}

TEST_F(CheckOnline, AnUpgradeThatWasNotEndedIsNamedWithItsLine) {
  Mongo root(server().uri(), "admin");
  root.command(R"({"setFeatureCompatibilityVersion":"5.0"})");
  const std::string uri = make_user(worker_roles() + R"(,{"role":"clusterMonitor","db":"admin"})");
  const Outcome outcome = check(uri);
  EXPECT_EQ(outcome.exit_code, 1) << outcome.out;
  EXPECT_TRUE(finds(outcome, "error", stream(), "setFeatureCompatibilityVersion: \"6.0\""));
  root.command(R"({"setFeatureCompatibilityVersion":"6.0"})");
  EXPECT_EQ(check(uri).exit_code, 0);
}

TEST_F(CheckOnline, AnOplogThatMayNotBeReadIsNamedWithItsGrant) {
  const Outcome outcome = check(make_user(worker_roles()));
  EXPECT_TRUE(finds(outcome, "note", stream(), "lacks find on local.oplog.rs"));
  EXPECT_TRUE(finds(outcome, "note", stream(), R"({role: "read", db: "local"})"));
}

/// It is short, and no position is in danger.
TEST_F(CheckOnline, ANewOplogIsWhole) {
  const Outcome outcome = check(make_user(worker_roles() + R"(,{"role":"read","db":"local"})"));
  EXPECT_TRUE(finds(outcome, "ok", stream(), "to the initiation of the replica set")) << outcome.out;
  EXPECT_EQ(outcome.out.find("loses its position"), std::string::npos) << outcome.out;
}

TEST_F(CheckOnline, AViewIsNoSource) {
  db().command(R"({"create":"favorites","viewOn":"elsewhere","pipeline":[]})");
  const Outcome outcome = check(make_user(worker_roles()));
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_TRUE(finds(outcome, "error", stream() + "/favorites-count", "is a view"));
}

TEST_F(CheckOnline, ATargetThatCannotBeWrittenByValue) {
  db().command(R"({"create":"articles","collation":{"locale":"en","strength":2}})");
  db().command(R"({"create":"comments","capped":true,"size":100000})");
  db().command(R"({"create":"tags","timeseries":{"timeField":"t"}})");
  const Outcome outcome = check(make_user(worker_roles()));
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_TRUE(
      finds(outcome, "error", stream() + "/favorites-count", R"(articles has the default collation)"));
  EXPECT_TRUE(finds(outcome, "error", stream() + "/author-copies", "recreate the collection"));
  EXPECT_TRUE(finds(outcome, "error", stream() + "/author-copies", "comments is a capped collection"));
  EXPECT_TRUE(finds(outcome, "error", stream() + "/tag-tally", "tags is a time-series collection"));
}

TEST_F(CheckOnline, AWrongPasswordAndNoUserAtAll) {
  make_user(worker_roles());
  const Outcome wrong = check(guarded.uri_of("sluice", "wrong"));
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_TRUE(finds(wrong, "error", stream(), "the server refuses the login"));
  const Outcome nobody = check(guarded.uri_without_user());
  EXPECT_EQ(nobody.exit_code, 1);
  EXPECT_TRUE(finds(nobody, "error", stream(), "requires a login"));
}

TEST_F(CheckOnline, NoServerIsSaidWithExitCodeTwo) {
  const workbench::Port nobody;
  const Outcome outcome = check("mongodb://127.0.0.1:" + nobody.text() + "/?serverSelectionTimeoutMS=500");
  EXPECT_EQ(outcome.exit_code, 2) << outcome.out << outcome.err;
  EXPECT_TRUE(finds(outcome, "error", stream(), "no server can be reached at 127.0.0.1:" + nobody.text()));
}

TEST_F(CheckOnline, EveryCommandSaysWhatToCheckIfNoServerIsFound) {
  const workbench::Port nobody;
  const std::string uri = "mongodb://127.0.0.1:" + nobody.text() + "/?replicaSet=rs0";
  const std::string advice = "check that the server runs at this address";
  for (std::vector<std::string> command : std::vector<std::vector<std::string>>{
           {"check", "--online"},
           {"cluster", "status"},
           {"dead", "list"},
           {"dead", "retry", "--all"},
           {"trigger", "list"},
           {"verify"},
           {"snapshot", "--status"},
       }) {
    const std::string rule = command.front() == "snapshot"
                                 ? "  - name: out\n    publish: { from: items, stream: S, subject: s }\n"
                                 : "  - name: n\n    count: {from: a, reference: b, into: c, field: d}\n";
    command.push_back(file(rule));
    const Outcome outcome =
        run_sluice(here_run(command, {"--mongodb-uri", uri + "&serverSelectionTimeoutMS=500"}));
    EXPECT_EQ(outcome.exit_code, 2) << command.front() << outcome.out << outcome.err;
    EXPECT_NE((outcome.out + outcome.err).find(advice), std::string::npos)
        << command.front() << outcome.out << outcome.err;
  }
  workers_connect_to(uri + "&serverSelectionTimeoutMS=500");
  Worker& worker = start(realworld_file());
  EXPECT_TRUE(worker.logs(advice)) << worker.story();
}

TEST_F(CheckOnline, ChangedRulesUnderAStoredPositionAreAnError) {
  const std::string uri = make_user(worker_roles());
  Worker worker({.file = realworld_file(), .flags = here({"--mongodb-uri", uri})});
  worker.ready();
  EXPECT_EQ(worker.terminate(), 0);
  const std::string other =
      "- name: favorites-count\n"
      "  count: {from: favorites, reference: articleId, into: articles, field: likes}\n";
  std::string text = read_file(file(other));
  text.replace(text.find("pipeline: test"), 14, "pipeline: realworld");
  const TemporaryDirectory folder;
  std::vector<std::string> words = {"check", folder.write("other.yaml", text), "--online"};
  const auto flags = here({"--mongodb-uri", uri});
  words.insert(words.end(), flags.begin(), flags.end());
  const Outcome changed = run_sluice(words);
  EXPECT_EQ(changed.exit_code, 1) << changed.out;
  EXPECT_TRUE(finds(changed, "error", stream(), "--accept-changed-rules"));
  words.emplace_back("--accept-changed-rules");
  EXPECT_EQ(run_sluice(words).exit_code, 0);
}

TEST_F(CheckOnline, AnotherReplicaSetIsToldByItsNameInCheckAndRun) {
  std::string uri = make_user(worker_roles());
  const std::size_t at = uri.find("replicaSet=");
  ASSERT_NE(at, std::string::npos) << uri;
  const std::size_t end = std::min(uri.find('&', at), uri.size());
  const std::string name = uri.substr(at + 11, end - at - 11);
  uri.replace(at + 11, end - at - 11, "wrong");
  const Outcome checked = check(uri);
  EXPECT_EQ(checked.exit_code, 1) << checked.out << checked.err;
  EXPECT_TRUE(finds(checked, "error", stream(), "the URI wants the replica set 'wrong', but "));
  EXPECT_TRUE(finds(checked, "error", stream(), "is a member of '" + name + "'; write replicaSet=" + name));
  // Told without waiting for the driver, which would search for a minute.
  const Outcome ran = run_sluice(
      here_run({"run", realworld_file()}, {"--mongodb-uri", uri + "&serverSelectionTimeoutMS=60000"}));
  EXPECT_EQ(ran.exit_code, 2) << ran.err;
  EXPECT_NE(ran.err.find("is a member of '" + name + "'; write replicaSet=" + name), std::string::npos)
      << ran.err;
  EXPECT_EQ(ran.err.find("No suitable servers"), std::string::npos) << ran.err;
}

TEST(CheckOnlineAlone, AStandaloneIsToldInCheckAndRun) {
  const MongodProcess mongod("");
  Mongo("mongodb://" + mongod.host() + "/?directConnection=true&serverSelectionTryOnce=false", "admin")
      .command(R"({"ping":1})");
  const std::string uri = "mongodb://" + mongod.host() + "/?replicaSet=rs0";
  const std::string what =
      "is not a member of any; start mongod with --replSet rs0 and run rs.initiate() once";
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"check", deploy_folder() + "/realworld.yaml", "--online", "--mongodb-uri",
                                 uri},
        {"run", deploy_folder() + "/realworld.yaml", "--mongodb-uri",
         uri + "&serverSelectionTimeoutMS=60000"}}) {
    const Outcome outcome = run_sluice(words);
    EXPECT_NE((outcome.out + outcome.err).find(what), std::string::npos) << outcome.out << outcome.err;
  }
}

/// It may still be initiated, so the worker waits.
TEST(CheckOnlineAlone, ASetThatIsNotInitiatedIsToldInCheckAndRun) {
  const MongodProcess mongod("rs0");
  Mongo("mongodb://" + mongod.host() + "/?directConnection=true&serverSelectionTryOnce=false", "admin")
      .command(R"({"ping":1})");
  const std::string what = " has no configuration of its replica set: run rs.initiate() there once";
  const std::string file = deploy_folder() + "/realworld.yaml";
  const std::string of_set = "mongodb://" + mongod.host() + "/?replicaSet=rs0&serverSelectionTimeoutMS=500";
  const std::string direct = "mongodb://" + mongod.host() + "/?directConnection=true";
  for (const std::string& uri : {of_set, direct}) {
    const Outcome checked = run_sluice({"check", file, "--online", "--mongodb-uri", uri});
    EXPECT_EQ(checked.exit_code, 2) << checked.out << checked.err;
    EXPECT_NE(checked.out.find(mongod.host() + what), std::string::npos) << checked.out << checked.err;
  }
  const Outcome ran = run_sluice({"run", file, "--mongodb-uri", of_set});
  EXPECT_EQ(ran.exit_code, 2) << ran.err;
  EXPECT_NE(ran.err.find("MongoDB is not available yet: " + mongod.host() + what), std::string::npos)
      << ran.err;
  EXPECT_NE(ran.err.find("retrying for about 7 s"), std::string::npos) << ran.err;
  EXPECT_EQ(ran.err.find("that no firewall is in between"), std::string::npos) << ran.err;
  Worker worker({.file = file, .flags = {"--mongodb-uri", direct}, .environment = {}});
  EXPECT_TRUE(worker.logs(what)) << worker.err();
  workbench::initiate_replica_set("rs0", {mongod.host()});
  worker.ready();
  EXPECT_EQ(worker.terminate(), 0);
}

TEST_F(CheckOnline, OnlyMongoDbOutOfReachEndsWithTwo) {
  const TemporaryDirectory folder;
  const std::string file =
      folder.write("caching.yaml",
                   "pipeline: p\nmongodb: {database: d}\nrules:\n  - name: keys\n    cache: "
                   "{from: a, delete: 'a:{id}'}\n");
  std::vector<std::string> words =
      here_run({"check", file, "--online"},
               {"--mongodb-uri", make_user(worker_roles()), "--redis-url", "redis://127.0.0.1:1"});
  const Outcome outcome = run_sluice(words);
  EXPECT_EQ(outcome.exit_code, 1) << outcome.out;
  EXPECT_EQ(run_sluice({"check", file, "--online", "--mongodb-uri", "mongodb://127.0.0.1:1/"}).exit_code, 2);
}

}  // namespace
}  // namespace sluice::test
