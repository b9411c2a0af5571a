#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/temporary_directory.hpp"
#include "workbench/net.hpp"
#include "workbench/tcp_proxy.hpp"

namespace sluice::test {

/// Why this machine cannot run a Kafka broker: no Java, or Kafka cannot be fetched. "" if it can.
const std::string& why_no_kafka();

/// A real Kafka broker (see tools/kafka), with its own controller, on ports of 127.0.0.1. Its data is deleted
/// with the object, but survives kill9() and restart(). It creates no topics by itself.
class KafkaServer {
 public:
  struct Options {
    std::string settings = {};               ///< lines of its properties in addition to those for one broker
    std::string protocol = "PLAINTEXT";      ///< for its clients, such as SASL_SSL
    bool behind_proxy = false;               ///< clients reach it only through network()
    int node = 1;                            ///< its number in a cluster
    const workbench::Port* controller = {};  ///< its controller's port in a cluster; null: one of its own
    std::string voters = {};                 ///< the controllers of a cluster; "": only its own
  };
  /// A single broker, which accepts connections when the constructor returns.
  KafkaServer() : KafkaServer(Options()) { wait(); }
  /// Does not wait: the brokers of a cluster need each other to start.
  explicit KafkaServer(Options options);
  /// Waits until it accepts connections.
  void wait();

  /// What clients connect to.
  std::string brokers() const;
  /// What clients may connect to without log-in, TLS and proxy.
  std::string internal() const { return "127.0.0.1:" + internal_port_.text(); }
  /// Makes a user who logs in by SCRAM-SHA-512, whom all brokers know. Takes seconds.
  void add_user(const std::string& name, const std::string& password) const;
  /// With Options::behind_proxy.
  workbench::TcpProxy& network() { return *proxy_; }
  void kill9() { process_->kill9(); }
  /// Makes the broker hang, and wakes it up: SIGSTOP and SIGCONT.
  void stop() const;
  void cont() const;
  /// Starts it again on the same data and ports, after kill9, and waits until it accepts connections.
  void restart();
  /// The same with other settings.
  void restart(const std::string& settings);

 private:
  void configure() const;
  void start();

  TemporaryDirectory folder_;
  workbench::Port port_;
  workbench::Port internal_port_;
  workbench::Port own_controller_port_;
  Options options_;
  std::unique_ptr<workbench::TcpProxy> proxy_;
  std::unique_ptr<Process> process_;
};

/// Three brokers, so that a topic may have three replicas.
class KafkaCluster {
 public:
  KafkaCluster();

  KafkaServer& server(std::size_t index) { return *servers_.at(index); }
  std::string brokers() const;

 private:
  std::vector<workbench::Port> controllers_;
  std::vector<std::unique_ptr<KafkaServer>> servers_;
};

}  // namespace sluice::test
