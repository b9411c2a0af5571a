#include "checkpoint/checkpoint_store.hpp"
#include "config/load.hpp"
#include "requirements/fingerprints.hpp"
#include "rules/registry.hpp"
#include "rules/shared/apart.hpp"
#include "support/own_server.hpp"
#include "support/publishing.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// A nats-server of the test's own, so that it can be stopped.
struct OwnNats {
  NatsServer own_nats;
};

/// Publishing rules beside rules that maintain documents: each of the two groups has a stream of its own, and
/// what NATS does is no matter to the other one.
class Split : protected OwnNats, public PublishingTest {
 protected:
  Split() : PublishingTest(shared_server(), own_nats) { db().insert("groups", R"({"_id":1,"items":0})"); }

  std::string mixed_file() const {
    return file(
        "  - name: sizes\n    count: {from: items, reference: g, into: groups, field: items}\n"
        "  - name: out\n    publish: {from: items, stream: " +
        stream() + "}\n");
  }
  std::string counting_file() const {
    return file("  - name: sizes\n    count: {from: items, reference: g, into: groups, field: items}\n");
  }
  void insert_items(int count) {
    for (int i = 0; i < count; ++i) db().insert("items", R"({"g":1,"n":0})");
    items_ += count;
  }
  testing::AssertionResult counted() {
    return becomes("groups", "1", R"({"_id":1,"items":)" + std::to_string(items_) + "}");
  }
  /// All of them, and none twice.
  testing::AssertionResult published() {
    if (auto enough = holds(items_); !enough) return enough;
    const auto count = static_cast<std::int64_t>(messages().size());
    if (count == items_) return testing::AssertionSuccess();
    return testing::AssertionFailure() << count << " messages of " << items_ << " changes";
  }
  bool waits_for_nats() {
    return soon([&] { return worker().get("/readyz").body.find("cannot be reached") != std::string::npos; });
  }

  std::string whole_id() const { return "test/" + stream(); }

  checkpoint::ShardId shard_of(const StreamConfig& stream) const {
    return {"test", stream.name, 1, 0, 4, "", "", checkpoint::split_of("test", stream)};
  }
  Config config_of(const std::string& file) {
    return config::load(file,
                        {{"mongodb-uri", server().uri()},
                         {"database", db().database()},
                         {"state-database", state().database()}},
                        {});
  }
  /// The state database as a worker left it that ran all rules in one stream.
  void run_as_one_before(const std::string& file) {
    const Config config = config_of(file);
    const StreamConfig& whole = config.streams.front();
    ASSERT_EQ("test/" + whole.name, whole_id());
    const std::string hash = requirements::options_hash(whole.database, rules::make_rules(whole));
    const std::string publishing = "\"" + rules::publishing_name(whole_id()) + "\"";
    state().update_many("shards", R"({"streamId":")" + whole_id() + "\"}",
                        R"({"$set":{"optionsHash":")" + hash + "\"}}");
    state().remove_many("layouts", "{\"_id\":" + publishing + "}");
    for (const Document& shard : state().find("shards", "{\"streamId\":" + publishing + "}"))
      state().remove_many("lanes", R"({"shard":")" + shard.text("_id") + "\"}");
    state().remove_many("shards", "{\"streamId\":" + publishing + "}");
  }
  /// A worker of its own, or, with partitions, a member of a cluster.
  Worker& start_on(const std::string& file, int partitions) {
    if (partitions == 0) return start_publishing(file);
    return start_member(file, partitions, {"--nats-url", own_nats.url()});
  }
  /// A worker ran, and has stopped; more was written since.
  std::string deployed_before(int partitions = 0) {
    const std::string file = mixed_file();
    start_on(file, partitions).ready();
    insert_items(20);
    EXPECT_TRUE(settled(std::max(partitions, 1)));
    EXPECT_TRUE(published());
    terminate_all();
    run_as_one_before(file);
    insert_items(10);
    return file;
  }
  /// No flag is asked for, and no event is told twice or not at all.
  void expect_upgrade_goes_on(int partitions) {
    const std::string file = deployed_before(partitions);
    start_on(file, partitions).ready();
    EXPECT_TRUE(counted());
    EXPECT_TRUE(published());
    terminate_all();
  }

  std::int64_t items_ = 0;
};

TEST_F(Split, CountersStartWithoutNats) {
  own_nats.kill9();
  start_publishing(mixed_file());
  ASSERT_TRUE(worker().logs("streaming")) << worker().story();
  ASSERT_TRUE(waits_for_nats()) << worker().story();
  insert_items(10);
  EXPECT_TRUE(counted()) << worker().story();
  own_nats.restart();
  worker().ready();
  EXPECT_TRUE(published());
  terminate_all();
}

TEST_F(Split, CountersGoOnWithoutNats) {
  start_publishing(mixed_file()).ready();
  insert_items(10);
  EXPECT_TRUE(counted());
  EXPECT_TRUE(published());
  own_nats.kill9();
  insert_items(10);
  EXPECT_TRUE(counted()) << worker().story();
  EXPECT_TRUE(waits_for_nats()) << worker().story();
  own_nats.restart();
  EXPECT_TRUE(published());
  terminate_all();
}

TEST_F(Split, AMemberOfAClusterCountsWithoutNats) {
  own_nats.kill9();
  start_on(mixed_file(), 2);
  ASSERT_TRUE(worker().logs("partition 1: streaming")) << worker().story();
  ASSERT_TRUE(waits_for_nats()) << worker().story();
  insert_items(10);
  EXPECT_TRUE(counted()) << worker().story();
  own_nats.restart();
  worker().ready();
  EXPECT_TRUE(published());
  terminate_all();
}

