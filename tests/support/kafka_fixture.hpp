#pragma once

#include <string>
#include <vector>

#include "support/consumer_fixture.hpp"
#include "support/kafka_server.hpp"
#include "workbench/kafka.hpp"

namespace sluice::test {

using workbench::Kafka;
using workbench::KafkaMessage;

/// The broker that all tests of a program share. Started at the first call.
KafkaServer& shared_kafka();

/// Adds the change that the message is about. A tombstone is about none.
void add_to(SequenceCheck& check, const KafkaMessage& message);

/// Tests with workers that publish to Kafka. The topics' names begin with the test's database. Skipped where
/// no broker can run, unless the environment variable CI is set: then they fail.
class KafkaTest : public ConsumerTest {
 protected:
  KafkaTest() = default;
  explicit KafkaTest(ReplicaSet& server) : ConsumerTest(server) {}

  void SetUp() override;

  /// The broker of this test: the shared one, unless it started its own.
  virtual KafkaServer& kafka() { return shared_kafka(); }
  /// What workers and consumers connect to.
  virtual std::string brokers() { return kafka().brokers(); }
  /// The topic of the collection `items`.
  std::string topic() { return db().database() + ".items"; }
  /// A configuration file with one rule that publishes `items`. `kafka`: further settings of its section
  /// `kafka`; `more`: further settings of the rule. Both are lines in YAML, without indentation.
  std::string kafka_file(const std::vector<std::string>& kafka = {},
                         const std::vector<std::string>& more = {}, const std::string& top = "") const;
  Worker& start_kafka(const std::string& file, std::vector<std::string> flags = {});

  /// Makes a new connection each time, since tests restart the broker.
  Kafka consumer() { return Kafka(brokers()); }
  std::vector<KafkaMessage> messages() { return consumer().read(topic()); }
  std::optional<std::int64_t> count_messages() override;
  void read_into(SequenceCheck& check) override;
};

}  // namespace sluice::test
