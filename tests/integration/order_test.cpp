#include "support/cluster_fixture.hpp"

namespace sluice::test {
namespace {

/// The order of changes of different documents, which only one reader can keep.
class OrderAcrossDocuments : public ClusterTest {
 protected:
  std::string latest(const std::string& id) const {
    return file("  - name: latest\n    write: { from: readings, into: latest, mode: upsert, id: " + id +
                ", values: { n: NEW.n } }\n");
  }
  void refuses(const Outcome& outcome) {
    EXPECT_EQ(outcome.exit_code, 1) << outcome.out << outcome.err;
    EXPECT_NE(outcome.err.find("the 'id' of rule 'latest'"), std::string::npos) << outcome.err;
    EXPECT_NE(outcome.err.find("--partitions 1"), std::string::npos) << outcome.err;
  }
};

TEST_F(OrderAcrossDocuments, IsRefusedToMoreThanOneReaderInCheckAndRun) {
  const std::string path = latest("NEW.sensor");
  const std::vector<std::string> partitions = {"--partitions", "8"};
  const std::vector<std::string> shards = {"--shard-count", "4", "--shard-index", "1"};
  refuses(run_sluice(here_run({"check", path}, partitions)));
  refuses(run_sluice(here_run({"check", path}, shards)));
  refuses(run_sluice(here_run({"run", path}, partitions)));
  refuses(run_sluice(here_run({"run", path}, shards)));
  EXPECT_EQ(run_sluice(here_run({"check", path}, {"--partitions", "1"})).exit_code, 0);
  EXPECT_EQ(run_sluice(here_run({"verify", path}, partitions)).exit_code, 0) << "it orders nothing";
}

TEST_F(OrderAcrossDocuments, OfTriggersToo) {
  const std::string path = file("  - name: other\n    write: { from: a, into: b, values: { n: NEW.n } }\n");
  const Outcome made = run_sluice(
      here_run({"trigger", "create", path,
                "CREATE TRIGGER latest AFTER INSERT ON readings DO UPSERT INTO latest ID NEW.sensor (n) "
                "VALUES (NEW.n)"},
               {"--partitions", "8"}));
  EXPECT_EQ(made.exit_code, 1) << made.out;
  EXPECT_NE(made.err.find("'id' of rule 'latest'"), std::string::npos) << made.err;
}

/// One reader keeps it whatever its lanes are.
TEST_F(OrderAcrossDocuments, IsKeptByOneReader) {
  start_member(latest("NEW.sensor"), 1, {"--lanes", "8", "--batch-docs", "7"}).ready();
  std::vector<Document> readings;
  for (int n = 1; n <= 1000; ++n) {
    const std::string number = std::to_string(n);
    readings.emplace_back(R"({"_id":")" + number + R"(","sensor":)" + std::to_string(n % 5) + R"(,"n":)" +
                          number + "}");
  }
  db().insert("readings", readings);
  for (int sensor = 0; sensor < 5; ++sensor) {
    const std::string id = std::to_string(sensor);
    const std::string last = std::to_string(sensor == 0 ? 1000 : 995 + sensor);
    EXPECT_TRUE(becomes("latest", id, R"({"_id":)" + id + R"(,"n":)" + last + "}"));
  }
}

/// That of each document's own changes any number of readers keep.
TEST_F(OrderAcrossDocuments, IsNotAskedForByTheDocumentsOwnId) {
  start_member(latest("NEW._id"), 8).ready();
  for (int id = 0; id < 20; ++id) db().insert("readings", "{\"_id\":" + std::to_string(id) + ",\"n\":0}");
  for (int n = 1; n <= 20; ++n) {
    db().update_many("readings", {}, R"({"$set":{"n":)" + std::to_string(n) + "}}");
  }
  for (int id = 0; id < 20; ++id) {
    const std::string text = std::to_string(id);
    EXPECT_TRUE(becomes("latest", text, R"({"_id":)" + text + R"(,"n":20})"));
  }
}

}  // namespace
}  // namespace sluice::test
