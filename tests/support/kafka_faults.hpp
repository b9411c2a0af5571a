#pragma once

#include <memory>
#include <string>
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

 private:
  std::unique_ptr<KafkaServer> own_;
};

}  // namespace sluice::test
