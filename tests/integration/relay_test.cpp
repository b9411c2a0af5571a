#include <csignal>
#include <functional>
#include <iostream>
#include <random>

#include "support/cluster_fixture.hpp"
#include "support/likes.hpp"
#include "support/nats_server.hpp"
#include "support/relay_logs.hpp"
#include "support/skipping.hpp"
#include "workbench/nats.hpp"
#include "workbench/tcp_proxy.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using workbench::Nats;

/// Members of a cluster that read from a relay, in JetStream or in Kafka.
class Relay : public ClusterTest, public testing::WithParamInterface<const char*> {
 protected:
  static constexpr int partitions = 4;

  Relay() : log_(db().database() + "_relay") {}

  void SetUp() override {
    const std::string why = why_no_log_server(GetParam());
    skip_if(why);
    if (why.empty()) server_of_logs_ = make_log_server(GetParam());
  }

  LogServer& logs() const { return *server_of_logs_; }
  std::vector<std::string> relayed(int parts = partitions) const {
    std::vector<std::string> flags = logs().flags(log_, parts);
    flags.insert(flags.end(), {"--lease-ms", "3000"});
    return flags;
  }
  Worker& join_relay() { return join(partitions, relayed()); }
  Worker& join_directly() { return join(partitions, {"--lease-ms", "3000"}); }

  /// Waits until one of the members writes the relay, and gives its place.
  std::size_t writer() {
    std::size_t place = 0;
    const bool found = soon([&] {
      for (place = 0; place < workers(); ++place) {
        if (!worker(place).running()) continue;
        if (worker(place).get("/readyz").body.find("written by this instance") != std::string::npos)
          return true;
      }
      return false;
    });
    EXPECT_TRUE(found) << "nobody writes the relay";
    return found ? place : 0;
  }

  void seed() { realworld::seed(db(), storm_.sizes); }
  void run_storm() { realworld::storm(server().patient_uri(), db().database(), storm_); }

  /// Two members under a storm, in which something happens.
  void through(const std::function<void()>& what) {
    join_relay();
    join_relay();
    for (Worker* member : members()) member->ready();
    seed();
    StormThread storm(server().patient_uri(), db().database(), storm_);
    ASSERT_TRUE(go_on(200));
    what();
    ASSERT_TRUE(go_on(200));
    const auto report = storm.finish();
    EXPECT_EQ(report.failed, 0) << report.first_failure;
    EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
    EXPECT_EQ(state().count("dead_letters"), 0);
  }
  void replace(std::size_t place) {
    no_member(worker(place));
    worker(place).kill9();
    join_relay().ready();
  }

  /// The state document with the lease of the relay's writer.
  Document writers_lease() {
    const auto found = state().find("shards", R"({"_id":{"$regex":":relay/0-of-1$"}})");
    return found.empty() ? Document() : found.front();
  }
  /// In milliseconds since 1970.
  static std::int64_t end_of(const Document& lease) {
    const std::string text = lease.value("expiresAt");
    const auto digits = text.find_first_of("0123456789");
    return digits == std::string::npos ? 0 : std::stoll(text.substr(digits));
  }

  const std::string log_;

 private:
  std::unique_ptr<LogServer> server_of_logs_;
};

/// The server refuses one of two instances that ask for the lease at the same time.
TEST_P(Relay, AConflictOverTheWritersLeaseIsNoProblem) {
  join_relay().ready();
  writer();
  Worker& second = join_relay().ready();
  ASSERT_TRUE(becomes_even(partitions));
  const std::int64_t before = db().admin(R"({"configureFailPoint":"failCommand","mode":{"times":3},
      "data":{"errorCode":112,"failCommands":["findAndModify"]}})")
                                  .integer("count");
  db().admin(R"({"waitForFailPoint":"failCommand","maxTimeMS":60000,"timesEntered":)" +
             std::to_string(before + 3) + "}");
  db().admin(R"({"configureFailPoint":"failCommand","mode":"off"})");
  EXPECT_EQ(second.story().find("is not written"), std::string::npos) << second.story();
  seed();
  EXPECT_TRUE(exact(partitions));
}

