#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "support/sequences.hpp"
#include "workbench/tcp_proxy.hpp"

namespace sluice::test {

/// A message bus of a test's own, with its consumer, so that it can be hurt. Workers reach its server only
/// through network().
class Bus {
 public:
  Bus() = default;
  virtual ~Bus() = default;
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  /// How the worker names the server, as in `nats://`.
  virtual std::string scheme() const = 0;
  /// How many messages a consumer may get twice when the server failed, or a worker was killed.
  virtual std::size_t repeated_after_failures() const = 0;
  virtual std::size_t repeated_after_kills() const = 0;

  /// Makes what workers publish to and consumers read, under this name.
  virtual void declare(const std::string& name) = 0;
  /// The rest of a publish rule that publishes there: keys in YAML, the flow style for values.
  virtual std::string rule() const = 0;
  /// Flags for workers: the server, and how long they wait for an acknowledgement.
  virtual std::vector<std::string> flags(int acknowledged_ms) const = 0;

  /// The number of messages so far. Throws std::runtime_error while it cannot be known.
  virtual std::int64_t count() = 0;
  /// Adds all messages so far, in their order. Throws std::runtime_error while they cannot be read.
  virtual void read_into(SequenceCheck& check) = 0;

  virtual void kill9() = 0;
  /// Starts the server again on the same data, after kill9(), and waits until it accepts connections.
  virtual void restart() = 0;
  /// Makes the server hang, and wakes it up.
  virtual void stop() = 0;
  virtual void cont() = 0;
  virtual workbench::TcpProxy& network() = 0;
};

/// A kind of bus that tests are run with.
struct BusKind {
  std::string name;
  std::function<std::unique_ptr<Bus>()> make;
  std::string why_not;  ///< why this machine cannot have it; "" if it can
  int kills;            ///< of the server in a storm, as far as the tests' time allows
};

/// For the messages of tests that fail.
inline std::ostream& operator<<(std::ostream& out, const BusKind& kind) {
  return out << kind.name;
}

/// JetStream, Kafka, RabbitMQ with a queue, and with a stream.
std::vector<BusKind> bus_kinds();

}  // namespace sluice::test
