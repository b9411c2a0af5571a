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

/// A redis-server on a port of 127.0.0.1. Its data is deleted with the object, but survives kill9() and
/// restart().
class RedisServer {
 public:
  /// `settings`: lines of its configuration in addition to port and folder.
  explicit RedisServer(std::string settings = "");

  std::string url() const { return "redis://127.0.0.1:" + port_.text(); }
  int port() const { return port_.number(); }
  /// Makes a new connection each time, since tests restart the server.
  workbench::Redis client(const std::string& password = "") const {
    return workbench::Redis(port(), password);
  }
  void kill9() { process_->kill9(); }
  /// Makes the server hang, and wakes it up: SIGSTOP and SIGCONT.
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
