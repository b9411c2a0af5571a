#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <random>
#include <thread>

#include "support/kafka_fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// A consumer's view while the broker and workers fail: nothing lost, each document's changes in order.
class KafkaFaults : public KafkaTest {
 protected:
  static constexpr int documents = 100;

  /// A broker of the test's own, so that it can be hurt.
  KafkaServer& kafka() override {
    if (!own_) own_ = std::make_unique<KafkaServer>();
    return *own_;
  }
  std::vector<std::string> flags() const {
    return {"--batch-docs", "50", "--kafka-ack-ms", "1000", "--lease-ms", "2000"};
  }
  void write_rounds(int rounds) {
    for (int i = 0; i < rounds; ++i) db().update_many("items", "{}", R"({"$inc":{"n":1}})");
  }
  bool waits_for(const std::string& why) {
    return soon([&] {
      const auto readiness = worker().get("/readyz");
      return readiness.status == 200 && readiness.body.find("\"degraded\"") != std::string::npos &&
             readiness.body.find(why) != std::string::npos;
    });
  }

 private:
  std::unique_ptr<KafkaServer> own_;
};

/// The broker is killed and restarted again and again in a storm. SLUICE_KAFKA_KILLS says how often.
TEST_F(KafkaFaults, TheBrokerKilledInAStorm) {
  const char* stated = std::getenv("SLUICE_KAFKA_KILLS");
  const int kills = stated == nullptr ? 8 : std::atoi(stated);
  consumer().create_topic(topic(), 4);
  start_kafka(kafka_file(), flags()).ready();
  write_numbers(documents, 1);
  std::atomic<bool> stop = false;
  std::jthread writer([&] {
    Mongo mine(server().uri(), db().database());
    std::mt19937_64 random(random_seed());
    while (!stop) {
      const std::string residue = std::to_string(random() % 7);
      mine.update_many("items", R"({"_id":{"$mod":[7,)" + residue + "]}}", R"({"$inc":{"n":1}})");
    }
  });
  for (int kill = 0; kill < kills; ++kill) {
    const double before = metric("sluice_events_published_total");
    EXPECT_TRUE(soon([&] { return metric("sluice_events_published_total") >= before + 500; }, 60s))
        << "after kill " << kill << "\n"
        << worker().story();
    kafka().kill9();
    kafka().restart();
  }
  stop = true;
  writer.join();
  EXPECT_TRUE(told_in_order()) << kills << " kills";
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
  terminate_all();
}

TEST_F(KafkaFaults, ABrokerThatIsGoneIsTold) {
  consumer().create_topic(topic(), 2);
  start_kafka(kafka_file(), flags()).ready();
  write_numbers(documents, 1);
  ASSERT_TRUE(told_in_order());
  kafka().kill9();
  write_rounds(3);
  EXPECT_TRUE(waits_for("kafka://" + kafka().brokers())) << worker().get("/readyz").body;
  EXPECT_EQ(metric("sluice_outlet_up"), 0);
  kafka().restart();
  EXPECT_TRUE(told_in_order());
  EXPECT_TRUE(soon([&] { return metric("sluice_outlet_up") == 1; }));
  EXPECT_TRUE(worker().logs("is up again"));
}

/// Requests that the broker has not answered are sent again, and it drops what it has already.
TEST_F(KafkaFaults, ABrokerThatHangs) {
  consumer().create_topic(topic(), 2);
  start_kafka(kafka_file({}, {}, "kafka: { properties: { socket.timeout.ms: 2000 } }\n"), flags()).ready();
  write_numbers(documents, 1);
  ASSERT_TRUE(told_in_order());
  kafka().stop();
  write_rounds(3);
  EXPECT_TRUE(waits_for("does not acknowledge")) << worker().get("/readyz").body;
  kafka().cont();
  EXPECT_TRUE(told_in_order());
}

TEST_F(KafkaFaults, WorkersKilledAgainAndAgain) {
  consumer().create_topic(topic(), 2);
  const std::string file = kafka_file();
  start_kafka(file, flags()).ready();
  write_numbers(documents, 2);
  for (int kill = 0; kill < 4; ++kill) {
    write_rounds(5);
    const double before = metric("sluice_events_published_total");
    ASSERT_TRUE(soon([&] { return metric("sluice_events_published_total") > before; }));
    worker(workers() - 1).kill9();
    worker(workers() - 1).wait();
    forget_workers();
    start_kafka(file, flags()).ready();
  }
  EXPECT_TRUE(told_in_order(100'000)) << "what was sent last may be sent again";
}

/// The limit of a drain counts, and not that of an acknowledgement.
TEST_F(KafkaFaults, AStopWaitsForNoAcknowledgement) {
  consumer().create_topic(topic(), 2);
  const std::string file = kafka_file();
  start_kafka(file, {"--drain-ms", "300", "--kafka-ack-ms", "600000"}).ready();
  kafka().stop();
  write_numbers(3, 1);
  ASSERT_TRUE(soon([&] { return metric("sluice_events_in_flight") == 6; }));
  EXPECT_EQ(worker().terminate(), 0);
  const std::string said = worker().err();
  EXPECT_NE(said.find("the position is stored"), std::string::npos) << said;
  EXPECT_EQ(said.find("did not finish in time"), std::string::npos) << said;
  forget_workers();
  kafka().cont();
  start_kafka(file, flags()).ready();
  EXPECT_TRUE(told_in_order(6));
}

}  // namespace
}  // namespace sluice::test