INSTANTIATE_TEST_SUITE_P(By, Relay, testing::Values(jetstream, kafka),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(Relay, AStormEqualsAFreshComputation) {
  join_relay();
  join_relay();
  for (Worker* member : members()) member->ready();
  ASSERT_TRUE(becomes_even(partitions));
  seed();
  run_storm();
  EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
  EXPECT_EQ(state().count("dead_letters"), 0);
  EXPECT_GT(logs().count(log_), 500);
  terminate_all();
}

TEST_P(Relay, ItsWriterIsKilled) {
  through([this] {
    for (int round = 0; round < 2; ++round) {
      replace(writer());
      ASSERT_TRUE(go_on(200));
    }
  });
}

TEST_P(Relay, AWorkerThatOnlyReadsIsKilled) {
  through([this] { replace(1 - writer()); });
}

TEST_P(Relay, ItsWriterSleepsAndWakesUpAgain) {
  through([this] {
    Worker& asleep = worker(writer());
    asleep.signal(SIGSTOP);
    ASSERT_TRUE(soon([&] { return &worker(writer()) != &asleep; }, 60s));
    asleep.signal(SIGCONT);
  });
}

/// A server that hangs acknowledges nothing for longer than the lease lasts.
TEST_P(Relay, ItsLeaseIsRenewedWhileAcknowledgementsAreLate) {
  std::vector<std::string> flags = relayed();
  for (const std::string& flag : logs().patience(60000)) flags.push_back(flag);
  join(partitions, flags);
  join(partitions, flags);
  for (Worker* member : members()) member->ready();
  seed();
  ASSERT_TRUE(exact(partitions));
  const Document before = writers_lease();
  logs().stop();
  db().insert("favorites", R"({"_id":"late","articleId":1})");
  EXPECT_TRUE(soon([&] { return end_of(writers_lease()) >= end_of(before) + 5000; }));
  logs().cont();
  EXPECT_EQ(writers_lease().integer("epoch"), before.integer("epoch")) << "another instance took it";
  EXPECT_TRUE(exact(partitions));
}

TEST_P(Relay, TheServerOfItsLogIsKilledAndStartedAgain) {
  through([this] {
    logs().kill9();
    ASSERT_TRUE(worker().logs("is not written") || worker(1).logs("is not written", 1s));
    logs().restart();
  });
}

TEST_P(Relay, AnEmptiedLogIsWrittenAnewFromMongoDB) {
  through([this] {
    std::vector<Worker*> both = members();
    for (Worker* member : both) member->signal(SIGSTOP);
    logs().remove(log_);
    for (Worker* member : both) member->signal(SIGCONT);
  });
}

/// From MongoDB to a relay and back, in any order, by one or two instances, stopped or killed.
TEST_P(Relay, MovingInTheMidstOfAStormLosesAndRepeatsNothing) {
  std::mt19937_64 random(random_seed());
  join_directly().ready();
  seed();
  StormThread storm(server().patient_uri(), db().database(), storm_);
  bool relay = false;
  for (int move = 0; move < 6; ++move) {
    ASSERT_TRUE(go_on(50 + static_cast<double>(random() % 200)));
    nobody_is_member();
    const bool killed = random() % 3 == 0;
    killed ? forget_workers() : terminate_all();
    relay = move < 2 ? !relay : random() % 3 != 0;  // at least once to it and back
    const int instances = 1 + static_cast<int>(random() % 2);
    std::cout << (killed ? "killed; " : "stopped; ") << instances << (relay ? " by relay" : " directly")
              << std::endl;
    for (int i = 0; i < instances; ++i) relay ? join_relay() : join_directly();
    for (Worker* member : members()) member->ready();
  }
  ASSERT_TRUE(go_on(200));
  storm.finish();
  EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
  EXPECT_EQ(state().count("dead_letters"), 0);
}

TEST_P(Relay, DuplicatesInTheLogAreDropped) {
  through([this] { logs().repeat(log_, 300); });
}

TEST_P(Relay, StatusAndCheckTellOfIt) {
  const std::string rules =
      file(std::string(likes) + "\ncluster: { partitions: 4 }\n" + logs().yaml(log_, 4));
  start_member(rules, partitions).ready();
  db().insert("favorites", {Document(R"({"_id":1,"articleId":1})")});
  ASSERT_TRUE(settled(partitions));
  const Outcome status = run_sluice(here_run({"cluster", "status", rules}));
  EXPECT_EQ(status.exit_code, 0) << status.err;
  EXPECT_NE(status.out.find("relay " + log_ + ": "), std::string::npos) << status.out;
  EXPECT_NE(status.out.find("; written by "), std::string::npos) << status.out;
  EXPECT_NE(status.out.find("partition 3: "), std::string::npos) << status.out;
  const Outcome checked = run_sluice(here_run({"check", rules, "--online"}));
  EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
  EXPECT_NE(checked.out.find("is relayed by the " + logs().called(log_)), std::string::npos) << checked.out;
  logs().kill9();
  const Outcome away = run_sluice(here_run({"check", rules, "--online"}));
  EXPECT_NE(away.exit_code, 0) << away.out;
}

TEST_P(Relay, StatusTellsThatTheServerOfItsLogCannotBeReached) {
  const std::string rules =
      file(std::string(likes) + "\ncluster: { partitions: 4 }\n" + logs().yaml(log_, 4));
  const Outcome before = run_sluice(here_run({"cluster", "status", rules}));
  EXPECT_EQ(before.exit_code, 0) << before.out << before.err;
  EXPECT_NE(before.out.find("does not exist yet"), std::string::npos) << before.out;
  logs().kill9();
  const Outcome away = run_sluice(here_run({"cluster", "status", rules}));
  EXPECT_EQ(away.exit_code, 2) << away.out << away.err;
  EXPECT_NE(away.out.find("relay " + log_ + ": "), std::string::npos) << away.out;
  EXPECT_NE(away.out.find(" cannot be reached"), std::string::npos) << away.out;
  EXPECT_EQ(away.out.find("nobody writes it"), std::string::npos) << away.out;
  EXPECT_EQ(away.out.find("nothing in the relay"), std::string::npos) << away.out;
}

TEST_P(Relay, AnotherPipelineIsRefusedItsLog) {
  join_relay().ready();
  ASSERT_TRUE(settled(partitions));
  const std::string others = file(likes);
  Worker& other = start_member(others, partitions, relayed());
  EXPECT_GT(other.wait(60s), 0) << other.story();
  EXPECT_NE(other.err().find("is written by another pipeline, or for another database"), std::string::npos)
      << other.err();
  EXPECT_TRUE(worker().well()) << worker().story();
  std::vector<std::string> flags = relayed();
  flags.insert(flags.end(), {"--partitions", std::to_string(partitions)});
  const Outcome checked = run_sluice(here_run({"check", others, "--online"}, flags));
  EXPECT_NE(checked.exit_code, 0);
  EXPECT_NE(checked.out.find("is written by another pipeline"), std::string::npos) << checked.out;
}

TEST_P(Relay, MetricsTellWhoWritesHowMuchAndWhatIsUnread) {
  join_relay();
  join_relay();
  for (Worker* member : members()) member->ready();
  ASSERT_TRUE(becomes_even(partitions));
  seed();
  ASSERT_TRUE(exact(partitions));
  EXPECT_EQ(metric("sluice_relay_writer"), 1);
  const Worker& one = worker(writer());
  EXPECT_EQ(one.metrics().sum("sluice_relay_writer"), 1);
  const auto written = static_cast<double>(logs().read(log_).size());
  EXPECT_GT(written, 500);
  EXPECT_TRUE(soon([&] { return metric("sluice_relay_records_written_total") >= written; }));
  EXPECT_GT(metric("sluice_relay_bytes_written_total"), 100 * written);
  EXPECT_TRUE(soon([&] { return metric("sluice_relay_unread_records") == 0; }));
  EXPECT_TRUE(soon([&] { return metric("sluice_relay_writer_behind_seconds") == 0; }));
  EXPECT_TRUE(one.well());
  const std::string unread = "sluice_relay_unread_records{";
  for (int i = 0; i < partitions; ++i) {
    int lines = 0;
    for (Worker* member : members()) {
      const std::string page = member->get("/metrics").body;
      lines += page.find(unread + "partition=\"" + std::to_string(i) + "\"") != std::string::npos ? 1 : 0;
    }
    EXPECT_EQ(lines, 1) << "partition " << i;
  }
}

TEST_P(Relay, AFirstStartBeginsAtThePresent) {
  db().insert("articles", {Document(R"({"_id":1,"favoritesCount":0})")});
  db().insert("favorites", {Document(R"({"_id":1,"articleId":1})"), Document(R"({"_id":2,"articleId":1})")});
  start_member(file(likes), partitions, relayed()).ready();
  db().insert("favorites", {Document(R"({"_id":3,"articleId":1})")});
  ASSERT_TRUE(settled(partitions));
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"favoritesCount":1})"));
}

