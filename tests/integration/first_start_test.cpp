#include "support/fixture.hpp"
#include "support/guarded.hpp"

namespace sluice::test {
namespace {

struct OwnGuardedServer {
  GuardedReplicaSet guarded;
};

/// First starts of a user who has exactly the rights that `sluice check --online` asks for: everything is
/// made by several streams and shards at once, and none of them may need more than that.
class FirstStart : protected OwnGuardedServer, public PipelineTest {
 protected:
  FirstStart() : PipelineTest(guarded) {}
  ~FirstStart() override { root("{\"configureFailPoint\":\"failCommand\",\"mode\":\"off\"}"); }

  void root(const std::string& command) { Mongo(server().uri(), "admin").command(command); }
  /// Whoever creates something does so together with the others: all have found that it is missing.
  void delay_creation() {
    root(R"({"configureFailPoint":"failCommand","mode":"alwaysOn","data":{"failCommands":["create"],
             "blockConnection":true,"blockTimeMS":300}})");
  }
  std::string privilege(const std::string& database, const std::string& collection,
                        const std::string& actions) const {
    return R"({"resource":{"db":")" + database + R"(","collection":")" + collection + R"("},"actions":[)" +
           actions + "]}";
  }
  /// Nothing of collMod, createCollection or createIndex.
  std::string user_with_just_enough() {
    std::string privileges =
        privilege(db().database(), "", R"("find","changeStream","listCollections","listIndexes")");
    for (const char* target : {"users", "articles", "comments", "seen", "tags"})
      privileges += "," + privilege(db().database(), target, R"("insert","update","remove")");
    for (const char* collection :
         {"layouts", "shards", "lanes", "dead_letters", "audits", "snapshots", "members", "sessions"})
      privileges += "," + privilege(state().database(), collection, R"("find","insert","update","remove")");
    privileges += "," + privilege(state().database(), "triggers", R"("find")");
    guarded.make_role("worker", privileges);
    guarded.make_user("sluice", "sl#secret", "\"worker\"");
    return guarded.uri_of("sluice", "sl%23secret");
  }
  /// Streams on one database, most of which read `articles` and `comments` with pre-images.
  std::string streams() {
    const std::string head = "    database: " + db().database() + "\n    rules:\n";
    const auto counting = [&](const std::string& name, const std::string& from) {
      return "  - name: " + name + "\n" + head + "      - name: count\n        count: { from: " + from +
             ", reference: user, into: users, field: " + name + " }\n";
    };
    return "pipeline: first-start\nstreams:\n" + counting("a", "articles") + counting("b", "articles") +
           counting("c", "comments") + counting("d", "comments");
  }
  std::vector<std::string> flags(const std::string& uri, std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"--mongodb-uri", uri, "--state-database", state_name_});
    return more;
  }
  void forget_databases() {
    db().command(R"({"dropDatabase":1})");
    state().command(R"({"dropDatabase":1})");
  }

  std::string state_name_ = state().database();
  TemporaryDirectory folder_;
};

TEST_F(FirstStart, OfStreamsAndShardsAtOnceNeedsNoMoreRightsThanTheCheckAsksFor) {
  const std::string uri = user_with_just_enough();
  const std::string path = folder_.write("streams.yaml", streams());
  std::vector<std::string> command{"check", path, "--online"};
  for (const std::string& flag : flags(uri)) command.push_back(flag);
  const Outcome checked = run_sluice(command);
  EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
  EXPECT_EQ(checked.out.find("warning"), std::string::npos) << checked.out;

  for (int round = 0; round < 3; ++round) {
    if (round % 2 == 0) delay_creation();
    std::vector<std::unique_ptr<Worker>> shards;
    for (int shard = 0; shard < 3; ++shard) {
      shards.push_back(std::make_unique<Worker>(
          Worker::Options{.file = path, .flags = flags(uri), .shard_count = 3, .shard_index = shard}));
    }
    for (auto& one : shards) one->ready();
    for (auto& one : shards) {
      EXPECT_EQ(one->err().find("not authorized on " + db().database() + " to"), std::string::npos)
          << one->err();
      EXPECT_EQ(one->terminate(), 0) << one->story();
    }
    root(R"({"configureFailPoint":"failCommand","mode":"off"})");
    forget_databases();
  }
}

/// An index would create the collection without pre-images, which another stream then could not turn on.
TEST_F(FirstStart, AnIndexOfOneStreamDoesNotSpoilTheCollectionOfAnother) {
  const std::string uri = user_with_just_enough();
  root(R"({"grantPrivilegesToRole":"worker","privileges":[)" +
       privilege(db().database(), "comments", R"("createIndex")") + "]}");
  const std::string head = "    database: " + db().database() + "\n    rules:\n";
  const std::string path = folder_.write(
      "streams.yaml",
      "pipeline: first-start\nstreams:\n  - name: a\n" + head +
          "      - name: copies\n        embed: { from: users, into: [ { collection: comments, "
          "reference: user, set: { name: userName } } ] }\n  - name: b\n" +
          head +
          "      - name: one\n        count: { from: articles, reference: user, into: users, "
          "field: articles }\n      - name: two\n        count: { from: comments, reference: user, "
          "into: users, field: comments }\n");
  delay_creation();
  Worker worker({.file = path, .flags = flags(uri, {"--indexes", "create"})});
  worker.ready();
  EXPECT_EQ(worker.terminate(), 0) << worker.story();
}

}  // namespace
}  // namespace sluice::test
