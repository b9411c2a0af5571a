#pragma once

#include <string>
#include <vector>

#include "support/fixture.hpp"
#include "support/kafka_server.hpp"
#include "support/sequences.hpp"
#include "workbench/kafka.hpp"

namespace sluice::test {

using workbench::Kafka;
using workbench::KafkaMessage;

/// The broker that all tests of a program share. Started at the first call.
KafkaServer& shared_kafka();

/// Tests with workers that publish to Kafka. The topics' names begin with the test's database. Skipped where
/// no broker can run, unless the environment variable CI is set: then they fail.
class KafkaTest : public PipelineTest {
 protected:
  KafkaTest() = default;
  explicit KafkaTest(ReplicaSet& server) : PipelineTest(server) {}

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
  /// Waits until the topic has at least `count` messages.
  testing::AssertionResult holds(std::int64_t count);

  /// Inserts `documents` with n = 0 and writes n = 1, 2... `rounds` to each.
  void write_numbers(int documents, int rounds);
  /// Reads the topic and checks it: each document of `items` must have come with every number up to its
  /// present one, in order.
  Sequences sequences();
  /// Waits until nothing is missing, then checks order and repetitions.
  testing::AssertionResult told_in_order(std::size_t repetitions_allowed = 0);
};

}  // namespace sluice::test
