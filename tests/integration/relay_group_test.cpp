#include <librdkafka/rdkafka.h>

#include <array>
#include <memory>
#include <stdexcept>

#include "support/relay_group.hpp"
#include "workbench/freed.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

class RelayGroup : public RelayGroupTest {
 protected:
  Document status_of(const std::vector<std::string>& flags) {
    std::vector<std::string> all = flags;
    all.insert(all.end(), {"--partitions", std::to_string(partitions), "--json"});
    const Outcome outcome = run_sluice(here_run({"cluster", "status", realworld_file()}, all));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return Document(outcome.out.substr(outcome.out.find("{\"relay\"")));
  }
  std::vector<std::string> asking(std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"--relay-topic", topic_, "--kafka-brokers", shared_kafka().brokers(),
                             "--relay-partitions", std::to_string(partitions)});
    return more;
  }
};

TEST_F(RelayGroup, MembersComeAndGoInAStorm) {
  join(partitions, relayed()).ready();
  ASSERT_TRUE(agrees());
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  for (int i = 0; i < 3; ++i) join(partitions, relayed());
  ASSERT_TRUE(agrees());
  ASSERT_TRUE(go_on(200));
  for (std::size_t round = 0; round < 3; ++round) {
    Worker& leaving = worker(round);
    no_member(leaving);
    EXPECT_EQ(leaving.terminate(), 0) << leaving.story();
    ASSERT_TRUE(agrees()) << "SLUICE_SEED=" << random_seed();
    ASSERT_TRUE(go_on(100));
    join(partitions, relayed());
    ASSERT_TRUE(agrees()) << "SLUICE_SEED=" << random_seed();
    ASSERT_TRUE(go_on(100));
  }
  const auto report = storm.finish();
  EXPECT_EQ(report.failed, 0) << report.first_failure;
  EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
  EXPECT_EQ(state().count("dead_letters"), 0);
  EXPECT_EQ(described(topic_).assignor, "cooperative-sticky");
}

TEST_F(RelayGroup, WhoStopsLeavesAtOnce) {
  for (int i = 0; i < 2; ++i) join(partitions, relayed()).ready();
  ASSERT_TRUE(agrees());
  for (Worker* member : members()) {
    EXPECT_EQ(member->terminate(), 0);
    EXPECT_NE(member->err().find("everything that was under way has ended"), std::string::npos)
        << member->story();
  }
  EXPECT_TRUE(described(topic_).members.empty());
}

/// At any moment: librdkafka 2.0 aborted where a member was to be assigned its first partitions.
TEST_F(RelayGroup, MembersStopWhileTheyJoin) {
  join(partitions, relayed()).ready();
  ASSERT_TRUE(agrees());
  for (int round = 0; round < 10; ++round) {
    std::vector<Worker*> joining;
    for (int i = 0; i < 2; ++i) joining.push_back(&start_member(realworld_file(), partitions, relayed()));
    for (Worker* member : joining) member->ready();
    for (Worker* member : joining) EXPECT_EQ(member->terminate(), 0) << member->story();
  }
  EXPECT_TRUE(agrees());
}

TEST_F(RelayGroup, MoreMembersThanPartitionsStandBy) {
  for (int i = 0; i < partitions + 1; ++i) join(partitions, relayed());
  EXPECT_TRUE(agrees());
  for (Worker* member : members()) {
    EXPECT_TRUE(soon([&] { return member->get("/readyz").status == 200; })) << member->get("/readyz").body;
  }
}

TEST_F(RelayGroup, TheCommandNamesItAndItsNameIsAnOption) {
  std::vector<std::string> flags = relayed();
  const std::string name = topic_ + ":workers";
  flags.insert(flags.end(), {"--relay-group", name});
  join(partitions, flags).ready();
  EXPECT_TRUE(soon([&] { return described(name).members.size() == 1; }));
  EXPECT_TRUE(described(topic_).members.empty());
  EXPECT_EQ(status_of(asking({"--relay-group", name})).text("group"), name);
  EXPECT_EQ(status_of(asking()).text("group"), topic_);
}

/// They read whichever shard the flags say.
TEST_F(RelayGroup, StaticShardsHaveNone) {
  for (int i = 0; i < partitions; ++i) start(realworld_file(), relayed(), partitions, i);
  for (int i = 0; i < partitions; ++i) worker(static_cast<std::size_t>(i)).ready();
  realworld::seed(db(), storm_.sizes);
  EXPECT_TRUE(exact(partitions));
  EXPECT_TRUE(described(topic_).members.empty());
}

/// New rules take over when the last member with the old ones has left.
TEST_F(RelayGroup, AMemberWithOtherRulesIsNoMemberOfTheGroup) {
  const auto counting = [&](const std::string& field) {
    return file("  - name: n\n    count: { from: favorites, reference: articleId, into: articles, field: " +
                    field + " }\n",
                field + ".yaml");
  };
  Worker& first = start_member(counting("before"), partitions, relayed()).ready();
  members_again({&first});
  ASSERT_TRUE(agrees()) << first.story();
  std::vector<std::string> flags = relayed();
  flags.emplace_back("--accept-changed-rules");
  Worker& next = start_member(counting("after"), partitions, flags);
  EXPECT_TRUE(next.logs("which runs other rules")) << next.story();
  EXPECT_EQ(described(topic_).members.size(), 1U);
  EXPECT_TRUE(agrees()) << next.story();
  EXPECT_EQ(first.terminate(), 0) << first.story();
  members_again({&next});
  EXPECT_TRUE(agrees()) << next.story();
}

/// A consumer of somebody else that assigns partitions in another way.
TEST_F(RelayGroup, AGroupThatOthersUseIsNamed) {
  using workbench::Freed;
  Kafka(shared_kafka().brokers()).create_topic(topic_, partitions);
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  std::array<char, 512> why{};
  for (const auto& [name, value] :
       {std::pair<const char*, std::string>{"bootstrap.servers", shared_kafka().brokers()},
        {"group.id", topic_},
        {"partition.assignment.strategy", "range"}}) {
    rd_kafka_conf_set(conf, name, value.c_str(), why.data(), why.size());
  }
  const std::unique_ptr<rd_kafka_t, Freed<rd_kafka_destroy>> other(
      rd_kafka_new(RD_KAFKA_CONSUMER, conf, why.data(), why.size()));
  ASSERT_TRUE(other) << why.data();
  rd_kafka_poll_set_consumer(other.get());
  const std::unique_ptr<rd_kafka_topic_partition_list_t, Freed<rd_kafka_topic_partition_list_destroy>> topics(
      rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(topics.get(), topic_.c_str(), -1);
  rd_kafka_subscribe(other.get(), topics.get());
  const auto poll = [&] {
    if (rd_kafka_message_t* message = rd_kafka_consumer_poll(other.get(), 50))
      rd_kafka_message_destroy(message);
  };
  ASSERT_TRUE(soon([&] {
    poll();
    return described(topic_).state == "Stable";
  }));
  Worker& member = join(partitions, relayed());
  EXPECT_TRUE(soon([&] {
    poll();
    return member.err().find("other consumers use the group") != std::string::npos;
  })) << member.story();
  EXPECT_EQ(held(member), 0);
  const Outcome checked = run_sluice(here_run({"check", realworld_file(), "--online"},
                                              asking({"--partitions", std::to_string(partitions)})));
  EXPECT_NE(checked.out.find("has other consumers"), std::string::npos) << checked.out;
  rd_kafka_consumer_close(other.get());
  EXPECT_TRUE(agrees()) << member.story();
}

}  // namespace
}  // namespace sluice::test
