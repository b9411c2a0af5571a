#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/temporary_directory.hpp"
#include "workbench/mongo.hpp"
#include "workbench/net.hpp"

namespace sluice::test {

/// One mongod on a port of 127.0.0.1, with data of its own that goes with it.
class MongodProcess {
 public:
  explicit MongodProcess(std::string replica_set);

  std::string host() const { return "127.0.0.1:" + port_.text(); }
  void kill9() { process_->kill9(); }
  /// SIGSTOP and SIGCONT: a server that hangs, and wakes up again.
  void stop() const;
  void cont() const;
  /// Starts it again on the same data and port, after kill9.
  void restart();

 private:
  void start();

  TemporaryDirectory folder_;
  workbench::Port port_;
  std::string replica_set_;
  std::unique_ptr<Process> process_;
};

/// A replica set of one or three of them, with a primary.
class ReplicaSet {
 public:
  explicit ReplicaSet(int nodes = 1);

  std::string uri() const;
  /// A URI whose operations wait for a new primary for as long as an election may take on a busy machine.
  std::string patient_uri() const;
  MongodProcess& node(std::size_t index) { return *nodes_[index]; }
  MongodProcess& primary();
  /// The primary becomes a secondary and stays one for a while.
  void step_down();
  /// Waits until there is a primary that takes writes.
  void wait_for_primary();

 private:
  std::vector<std::string> hosts() const;

  std::vector<std::unique_ptr<MongodProcess>> nodes_;
};

}  // namespace sluice::test
