#include <thread>

#include "realworld/ids.hpp"
#include "support/fixture.hpp"
#include "support/test_thread.hpp"

namespace sluice::test {
namespace {

/// Documents that rules make, under kill -9 and hand-over: each exactly once, and numbers without a gap.
class WriteFaults : public PipelineTest {
 protected:
  static constexpr int documents = 20;

  /// `more`: settings of the event store.
  std::string rules(const std::string& more = "") const {
    return file(R"(  - name: note
    write: { from: items, into: notes, values: { item: NEW._id, n: NEW.n } }
  - name: mirror
    write: { from: items, mode: upsert, into: mirror, values: NEW }
  - name: store
    event_store: { from: items, into: events, aggregate: "NEW._id % 4")" +
                more + " }\n");
  }

  /// Each document's n goes up from 0 in steps of one.
  void storm(int rounds) {
    std::vector<std::jthread> writers;
    for (int w = 0; w < 2; ++w) {
      writers.push_back(test_thread([this, w, rounds] {
        Mongo db(server().patient_uri(), this->db().database());
        for (int round = 0; round < rounds; ++round) {
          for (int id = w; id < documents; id += 2) {
            const std::string filter = "{\"_id\":" + std::to_string(id) + "}";
            db.update("items", filter, "{\"$set\":{\"n\":" + std::to_string(round) + "}}",
                      R"({"upsert":true})");
          }
        }
      }));
    }
  }

  /// Every change was noted once, and numbered once.
  void expect_exact(int rounds) {
    ASSERT_TRUE(settled(parts_));
    const auto changes = static_cast<std::int64_t>(rounds) * documents;
    EXPECT_EQ(db().count("notes"), changes);
    EXPECT_EQ(db().aggregate("notes", R"({"pipeline":[{"$group":{"_id":{"i":"$item","n":"$n"}}}]})").size(),
              static_cast<std::size_t>(changes));
    EXPECT_EQ(db().count("mirror", "{\"n\":" + std::to_string(rounds - 1) + "}"), documents);
    for (
        const Document& one : db().aggregate(
            "events",
            R"({"pipeline":[{"$group":{"_id":"$aggregateId","last":{"$max":"$seq"},"count":{"$sum":1},"numbers":{"$addToSet":"$seq"}}},{"$set":{"numbers":{"$size":"$numbers"}}}]})")) {
      EXPECT_EQ(one.integer("count"), changes / 4) << one.json();
      EXPECT_EQ(one.integer("last"), changes / 4) << one.json();
      EXPECT_EQ(one.integer("numbers"), changes / 4) << one.json();
    }
    EXPECT_EQ(state().count("dead_letters"), 0);
  }

  int parts_ = 1;
};

TEST_F(WriteFaults, ExactlyOnceUnderKills) {
  constexpr int rounds = 60;
  start(rules()).ready();
  std::jthread writer = test_thread([this] { storm(rounds); });
  realworld::Random random(random_seed());
  for (int i = 0; i < 12; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(realworld::below(random, 150)));
    worker().kill9();
    forget_workers();
    start(rules(), {"--batch-docs", i % 2 == 0 ? "7" : "1000"}).ready();
  }
  writer.join();
  expect_exact(rounds);
}

/// Two shards number the events of the same aggregates.
TEST_F(WriteFaults, ShardsThatNumberOneAggregateLeaveNoGap) {
  constexpr int rounds = 40;
  parts_ = 2;
  start_shards(rules(", order: document"), 2);
  std::jthread writer = test_thread([this] { storm(rounds); });
  realworld::Random random(random_seed());
  for (int i = 0; i < 6; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(realworld::below(random, 150)));
    const auto place = static_cast<std::size_t>(i % 2);
    worker(place).kill9();
    replace_worker(place, rules(", order: document"), {}, 2, i % 2).ready();
  }
  writer.join();
  expect_exact(rounds);
}

}  // namespace
}  // namespace sluice::test
