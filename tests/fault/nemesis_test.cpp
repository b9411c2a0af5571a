#include <csignal>
#include <iostream>

#include "support/own_server.hpp"

namespace sluice::test {
namespace {

/// Everything that the other tests do one at a time, in an order that the seed decides.
class Nemesis : public ServerFaults {
 protected:
  static constexpr int shards = 3;

  Nemesis() : ServerFaults(1), random_(random_seed()) {}

  std::vector<std::string> flags() {
    return {"--lease-ms",   "3000",
            "--lanes",      std::to_string(1 + realworld::below(random_, 6)),
            "--batch-docs", chance() ? "10" : "1000",
            "--in-flight",  chance() ? "1" : "6"};
  }
  bool chance() { return realworld::chance(random_, 50); }
  std::size_t victim() { return static_cast<std::size_t>(realworld::below(random_, shards)); }
  Worker& replace(std::size_t shard) {
    return replace_worker(shard, realworld_file(), flags(), shards, static_cast<int>(shard));
  }

  void kill_worker() {
    const auto shard = victim();
    worker(shard).kill9();
    replace(shard).ready();
  }
  void stop_worker() {
    const auto shard = victim();
    EXPECT_EQ(worker(shard).terminate(), 0) << worker(shard).story();
    replace(shard).ready();
  }
  void freeze_worker() {
    const auto shard = victim();
    worker(shard).signal(SIGSTOP);
    Worker twin({.file = realworld_file(),
                 .flags = here(flags()),
                 .shard_count = shards,
                 .shard_index = static_cast<int>(shard)});
    twin.ready();
    worker(shard).signal(SIGCONT);
    EXPECT_EQ(worker(shard).wait(), 3) << worker(shard).story();
    twin.kill9();
    replace(shard).ready();
  }
  void restart_server() {
    server().node(0).kill9();
    server().node(0).restart();
    server().wait_for_primary();
  }
  void lose_commits() {
    db().admin(R"({"configureFailPoint":"failCommand","mode":{"times":5},
        "data":{"failCommands":["commitTransaction"],"closeConnection":true}})");
  }

  realworld::Random random_;
};

TEST_F(Nemesis, AnythingInAnyOrder) {
  start_shards(realworld_file(), shards);
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  for (int round = 0; round < 12; ++round) {
    ASSERT_TRUE(go_on(50)) << "round " << round;
    const auto choice = realworld::below(random_, 8);
    if (choice < 3) {
      kill_worker();
    } else if (choice < 4) {
      stop_worker();
    } else if (choice < 6) {
      freeze_worker();
    } else if (choice < 7) {
      restart_server();
    } else {
      lose_commits();
    }
  }
  storm.finish();
  EXPECT_TRUE(exact(shards)) << "SLUICE_SEED=" << random_seed();
  terminate_all();
}

}  // namespace
}  // namespace sluice::test
