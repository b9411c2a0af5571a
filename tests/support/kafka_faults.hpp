#pragma once

#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "support/kafka_fixture.hpp"

namespace sluice::test {

/// A consumer's view while the broker and workers fail: nothing lost, each document's changes in order.
class KafkaFaults : public KafkaTest {
 protected:
  static constexpr int documents = 100;

  /// A broker of the test's own, so that it can be hurt.
  KafkaServer& kafka() override {
    if (!own_) {
      own_ = std::make_unique<KafkaServer>(KafkaServer::Options{.behind_proxy = true});
      own_->wait();
    }
    return *own_;
  }
  virtual std::vector<std::string> flags() const {
    return {"--batch-docs", "50", "--kafka-ack-ms", "1000", "--lease-ms", "2000"};
  }
  void write_rounds(int rounds) {
    for (int i = 0; i < rounds; ++i) db().update_many("items", "{}", R"({"$inc":{"n":1}})");
  }
  /// Somebody who writes new numbers until the object is destroyed.
  std::jthread writer() {
    return std::jthread([this](const std::stop_token& stop) {
      Mongo mine(server().uri(), db().database());
      std::mt19937_64 random(random_seed());
      while (!stop.stop_requested()) {
        const std::string residue = std::to_string(random() % 7);
        mine.update_many("items", R"({"_id":{"$mod":[7,)" + residue + "]}}", R"({"$inc":{"n":1}})");
        if (storm_pause_.count() > 0) std::this_thread::sleep_for(storm_pause_);
      }
    });
  }
  testing::AssertionResult goes_on(double messages) {
    const double target = metric("sluice_events_published_total") + messages;
    if (soon([&] { return metric("sluice_events_published_total") >= target; }, std::chrono::seconds(60)))
      return testing::AssertionSuccess();
    return testing::AssertionFailure() << worker().story();
  }
  bool waits_for(const std::string& why) {
    return soon([&] {
      const auto readiness = worker().get("/readyz");
      return readiness.status == 200 && readiness.body.find("\"degraded\"") != std::string::npos &&
             readiness.body.find(why) != std::string::npos;
    });
  }

  /// Between the writes of writer(), so that a topic that is read back whole stays small.
  std::chrono::milliseconds storm_pause_{0};

 private:
  std::unique_ptr<KafkaServer> own_;
};

}  // namespace sluice::test
