#include "support/fixture.hpp"

namespace sluice::test {
namespace {

/// What a rule cannot work on is refused by `run` in the words of `check --online`.
class UnfitCollections : public PipelineTest {
 protected:
  ~UnfitCollections() override { Mongo(server().uri(), elsewhere()).drop_database(); }

  std::string elsewhere() { return db().database() + "_other"; }

  void refused(const std::string& rules, const std::string& rule, const std::string& why) {
    const std::string path = file(rules);
    const Outcome checked = run_sluice(here_run({"check", path, "--online"}));
    EXPECT_EQ(checked.exit_code, 1) << checked.out << checked.err;
    EXPECT_NE(checked.out.find("/" + rule + ": " + why), std::string::npos) << checked.out << checked.err;
    Worker& worker = start(path);
    EXPECT_EQ(worker.wait(), 2) << worker.story();
    EXPECT_NE(worker.err().find("rule '" + rule + "', " + why), std::string::npos) << worker.story();
    EXPECT_EQ(worker.out().find("__READY__"), std::string::npos) << worker.story();
  }
};

constexpr const char* count_rule = R"(
  - name: likes
    count: { from: likes, reference: postId, into: posts, field: likes }
)";

TEST_F(UnfitCollections, AViewAndATimeSeriesCollectionToRead) {
  db().command(R"({"create":"likes","viewOn":"all_likes","pipeline":[]})");
  refused(count_rule, "likes",
          "'from': " + db().database() +
              ".likes is a view, which has no change events: name the collection under "
              "it, all_likes");
  db().command(R"({"drop":"likes"})");
  db().command(R"({"create":"likes","timeseries":{"timeField":"t"}})");
  refused(count_rule, "likes", "'from': " + db().database() + ".likes is a time-series collection");
}

TEST_F(UnfitCollections, TargetsOfEveryKind) {
  db().command(R"({"create":"posts","timeseries":{"timeField":"t"}})");
  refused(count_rule, "likes", "'into': " + db().database() + ".posts is a time-series collection");
  db().command(R"({"create":"events","capped":true,"size":100000})");
  refused(R"(
  - name: store
    event_store: { from: likes, into: events }
)",
          "store", "'into': " + db().database() + ".events is a capped collection");
  db().command(R"({"create":"copies","viewOn":"elsewhere","pipeline":[]})");
  refused(R"(
  - name: mirror
    write: { from: likes, into: copies, mode: upsert, values: NEW }
)",
          "mirror", "'into': " + db().database() + ".copies is a view, which cannot be written to");
}

TEST_F(UnfitCollections, ACollectionOfAnotherDatabase) {
  Mongo(server().uri(), elsewhere()).insert("likes", R"({"_id":1})");
  refused(R"(
  - name: likes
    count: { from: )" +
              elsewhere() + R"(.likes, reference: postId, into: posts, field: likes }
)",
          "likes",
          "'from': " + db().database() + "." + elsewhere() + ".likes does not exist, and " + elsewhere() +
              ".likes is a collection of the database " + elsewhere());
  // One of this database may be called so.
  db().insert(elsewhere() + ".likes", R"({"_id":1})");
  start(file(R"(
  - name: likes
    count: { from: )" +
             elsewhere() + R"(.likes, reference: postId, into: posts, field: likes }
)"))
      .ready();
}

}  // namespace
}  // namespace sluice::test
