#pragma once

#include <string>
#include <vector>

#include "support/cluster_fixture.hpp"

namespace sluice::test {

inline constexpr const char* likes = R"(
  - name: likes
    count: { from: favorites, reference: articleId, into: articles, field: favoritesCount })";
class Reload : public ClusterTest {
 protected:
  void articles() {
    std::vector<Document> documents;
    for (int i = 0; i < 50; ++i) documents.emplace_back("{\"_id\":" + std::to_string(i) + "}");
    db().insert("articles", documents);
  }
  void favourites(int count) {
    std::vector<Document> documents;
    for (int i = 0; i < count; ++i) {
      documents.emplace_back("{\"articleId\":" + std::to_string(i % 50) + "}");
    }
    db().insert("favorites", documents);
  }
  std::int64_t sum(Mongo& database, const std::string& field) {
    std::int64_t total = 0;
    for (const Document& article : database.find("articles")) total += article.integer(field, 0);
    return total;
  }
  std::int64_t sum(const std::string& field) { return sum(db(), field); }
  /// Checks that changes from now on are all counted. A rule that was added while data existed has an unknown
  /// count up to now.
  void expect_counts_all_from_now(const std::string& field, int shards) {
    ASSERT_TRUE(settled(shards));
    const std::int64_t before = sum(field);
    favourites(500);
    ASSERT_TRUE(settled(shards));
    EXPECT_EQ(sum(field), before + 500);
  }
  testing::AssertionResult verified(const std::string& path) {
    const Outcome outcome = run_sluice(here_run({"verify", path}, {"--rule", "likes"}));
    if (outcome.exit_code == 0) return testing::AssertionSuccess();
    return testing::AssertionFailure() << outcome.out << outcome.err;
  }
  /// The epoch of a stream with one shard: how often the shard was acquired.
  std::int64_t epoch(const std::string& stream) {
    const auto shard = state().find_one("shards", R"({"streamId":"test/)" + stream + R"("})");
    return shard ? shard->integer("epoch") : 0;
  }
  static double reloads(const Worker& worker, const std::string& result) {
    return worker.metrics().sum("sluice_config_reloads_total", "result=\"" + result + "\"");
  }
  static bool is_ready(const Worker& worker) { return worker.get("/readyz").status == 200; }
  static std::string refused(const Worker& worker) {
    return Document(worker.get("/status").body).text("configuration.refused");
  }
  /// Two streams of different databases. `more`: further settings of the second.
  std::string two_streams(const std::string& more = "") {
    return one_stream("first", db().database()) + one_stream("second", db().database() + "_2", more);
  }
  static std::string one_stream(const std::string& name, const std::string& database,
                                const std::string& more = "") {
    return "  - name: " + name + "\n    database: " + database + "\n" + more + "    rules:\n" +
           "      - name: likes\n        count: { from: favorites, reference: articleId, into: articles, "
           "field: favoritesCount }\n";
  }
  std::string write(const std::string& streams) const {
    return folder_.write("worker.yaml", "pipeline: test\nindexes: create\nstreams:\n" + streams);
  }

  TemporaryDirectory folder_;
};

}  // namespace sluice::test
