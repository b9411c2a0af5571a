#include <csignal>
#include <cstdlib>

#include "support/kafka_faults.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// A consumer that reads committed messages sees each change once, whatever fails.
class KafkaExactlyOnceFaults : public KafkaFaults {
 protected:
  std::vector<std::string> flags() const override {
    return {"--batch-docs", "50",  "--kafka-ack-ms", "2000", "--lease-ms", "2000", "--kafka-exactly-once",
            "--lanes",      lanes_};
  }
  void begin() {
    consumer().create_topic(topic(), 4);
    file_ = kafka_file({}, {}, "kafka: { properties: { socket.timeout.ms: 2000 } }\n");
    start_kafka(file_, flags()).ready();
    write_numbers(documents, 1);
  }
  void restart_worker() {
    worker(0).kill9();
    worker(0).wait();
    forget_workers();
    start_kafka(file_, flags());
  }
  /// Read again after everything has settled: a repetition may come late.
  testing::AssertionResult told_once() {
    if (!soon([&] { return worker(workers() - 1).well(); }, 60s))
      return testing::AssertionFailure() << worker(workers() - 1).story();
    if (auto told = told_in_order(); !told) return told;
    if (auto all = settled(); !all) return all;
    return told_in_order();
  }
  bool moves_on() {
    const auto before = consumer_count();
    return soon([&] { return consumer_count() > before + 100; }, 60s);
  }
  std::int64_t consumer_count() {
    try {
      return consumer().count(topic());
    } catch (const workbench::KafkaError&) {
      return 0;
    }
  }

  /// So that the topic, which is read back whole, stays small.
  static constexpr auto storm_pause = 10ms;

  std::string file_;
  std::string lanes_ = "4";
};

TEST_F(KafkaExactlyOnceFaults, WorkersKilledAgainAndAgain) {
  begin();
  {
    const std::jthread storm = writer(storm_pause);
    for (int kill = 0; kill < 6; ++kill) {
      EXPECT_TRUE(moves_on()) << "after kill " << kill;
      restart_worker();
    }
  }
  EXPECT_TRUE(told_once());
}

/// Each start has another number of lanes, so that other lanes have each document.
TEST_F(KafkaExactlyOnceFaults, WorkersKilledWhileTheNumberOfLanesChanges) {
  begin();
  {
    const std::jthread storm = writer(storm_pause);
    for (const char* lanes : {"3", "8", "1", "4"}) {
      EXPECT_TRUE(moves_on()) << "before " << lanes << " lanes";
      lanes_ = lanes;
      restart_worker();
    }
  }
  EXPECT_TRUE(told_once());
}

TEST_F(KafkaExactlyOnceFaults, TheBrokerKilledInAStorm) {
  const char* stated = std::getenv("SLUICE_KAFKA_KILLS");
  const int kills = stated == nullptr ? 5 : std::atoi(stated);
  begin();
  {
    const std::jthread storm = writer(storm_pause);
    for (int kill = 0; kill < kills; ++kill) {
      EXPECT_TRUE(goes_on(500)) << "after kill " << kill;
      kafka().kill9();
      kafka().restart();
    }
  }
  EXPECT_TRUE(told_once()) << kills << " kills";
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
}

/// The holder hangs until a standby has taken over, and then goes on where it was.
TEST_F(KafkaExactlyOnceFaults, AWorkerThatWakesUpAfterItsLeaseIsFenced) {
  begin();
  start_kafka(file_, flags());
  {
    const std::jthread storm = writer(storm_pause);
    ASSERT_TRUE(moves_on());
    worker(0).signal(SIGSTOP);
    worker(1).ready();
    EXPECT_TRUE(moves_on());
    worker(0).signal(SIGCONT);
    EXPECT_NE(worker(0).wait(), 0) << worker(0).story();
    EXPECT_TRUE(moves_on());
  }
  EXPECT_TRUE(told_once());
}

/// Whatever fails in whatever order. SLUICE_SEED repeats a run.
TEST_F(KafkaExactlyOnceFaults, EverythingThatFailsAtRandom) {
  begin();
  std::mt19937_64 random(random_seed());
  {
    const std::jthread storm = writer(storm_pause);
    for (int round = 0; round < 8; ++round) {
      EXPECT_TRUE(moves_on()) << "round " << round << ", SLUICE_SEED=" << random_seed();
      switch (random() % 5) {
        case 0:
          restart_worker();
          break;
        case 1:
          kafka().kill9();
          if (random() % 2 == 0) restart_worker();
          kafka().restart();
          break;
        case 2:
          kafka().network().cut();
          if (random() % 2 == 0) restart_worker();
          kafka().network().heal();
          break;
        case 3:
          kafka().network().stall();
          EXPECT_TRUE(soon([&] { return !worker().well(); }, 60s));
          kafka().network().heal();
          break;
        default:
          kafka().stop();
          if (random() % 2 == 0) restart_worker();
          kafka().cont();
          break;
      }
    }
  }
  EXPECT_TRUE(told_once()) << "SLUICE_SEED=" << random_seed();
}

}  // namespace
}  // namespace sluice::test