TEST_P(Relay, AnEventLargerThanAMessageComesInParts) {
  join_relay().ready();
  seed();
  ASSERT_TRUE(exact(partitions));
  db().insert("users", {Document(R"({"_id":"large","username":"large","bio":")" + std::string(15 << 20, 'b') +
                                 R"("})")});
  db().insert("articles", {Document(R"({"_id":"of-large","authorId":"large"})")});
  EXPECT_TRUE(exact(partitions));
  bool parted = false;
  for (const LogRecord& record : logs().read(log_)) {
    const int parts = std::stoi(record.header.substr(record.header.rfind(' ')));
    parted |= parts > 10 && record.id.find('/') != std::string::npos;
  }
  EXPECT_TRUE(parted);
}

TEST_P(Relay, RulesThatChangeReadTheHistoryAgainWithTheirOwnFilter) {
  const auto rule = [](const std::string& collection) {
    return "  - name: likes\n    count: { from: " + collection +
           ", reference: articleId, into: articles, field: count }\n";
  };
  db().insert("articles", {Document(R"({"_id":1,"count":0})")});
  Worker& before = start_member(file(rule("favorites")), partitions, relayed());
  before.ready();
  db().insert("favorites", {Document(R"({"_id":1,"articleId":1})")});
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"count":1})"));
  EXPECT_EQ(before.terminate(), 0);
  // Nobody has these in the log, which was written for other rules.
  db().insert("bookmarks", {Document(R"({"_id":1,"articleId":1})"), Document(R"({"_id":2,"articleId":1})")});
  std::vector<std::string> flags = relayed();
  flags.emplace_back("--accept-changed-rules");
  start_member(file(rule("bookmarks"), "other.yaml"), partitions, flags).ready();
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"count":3})"));
}

