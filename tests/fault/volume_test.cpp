#include <algorithm>
#include <csignal>
#include <iostream>

#include "support/fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// More at once than any batch or queue holds.
class Volume : public PipelineTest {
 protected:
  static constexpr int articles = 500;

  void make_articles() {
    std::vector<Document> documents;
    for (int i = 0; i < articles; ++i) documents.emplace_back("{\"_id\":" + std::to_string(i) + "}");
    db().insert("articles", documents);
  }
  void insert_favorites(int from, int to) {
    std::vector<Document> documents;
    for (int i = from; i < to; ++i) {
      documents.emplace_back("{\"_id\":" + std::to_string(i) +
                             ",\"articleId\":" + std::to_string(i % articles) + "}");
      if (documents.size() < 5000 && i + 1 < to) continue;
      db().insert("favorites", documents);
      documents.clear();
    }
  }
  std::int64_t favorites_counted() {
    const auto sums = db().aggregate(
        "articles", R"({"pipeline":[{"$group":{"_id":null,"n":{"$sum":"$favoritesCount"}}}]})");
    return sums.empty() ? 0 : sums[0].integer("n");
  }
};

TEST_F(Volume, ATransactionOfFiftyThousandWrites) {
  start(realworld_file()).ready();
  make_articles();
  db().transaction([&] { insert_favorites(0, 50'000); });
  EXPECT_TRUE(exact());
  EXPECT_EQ(favorites_counted(), 50'000);
  db().transaction([&] { db().remove_many("favorites", R"({"_id":{"$lt":20000}})"); });
  EXPECT_TRUE(exact());
  EXPECT_EQ(favorites_counted(), 30'000);
}

/// All writes of a transaction share one cluster time: only the token tells where the work was cut off.
TEST_F(Volume, KillsInTheMiddleOfATransactionOfFiftyThousandWrites) {
  const std::vector<std::string> flags = {"--batch-docs", "100", "--in-flight", "2"};
  start(realworld_file(), flags).ready();
  make_articles();
  db().transaction([&] { insert_favorites(0, 50'000); });
  for (int kills = 0; kills < 4; ++kills) {
    const auto before = favorites_counted();
    ASSERT_TRUE(soon([&] { return favorites_counted() > std::min<std::int64_t>(before, 49'999); }));
    worker().kill9();
    forget_workers();
    start(realworld_file(), flags).ready();
  }
  EXPECT_TRUE(exact());
  EXPECT_EQ(favorites_counted(), 50'000);
}

/// One source with more targets than a batch may hold documents.
TEST_F(Volume, AFanOutOfThousands) {
  start(realworld_file(), {"--batch-docs", "500"}).ready();
  std::vector<Document> documents;
  for (int i = 0; i < 20'000; ++i)
    documents.emplace_back("{\"_id\":" + std::to_string(i) + ",\"authorId\":1}");
  db().insert("articles", documents);
  db().insert("users", R"({"_id":1,"username":"one"})");
  for (int i = 0; i < 3; ++i) {
    db().update("users", R"({"_id":1})", R"({"$set":{"username":"n)" + std::to_string(i) + "\"}}");
    if (i == 1) {
      worker().kill9();
      forget_workers();
      start(realworld_file(), {"--batch-docs", "500"}).ready();
    }
  }
  EXPECT_TRUE(exact());
  EXPECT_EQ(db().count("articles", R"({"authorUsername":"n2"})"), 20'000);
}

/// A backlog lies on the server, not in the worker.
TEST_F(Volume, MemoryIsBoundedUnderABacklog) {
  constexpr int backlog = 200'000;
  constexpr double most_mb = 150;
  start(realworld_file()).ready();
  make_articles();
  terminate_all();
  insert_favorites(0, backlog);
  start(realworld_file()).ready();
  EXPECT_TRUE(exact());
  EXPECT_EQ(favorites_counted(), backlog);
  const double peak = worker().memory().peak_mb;
  std::cout << "peak RSS " << peak << " MB\n";
  if (sanitized()) return;
  EXPECT_LT(peak, most_mb);
}

/// The limit on events that are read and not resolved holds at every moment.
TEST_F(Volume, TheQueueNeverHoldsMoreThanItsLimit) {
  constexpr int backlog = 5'000;  // each ten of them are a commit that the next ten wait for
  start(realworld_file()).ready();
  make_articles();
  terminate_all();
  insert_favorites(0, backlog);
  start(realworld_file(),
        {"--queue-events", "500", "--cursor-batch", "100", "--batch-docs", "10", "--in-flight", "1"})
      .ready();
  double most = 0;
  ASSERT_TRUE(soon(
      [&] {
        most = std::max(most, metric("sluice_events_in_flight"));
        return metric("sluice_events_applied_total") >= backlog;
      },
      120s));
  EXPECT_LE(most, 600);  // the limit, and the batch that reaches it
  EXPECT_TRUE(exact());
}

}  // namespace
}  // namespace sluice::test
