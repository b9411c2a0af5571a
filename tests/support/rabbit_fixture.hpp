#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/consumer_fixture.hpp"
#include "support/rabbit_server.hpp"
#include "workbench/rabbitmq.hpp"

namespace sluice::test {

using workbench::Rabbit;
using workbench::RabbitMessage;

/// The broker that all tests of a program share. Started at the first call.
RabbitServer& shared_rabbitmq();

/// All messages of a stream, in their order. Throws workbench::RabbitError.
std::vector<RabbitMessage> read_stream(int port, const std::string& stream);

/// How many messages a stream has had. Throws workbench::RabbitError.
std::int64_t length_of_stream(int port, const std::string& stream);

/// Tests with workers that publish to RabbitMQ. Exchange and queue are named after the test's database.
/// Skipped where no broker can run, unless the environment variable CI is set: then they fail.
class RabbitTest : public ConsumerTest {
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
  std::optional<std::int64_t> count_messages() override;
  void read_into(SequenceCheck& check) override;

 private:
  std::vector<RabbitMessage> taken_;
};

}  // namespace sluice::test