TEST_P(Relay, WhatHappensToACollectionReachesEveryPartition) {
  Worker& member = join_relay().ready();
  seed();
  ASSERT_TRUE(exact(partitions));
  db().command(R"({"drop":"favorites"})");
  EXPECT_EQ(member.wait(60s), 4) << member.story();
}

/// Static shards, so that one of them can stay behind.
class RelayLost : public Relay {
 protected:
  /// Shard 1 is away while the log goes on without it, and is cut off behind it.
  void cut_off() {
    start_shards(realworld_file(), 2, relayed(2));
    seed();
    ASSERT_TRUE(exact(2));
    EXPECT_EQ(worker(1).terminate(), 0) << worker(1).story();
    ASSERT_EQ(writer(), 0u);
    storm_.operations = 200;
    run_storm();
    ASSERT_TRUE(soon([&] { return metric("sluice_events_read_total") > 0; }));
    const std::uint64_t now = db().operation_time();
    db().append_note("test");
    ASSERT_TRUE(soon([&] { return shard_position(0) > now; }));
    logs().purge(log_);
  }
  std::uint64_t shard_position(int index) {
    const auto found = state().find("shards", R"({"count":2,"index":)" + std::to_string(index) + "}");
    return found.empty() ? 0 : found.front().timestamp("clusterTime");
  }
};

