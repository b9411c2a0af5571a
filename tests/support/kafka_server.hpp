#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/temporary_directory.hpp"
#include "workbench/net.hpp"

namespace sluice::test {

/// Why this machine cannot run a Kafka broker: no Java, or Kafka cannot be fetched. "" if it can.
const std::string& why_no_kafka();

/// A real Kafka broker (see tools/kafka), with its own controller, on ports of 127.0.0.1. Its data is deleted
/// with the object, but survives kill9() and restart(). It creates no topics by itself.
class KafkaServer {
 public:
  /// `settings`: lines of its properties in addition to those for one broker. `protocol`: for its clients,
  /// such as SASL_SSL.
  explicit KafkaServer(std::string settings = "", std::string protocol = "PLAINTEXT");

  /// What clients connect to.
  std::string brokers() const { return "127.0.0.1:" + port_.text(); }
  int port() const { return port_.number(); }
  void kill9() { process_->kill9(); }
  /// Makes the broker hang, and wakes it up: SIGSTOP and SIGCONT.
  void stop() const;
  void cont() const;
  /// Starts it again on the same data and ports, after kill9.
  void restart() { start(); }
  void restart(const std::string& settings);
  /// What clients may connect to without log-in and TLS.
  std::string internal() const { return "127.0.0.1:" + internal_port_.text(); }

 private:
  void configure() const;
  void start();

  TemporaryDirectory folder_;
  workbench::Port port_;
  workbench::Port internal_port_;
  workbench::Port controller_port_;
  std::string settings_;
  std::string protocol_;
  std::unique_ptr<Process> process_;
};

}  // namespace sluice::test
