#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/temporary_directory.hpp"
#include "workbench/net.hpp"

namespace sluice::test {

/// A nats-server with JetStream on a port of 127.0.0.1. Its store is deleted with the object.
class NatsServer {
 public:
  /// `settings`: lines of its configuration in addition to port, store and JetStream.
  explicit NatsServer(std::string settings = "");

  std::string url() const { return "nats://" + host(); }
  std::string host() const { return "127.0.0.1:" + port_.text(); }
  int port() const { return port_.number(); }
  std::filesystem::path folder() const { return folder_.path(); }
  void kill9() { process_->kill9(); }
  /// Makes the server hang, and wakes it up: SIGSTOP and SIGCONT.
  void stop() const;
  void cont() const;
  /// Starts it again on the same store and port, after kill9, with other settings if given.
  void restart(const std::optional<std::string>& settings = std::nullopt);

 private:
  void start();

  TemporaryDirectory folder_;
  workbench::Port port_;
  std::string settings_;
  std::unique_ptr<Process> process_;
};

/// A cluster of three nats-servers, so that a stream may have three replicas.
class NatsCluster {
 public:
  NatsCluster();

  NatsServer& server(std::size_t index) { return *servers_.at(index); }
  /// The URLs of all servers, separated by commas, as clients take them.
  std::string url() const;

 private:
  std::vector<workbench::Port> routes_;
  std::vector<std::unique_ptr<NatsServer>> servers_;
};

}  // namespace sluice::test