INSTANTIATE_TEST_SUITE_P(By, RelayLost, testing::Values(jetstream, kafka),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(RelayLost, AShardThatIsBehindTheLogEndsAsItsPolicySays) {
  cut_off();
  Worker& behind = start(realworld_file(), relayed(2), 2, 1);
  EXPECT_EQ(behind.wait(60s), 4) << behind.story();
  EXPECT_NE(behind.err().find("no longer holds what follows the position"), std::string::npos)
      << behind.err();
}

TEST_P(RelayLost, OrComputesAllTargetsAgain) {
  cut_off();
  terminate_all();
  std::vector<std::string> flags = relayed(2);
  flags.insert(flags.end(), {"--on-lost", "rebuild"});
  start(realworld_file(), flags, 2, 0).ready();
  Worker& behind = start(realworld_file(), flags, 2, 1);
  behind.ready();
  run_storm();
  EXPECT_TRUE(exact(2)) << "SLUICE_SEED=" << random_seed();
}

/// What only JetStream does, or its server allows tests to do.
class RelayOnJetStream : public ClusterTest {
 protected:
  static constexpr int partitions = 4;
  RelayOnJetStream() : stream_(db().database() + "_relay") {}
  void seed() { realworld::seed(db(), storm_.sizes); }

  NatsServer nats_;
  const std::string stream_;
};

/// Over a network this slow the log does not grow as fast as the oplog.
TEST_F(RelayOnJetStream, AWriterThatDoesNotKeepUpIsDegradedAndNotUnready) {
  workbench::TcpProxy network(nats_.port());
  const std::vector<std::string> flags = {"--relay-stream",     stream_,
                                          "--relay-partitions", std::to_string(partitions),
                                          "--nats-url",         "nats://" + network.host(),
                                          "--lease-ms",         "60000",
                                          "--nats-ack-ms",      "30000",
                                          "--stall-ms",         "300000"};
  join(partitions, flags).ready();
  seed();
  ASSERT_TRUE(exact(partitions));
  const std::string slow = "its writer does not keep up";
  EXPECT_EQ(worker().get("/readyz").body.find(slow), std::string::npos);
  network.delay(60ms);
  std::vector<Document> favorites;
  for (int i = 0; i < 60000; ++i)
    favorites.emplace_back(R"({"_id":"slow)" + std::to_string(i) + R"(","articleId":1})");
  db().insert("favorites", favorites);
  std::string told;
  EXPECT_TRUE(soon(
      [&] {
        told = worker().get("/readyz").body;
        return told.find(slow) != std::string::npos;
      },
      60s))
      << told;
  EXPECT_EQ(told.find("is not written"), std::string::npos) << told;
  EXPECT_GT(metric("sluice_relay_writer_behind_seconds"), 4);
  network.heal();
  EXPECT_TRUE(exact(partitions));
  EXPECT_TRUE(soon([&] { return worker().well(); })) << worker().get("/readyz").body;
}

TEST_F(RelayOnJetStream, AFullLogIsWaitedFor) {
  const std::vector<std::string> flags = {
      "--relay-stream", stream_,     "--relay-partitions", std::to_string(partitions),
      "--nats-url",     nats_.url(), "--lease-ms",         "3000",
      "--relay-max-mb", "1"};
  join(partitions, flags).ready();
  seed();
  ASSERT_TRUE(exact(partitions));
  const std::string padding(1000, 'x');
  std::vector<Document> users;
  for (int i = 0; i < 2000; ++i) {
    users.emplace_back(R"({"_id":"padded)" + std::to_string(i) + R"(","bio":")" + padding + R"("})");
  }
  db().insert("users", users);
  db().update_many("users", "{}", R"({"$set":{"bio":"other"}})");
  ASSERT_TRUE(worker().logs("is not written"));
  EXPECT_TRUE(soon([&] { return worker().get("/readyz").body.find("is not written") != std::string::npos; }));
  // The operator makes room.
  Nats nats(nats_.url());
  nats.api("STREAM.UPDATE." + stream_, R"({"name":")" + stream_ + R"(","subjects":[")" + stream_ +
                                           R"(.*"],"retention":"limits","discard":"new","storage":"file",)"
                                           R"("num_replicas":1,"max_msgs":-1,"max_bytes":1000000000,)"
                                           R"("max_age":259200000000000,"duplicate_window":2000000000})");
  EXPECT_TRUE(exact(partitions));
}

}  // namespace
}  // namespace sluice::test
