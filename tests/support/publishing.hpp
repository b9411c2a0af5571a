#pragma once

#include <optional>
#include <string>
#include <vector>

#include "support/consumer_fixture.hpp"
#include "support/nats_server.hpp"
#include "workbench/nats.hpp"

namespace sluice::test {

using workbench::Nats;
using workbench::NatsMessage;

/// The nats-server that all tests of a program share. Started at the first call.
NatsServer& shared_nats();

/// Adds the change that the message is about.
void add_to(SequenceCheck& check, const NatsMessage& message);

/// Flags for a worker that alone writes and reads a relay of one partition.
std::vector<std::string> relay_of_one(const std::string& name, const NatsServer& nats);

/// Tests with workers that publish to a nats-server. The JetStream stream is named like the test's database.
class PublishingTest : public ConsumerTest {
 protected:
  PublishingTest() : PublishingTest(shared_server(), shared_nats()) {}
  PublishingTest(ReplicaSet& server, NatsServer& nats);

  NatsServer& nats_server() { return nats_; }
  std::string stream() const { return stream_; }
  /// A configuration file with one rule that publishes `from`, with these additional settings.
  std::string publish_file(const std::string& settings = "", const std::string& from = "items") const;
  /// Starts a worker that publishes to this server (or to `url`).
  Worker& start_publishing(const std::string& file, std::vector<std::string> flags = {},
                           const std::string& url = "");

  /// Flags for a single worker that reads from a relay.
  std::vector<std::string> through_relay() const { return relay_of_one(stream_, nats_); }

  /// Makes a new connection each time, since tests restart the server.
  Nats consumer() { return Nats(nats_.url()); }
  std::vector<NatsMessage> messages() { return consumer().read(stream_); }
  std::optional<std::int64_t> count_messages() override;
  void read_into(SequenceCheck& check) override;

 private:
  NatsServer& nats_;
  std::string stream_;
};

}  // namespace sluice::test
