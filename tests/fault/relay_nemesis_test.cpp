#include <cstdlib>
#include <memory>

#include "support/deploy.hpp"
#include "support/kafka_server.hpp"
#include "support/publish_nemesis.hpp"
#include "support/skipping.hpp"
#include "support/storm_thread.hpp"

namespace sluice::test {
namespace {

/// The same with a relay: the log, its writer and what is published are behind one network. Half of the
/// faults that befall an instance befall the writer.
class RelayNemesis : public PublishNemesis {
 protected:
  RelayNemesis() : relay_(db().database() + "_relay") {
    const std::string realworld = read_file(realworld_file());
    const std::string rules = "rules:\n";
    file_ = file(realworld.substr(realworld.find(rules) + rules.size()) +
                     "\n  - name: out\n    publish:\n      from: items\n      stream: " + stream() +
                     "\n      duplicate_window_s: 3600\n",
                 "relayed.yaml");
    storm_.sizes = {.users = 30, .articles = 80, .comments = 100, .favorites = 300, .seed = random_seed()};
    storm_.writers = 2;
    storm_.user_rounds = 1;
  }

  std::vector<std::string> flags() const override {
    std::vector<std::string> all = PublishNemesis::flags();
    all.insert(all.end(), {"--relay-stream", relay_, "--relay-partitions", std::to_string(partitions)});
    return all;
  }
  std::size_t some_worker() override {
    const std::size_t some = PublishNemesis::some_worker();
    if (random_() % 2 == 0) return some;
    for (std::size_t i = 0; i < workers(); ++i) {
      if (worker(i).metrics().sum("sluice_relay_writer") > 0) return i;
    }
    return some;
  }

  void results_are_exact(int faults) {
    start_all();
    realworld::seed(db(), storm_.sizes);
    StormThread storm(own.patient_uri() + "&retryWrites=true", db().database(), storm_);
    survive(faults);
    storm.finish();
    EXPECT_TRUE(told_in_order());
    EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
    EXPECT_EQ(state().count("dead_letters"), 0);
    terminate_all();
  }

  const std::string relay_;
  realworld::StormOptions storm_;
};

TEST_F(RelayNemesis, ResultsAreExactAndMessagesInOrderWithoutLossOrRepetition) {
  results_are_exact(12);
}

/// The same with the log in Kafka. What is published stays in JetStream, and half of the faults befall Kafka.
class RelayOnKafkaNemesis : public RelayNemesis {
 protected:
  void SetUp() override {
    const std::string& why = why_no_kafka();
    skip_if(why);
    if (!why.empty()) return;
    kafka_ = std::make_unique<KafkaServer>(KafkaServer::Options{.behind_proxy = true});
    kafka_->wait();
  }

  std::vector<std::string> flags() const override {
    std::vector<std::string> all = PublishNemesis::flags();
    all.insert(all.end(), {"--relay-topic", relay_, "--relay-partitions", std::to_string(partitions),
                           "--kafka-brokers", kafka_->brokers(), "--kafka-ack-ms", "2000"});
    return all;
  }

  void strike() override {
    using namespace std::chrono_literals;
    if (random_() % 2 == 0) return RelayNemesis::strike();
    const auto which = random_() % 4;
    static const char* const names[] = {"kill Kafka", "Kafka hangs", "cut Kafka's network",
                                        "stall Kafka's network"};
    say(names[which]);
    switch (which) {
      case 0:
        kafka_->kill9();
        pass(500ms);
        kafka_->restart();
        break;
      case 1:
        kafka_->stop();
        pass(3s);  // longer than an acknowledgement is waited for
        kafka_->cont();
        break;
      case 2:
        kafka_->network().cut();
        pass(500ms);
        kafka_->network().heal();
        break;
      default:
        kafka_->network().stall();
        pass(3s);
        kafka_->network().heal();
    }
  }

  std::unique_ptr<KafkaServer> kafka_;
};

TEST_F(RelayOnKafkaNemesis, ResultsAreExactAndMessagesInOrderWithoutLossOrRepetition) {
  results_are_exact(12);
}

}  // namespace
}  // namespace sluice::test
