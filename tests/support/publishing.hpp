#pragma once

#include <string>
#include <vector>

#include "support/fixture.hpp"
#include "support/nats_server.hpp"
#include "support/sequences.hpp"
#include "workbench/nats.hpp"

namespace sluice::test {

using workbench::Nats;
using workbench::NatsMessage;

/// The nats-server that the tests of a program share; started when it is first asked for.
NatsServer& shared_nats();

/// Workers that publish to a nats-server; the stream has the name of the test's database.
class PublishingTest : public PipelineTest {
 protected:
  PublishingTest() : PublishingTest(shared_server(), shared_nats()) {}
  PublishingTest(ReplicaSet& server, NatsServer& nats);

  NatsServer& nats_server() { return nats_; }
  std::string stream() const { return stream_; }
  /// The file of one rule that publishes `from`, with these settings besides.
  std::string publish_file(const std::string& settings = "", const std::string& from = "items") const;
  /// A worker that publishes to this server (or over `url`).
  Worker& start_publishing(const std::string& file, std::vector<std::string> flags = {},
                           const std::string& url = "");

  /// A new connection each time: servers come and go.
  Nats consumer() { return Nats(nats_.url()); }
  std::vector<NatsMessage> messages() { return consumer().read(stream_); }
  /// Waits until the stream holds so many.
  testing::AssertionResult holds(std::int64_t count);

  /// Inserts `documents` with n = 0 and writes n = 1, 2... `rounds` to each.
  void write_numbers(int documents, int rounds);
  /// Reads the stream back; every document of `items` must have come with each number up to its last.
  Sequences sequences();
  /// Waits until nothing is missing, then looks at order and repetitions.
  testing::AssertionResult told_in_order(std::size_t repetitions_allowed = 0);

 private:
  NatsServer& nats_;
  std::string stream_;
};

}  // namespace sluice::test
