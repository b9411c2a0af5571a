#include <array>

#include "config/state_names.hpp"
#include "mongo/transaction.hpp"
#include "sinks/mongo/mongo_bulk.hpp"
#include "sluice/config.hpp"
#include "support/fixture.hpp"
#include "unit/bson/json.hpp"

namespace sluice::test {
namespace {

/// Batches of several lanes in one transaction, on a real server.
class SharedTransactions : public PipelineTest {
 protected:
  SharedTransactions() {
    db().insert("articles", {R"({"_id":1,"n":0})", R"({"_id":2,"n":0})"});
    for (int i = 0; i < 2; ++i) {
      state().insert(state::lanes, Document(R"({"_id":")" + lane_id(i) + R"(","epoch":{"$numberLong":"3"},)" +
                                            R"("seq":{"$numberLong":"5"}})"));
      batches_[i].guard = {lane_id(i), 3, 5};
      batches_[i].token = store_.document(R"({"_data":"82"})");
      batches_[i].events = 2;
    }
    batches_[0].writes = {CounterWrite{&plan_, store_.value("1"), 2, 1},
                          CounterWrite{&plan_, store_.value("2"), 1, 2}};
    batches_[1].writes = {CounterWrite{&plan_, store_.value("1"), 40, 1}};
  }

  static std::string lane_id(int part) { return "p/s/" + std::to_string(part) + "-of-2/lane-0-of-1"; }

  std::optional<sluice::Outcome> commit_both() { return bulk_.commit_together({&batches_[0], &batches_[1]}); }

  /// Both articles' counters, and how often each lane has committed.
  std::string all() {
    std::string text;
    for (const char* article : {"1", "2"})
      text += db().find_one("articles", Document(R"({"_id":)" + std::string(article) + "}"))->json() + " ";
    for (int i = 0; i < 2; ++i) {
      const auto lane = state().find_one(state::lanes, Document(R"({"_id":")" + lane_id(i) + R"("})"));
      text += std::to_string(lane->integer("seq"));
    }
    return text;
  }
  static constexpr const char* nothing = R"({ "_id" : 1, "n" : 0 } { "_id" : 2, "n" : 0 } 55)";

  const CounterPlan plan_{db().database(), "articles", "n", false, false};
  Store store_;
  StreamConfig stream_{"s", server().uri(), db().database()};
  mongo::ClientPool pool_{stream_, 3, "test"};
  mongo::SessionRecorder recorder_{state().database(), state::sessions, "p"};
  sinks::MongoBulk bulk_{pool_, recorder_, {"p", "s", state().database()}};
  std::array<Batch, 2> batches_;
};

TEST_F(SharedTransactions, MoveAllPositionsAndWriteEachDocumentOnce) {
  EXPECT_TRUE(bulk_.commits_together(batches_[0]));
  const auto outcome = commit_both();
  ASSERT_TRUE(outcome && outcome->committed) << (outcome && outcome->error ? outcome->error->text() : "");
  EXPECT_EQ(outcome->documents, 2U) << "one update for each article";
  EXPECT_EQ(all(), R"({ "_id" : 1, "n" : 42 } { "_id" : 2, "n" : 1 } 66)");
}

/// Another instance has taken one of the partitions over.
TEST_F(SharedTransactions, WriteNothingWhereOneLaneIsFenced) {
  batches_[1].guard.epoch = 2;
  EXPECT_FALSE(commit_both()) << "each is to be tried alone";
  EXPECT_EQ(all(), nothing);
  EXPECT_TRUE(bulk_.commit(batches_[0]).committed);
  EXPECT_EQ(bulk_.commit(batches_[1]).error->kind, ErrorKind::fenced);
}

/// The answer to the first commit was lost.
TEST_F(SharedTransactions, AreNotCommittedTwice) {
  ASSERT_TRUE(commit_both()->committed);
  EXPECT_FALSE(commit_both());
  for (const Batch& batch : batches_) EXPECT_TRUE(bulk_.commit(batch).committed) << "found to be committed";
  EXPECT_EQ(all(), R"({ "_id" : 1, "n" : 42 } { "_id" : 2, "n" : 1 } 66)");
}

/// A counter that cannot be counted up makes its own lane's effects dead letters, and nobody else's.
TEST_F(SharedTransactions, WriteNothingWhereOneCounterIsRefused) {
  db().update("articles", R"({"_id":2})", R"({"$set":{"n":"many"}})");
  EXPECT_FALSE(commit_both());
  EXPECT_EQ(bulk_.commit(batches_[0]).failed_write, 1U);
  EXPECT_TRUE(bulk_.commit(batches_[1]).committed);
}

/// While another process counts, a contended batch is refused before it has written anything.
TEST_F(SharedTransactions, OfContendedLanesMeetBeforeTheyWrite) {
  batches_[0].contended = true;
  ASSERT_TRUE(commit_both()->committed);  // makes the turn's document
  for (Batch& batch : batches_) ++batch.guard.seq;
  const auto client = pool_.acquire();
  mongo::Transaction other(client.get(), mongo::Isolation::local, nullptr);
  const bson::View turn = store_.document(
      R"({"update":"lanes","updates":[{"q":{"_id":"turn/p/s/lane-0-of-1"},"u":{"$inc":{"turns":1}}}]})");
  const auto reply = other.command(state().database(), turn, mongo::Doing::storing);
  ASSERT_EQ(reply.view().at("n").integer(), 1);
  const auto refused = commit_both();
  ASSERT_TRUE(refused && refused->error);
  EXPECT_EQ(refused->error->code, 112) << refused->error->text();
  EXPECT_EQ(bulk_.commit(batches_[0]).error->code, 112);
  other.abort();
  EXPECT_TRUE(commit_both()->committed);
  EXPECT_EQ(db().find_one("articles", Document(R"({"_id":1})"))->json(), R"({ "_id" : 1, "n" : 84 })");
}

}  // namespace
}  // namespace sluice::test