/// What is written while the first start waits for NATS.
TEST_F(Split, AStreamThatOnlyPublishesMissesNothingBeforeItsFirstStart) {
  own_nats.kill9();
  const std::string file = publish_file();
  start(file, {"--nats-url", own_nats.url()}, 2, 0);
  ASSERT_TRUE(waits_for_nats()) << worker().story();
  insert_items(10);
  worker().kill9();
  insert_items(10);
  own_nats.restart();
  forget_workers();
  start_shards(file, 2, {"--nats-url", own_nats.url()});
  EXPECT_TRUE(published());
  terminate_all();
}

TEST_F(Split, AnUpgradeGoesOnFromTheOnePosition) {
  expect_upgrade_goes_on(0);
}

TEST_F(Split, AnUpgradedMemberGoesOnFromTheOnePosition) {
  expect_upgrade_goes_on(2);
}

/// The counters' stream starts alone and moves on, long before the publishing one has its first start.
TEST_F(Split, WhenCountersStartFirstPublishingMissesNothing) {
  const std::string file = deployed_before();
  const Config config = config_of(file);
  const auto streams = rules::with_callers_apart(config.streams);
  ASSERT_EQ(streams.size(), 2U);
  mongo::ClientPool pool(streams.front(), 2, "test");
  checkpoint::ShardId id = shard_of(streams.front());
  id.options_hash = id.split->maintaining_hash;
  checkpoint::CheckpointStore store(pool, state().database(), id, checkpoint::LeaseHolder::self());
  const auto acquired = std::get<checkpoint::Acquired>(store.acquire({}));
  EXPECT_FALSE(store.renew(acquired.epoch, 10, acquired.floor, false));
  EXPECT_FALSE(store.release(acquired.epoch));
  start_publishing(file).ready();
  EXPECT_TRUE(counted());
  EXPECT_TRUE(published());
  terminate_all();
}

/// The counters' shard is still held by a worker of before; the publishing stream need not wait for it.
TEST_F(Split, WhenPublishingStartsFirstCountersMissNothing) {
  const std::string file = deployed_before();
  state().update("shards", R"({"streamId":")" + whole_id() + "\"}",
                 R"({"$set":{"holder":{"instance":"elsewhere","host":"elsewhere","pid":1},)"
                 R"("expiresAt":{"$date":"2100-01-01T00:00:00Z"}}})");
  start_publishing(file);
  EXPECT_TRUE(published()) << worker().story();
  EXPECT_TRUE(becomes("groups", "1", R"({"_id":1,"items":20})"));
  state().update("shards", R"({"streamId":")" + whole_id() + "\"}", R"({"$unset":{"holder":1}})");
  worker().ready();
  EXPECT_TRUE(counted());
  EXPECT_TRUE(published());
  terminate_all();
}

/// A stream that only published gets a counter: publishing goes on where it stood.
TEST_F(Split, ACounterThatIsAddedLeavesPublishingWhereItStood) {
  start_publishing(publish_file()).ready();
  insert_items(10);
  ASSERT_TRUE(settled());
  terminate_all();
  db().update("groups", R"({"_id":1})", R"({"$set":{"items":10}})");
  insert_items(10);
  start_publishing(mixed_file(), {"--accept-changed-rules"}).ready();
  EXPECT_TRUE(counted());
  EXPECT_TRUE(published());
  terminate_all();
}

/// Rules that are new begin at the present moment, as those do that call web services.
TEST_F(Split, APublishingRuleThatIsAddedBeginsAtThePresentMoment) {
  const std::string counting = counting_file();
  start(counting).ready();
  insert_items(10);
  ASSERT_TRUE(settled());
  terminate_all();
  start_publishing(mixed_file()).ready();
  insert_items(5);
  EXPECT_TRUE(counted());
  ASSERT_TRUE(settled());
  EXPECT_EQ(messages().size(), 5U);
  terminate_all();
}

/// Changed rules are refused as ever, by both streams.
TEST_F(Split, ChangedRulesAreRefusedAllTheSame) {
  deployed_before();
  const std::string other = file(
      "  - name: sizes\n    count: {from: items, reference: h, into: groups, field: items}\n"
      "  - name: out\n    publish: {from: items, stream: " +
      stream() + "}\n");
  start_publishing(other);
  EXPECT_EQ(worker().wait(), exit_code::position_lost) << worker().story();
  EXPECT_TRUE(worker().err().find("--accept-changed-rules") != std::string::npos);
}

/// The same for the rules that triggers are.
TEST_F(Split, TriggersThatPublishLeaveTheOthers) {
  const std::string none = counting_file();
  const auto create = [&](const std::string& text) {
    const Outcome outcome = run_sluice(here_run({"trigger", "create", none, text}));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  };
  create("CREATE TRIGGER copies AFTER INSERT ON items DO INSERT INTO copies (n) VALUES (NEW.n)");
  create("CREATE TRIGGER told AFTER INSERT ON items DO PUBLISH TO '" + stream() + ".new' STREAM '" +
         stream() + "'");
  own_nats.kill9();
  start_publishing(none);
  ASSERT_TRUE(worker().logs(stream() + ":triggers: streaming")) << worker().story();
  ASSERT_TRUE(waits_for_nats()) << worker().story();
  insert_items(10);
  EXPECT_TRUE(soon([&] { return db().count("copies") == 10; })) << worker().story();
}

}  // namespace
}  // namespace sluice::test
