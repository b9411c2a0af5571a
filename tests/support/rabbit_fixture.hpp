#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/fixture.hpp"
#include "support/rabbit_server.hpp"
#include "support/sequences.hpp"
#include "workbench/rabbitmq.hpp"

namespace sluice::test {

using workbench::Rabbit;
using workbench::RabbitMessage;

/// The broker that all tests of a program share. Started at the first call.
RabbitServer& shared_rabbitmq();

/// Tests with workers that publish to RabbitMQ. Exchange and queue are named after the test's database.
/// Skipped where no broker can run, unless the environment variable CI is set: then they fail.
class RabbitTest : public PipelineTest {
 protected:
  void SetUp() override;

  /// The broker of this test: the shared one, unless it started its own.
  virtual RabbitServer& rabbitmq() { return shared_rabbitmq(); }
  /// The exchange that workers publish to, and the queue that is bound to it for all routing keys.
  std::string exchange() { return db().database(); }
  std::string queue() { return db().database() + ".all"; }
  void declare(const Rabbit::Arguments& arguments = {});
  /// The same while the worker sleeps. Otherwise it could find the exchange before the queue is bound to it.
  void declare_behind(const Worker& worker);

  /// A configuration file with one rule that publishes `items`. `rabbitmq`: further settings of the rule's
  /// section `rabbitmq`; `more`: further settings of the rule. Both are lines in YAML, without indentation.
  std::string rabbit_file(const std::vector<std::string>& rabbitmq = {},
                          const std::vector<std::string>& more = {}, const std::string& top = "");
  Worker& start_rabbit(const std::string& file, std::vector<std::string> flags = {});

  /// Makes a new connection each time, since tests restart the broker.
  Rabbit client() { return Rabbit(rabbitmq().port()); }
  /// Takes what has arrived in the queue, and returns all that the test has taken so far. While the broker
  /// cannot be reached, nothing is taken.
  const std::vector<RabbitMessage>& messages();
  /// Waits until at least `count` messages have arrived.
  testing::AssertionResult holds(std::size_t count);

  /// Inserts `documents` with n = 0 and writes n = 1, 2... `rounds` to each.
  void write_numbers(int documents, int rounds);
  /// Takes the messages and checks them: each document of `items` must have come with every number up to its
  /// present one, in order.
  Sequences sequences();
  /// Waits until nothing is missing, then checks the order. Duplicates are allowed up to a number.
  testing::AssertionResult told_in_order(std::size_t repetitions_allowed = 0);

 private:
  std::vector<RabbitMessage> taken_;
};

}  // namespace sluice::test
