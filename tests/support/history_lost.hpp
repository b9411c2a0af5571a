#pragma once

#include "realworld/storm.hpp"
#include "support/fixture.hpp"

namespace sluice::test {

inline realworld::StormOptions small_storm() {
  realworld::StormOptions storm;
  storm.sizes = {.users = 30, .articles = 80, .comments = 100, .favorites = 300, .seed = random_seed()};
  storm.writers = 2;
  storm.user_rounds = 1;
  return storm;
}

/// A mongod whose oplog holds a megabyte, and lets go of what is older at once.
struct SmallOplog : ReplicaSet {
  SmallOplog() : ReplicaSet({"--oplogSize", "1", "--syncdelay", "1"}, "") {}
};

struct OwnSmallOplog {
  SmallOplog own;
};

/// Positions that have really fallen out of the oplog.
class HistoryLost : private OwnSmallOplog, public PipelineTest {
 protected:
  HistoryLost() : PipelineTest(own), storm_(small_storm()) {}

  /// A worker that has worked, and stopped; then changes that it will never read.
  virtual Worker& start_before() { return start(realworld_file()); }
  void lose_history(int parts = 1) {
    start_before().ready();
    realworld::seed(db(), storm_.sizes);
    ASSERT_TRUE(exact(parts));
    terminate_all();
    storm_.operations = 200;
    realworld::storm(server().patient_uri(), db().database(), storm_);
    roll();
  }

  /// Writes until everything of before is out of the oplog.
  void roll() {
    Mongo filler(server().patient_uri(), "filler");
    Mongo local(server().patient_uri(), "local");
    const std::uint64_t now = filler.operation_time();
    std::vector<Document> documents;
    for (int i = 0; i < 100; ++i) documents.emplace_back(R"({"text":")" + std::string(900, 'x') + R"("})");
    ASSERT_TRUE(soon([&] {
      filler.insert("filler", documents);
      const auto oldest = local.find("oplog.rs", {}, R"({"sort":{"$natural":1},"limit":1})");
      return oldest.front().timestamp("ts") > now;
    }));
  }

  /// The server says only when the stream is read that its history is gone, so the worker was ready before.
  testing::AssertionResult recovered(const std::string& policy) {
    // More than once where the writers overtake so small an oplog again.
    const auto lost = [&] { return metric("sluice_position_lost_total", "policy=\"" + policy + "\"") >= 1; };
    const auto ready = [&] { return worker().get("/readyz").status == 200; };
    if (soon(lost) && soon(ready)) return testing::AssertionSuccess();
    return testing::AssertionFailure() << worker().story();
  }

  realworld::StormOptions storm_;
};

}  // namespace sluice::test
