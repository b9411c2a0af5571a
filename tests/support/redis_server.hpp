#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/temporary_directory.hpp"
#include "workbench/net.hpp"
#include "workbench/redis.hpp"

namespace sluice::test {

/// One redis-server on a port of 127.0.0.1, with a folder of its own that goes with it. What it has answered
/// to is there again after kill9() and restart().
class RedisServer {
 public:
  /// `settings` are lines of its configuration, beside port and folder.
  explicit RedisServer(std::string settings = "");

  std::string url() const { return "redis://127.0.0.1:" + port_.text(); }
  int port() const { return port_.number(); }
  /// A new connection each time: servers come and go.
  workbench::Redis client(const std::string& password = "") const {
    return workbench::Redis(port(), password);
  }
  void kill9() { process_->kill9(); }
  /// SIGSTOP and SIGCONT: a server that hangs, and wakes up again.
  void stop() const;
  void cont() const;
  /// Starts it again on the same folder and port, after kill9, with other settings if given.
  void restart(const std::optional<std::string>& settings = std::nullopt);

 private:
  void start();

  TemporaryDirectory folder_;
  workbench::Port port_;
  std::string settings_;
  std::unique_ptr<Process> process_;
};

}  // namespace sluice::test
