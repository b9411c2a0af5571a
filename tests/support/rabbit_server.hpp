#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/temporary_directory.hpp"
#include "workbench/net.hpp"
#include "workbench/tcp_proxy.hpp"

namespace sluice::test {

/// Why this machine cannot run RabbitMQ. "" if it can.
const std::string& why_no_rabbitmq();

/// A real RabbitMQ broker with an epmd of its own, on ports of 127.0.0.1. Its data is deleted with the
/// object, but survives kill9() and restart(). User and password are `guest`.
class RabbitServer {
 public:
  struct Options {
    std::string settings = {};  ///< lines of rabbitmq.conf
    bool behind_proxy = false;  ///< workers reach it only through network()
    /// Lines of rabbitmq.conf for TLS without the listener's port, which is tls_port() then.
    std::string tls = {};
    std::string plugins = {};  ///< separated by commas
  };
  RabbitServer() : RabbitServer(Options()) {}
  explicit RabbitServer(Options options);

  /// What workers connect to.
  std::string url(const std::string& login = "guest:guest", const std::string& vhost = "") const;
  /// What consumers connect to, without the proxy.
  int port() const { return port_.number(); }
  int tls_port() const { return tls_port_.number(); }
  /// With Options::behind_proxy.
  workbench::TcpProxy& network() { return *proxy_; }

  void kill9() { process_->kill9(); }
  /// Makes the broker hang, and wakes it up: SIGSTOP and SIGCONT.
  void stop() const;
  void cont() const;
  /// Starts it again on the same data and ports, after kill9, and waits until it accepts connections.
  void restart();
  /// Runs rabbitmqctl. Throws if it fails.
  void control(const std::vector<std::string>& arguments) const { run("rabbitmqctl", arguments); }
  /// Runs another program of RabbitMQ, such as rabbitmq-streams. Throws if it fails.
  void run(const std::string& program, const std::vector<std::string>& arguments) const;

 private:
  Environment environment() const;
  void start();

  Options options_;
  TemporaryDirectory folder_;
  workbench::Port port_;
  workbench::Port tls_port_;
  workbench::Port epmd_port_;
  workbench::Port distribution_port_;
  std::unique_ptr<workbench::TcpProxy> proxy_;
  std::unique_ptr<Process> epmd_;
  std::unique_ptr<Process> process_;
};

}  // namespace sluice::test
