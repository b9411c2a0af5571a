#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/mongod.hpp"
#include "support/worker.hpp"

namespace sluice::nemesis {

/// The workers of all shards, and the supervisor that starts them again. Throws Violation when a worker ends
/// in a way that nothing which struck it accounts for.
class Fleet {
 public:
  /// `flags` is asked for each worker that is started: where it finds its databases, and what else.
  Fleet(int shards, std::function<std::vector<std::string>()> flags);

  std::size_t shards() const { return workers_.size(); }
  test::Worker& worker(std::size_t shard) { return *workers_[shard]; }

  /// kill -9, and a new one.
  void kill(std::size_t shard);
  /// SIGTERM, and a new one. It has to end with 0.
  void stop(std::size_t shard);
  /// SIGSTOP until another worker holds the shard; the sleeper then has to end with 3, and the other one
  /// stays. Needs a healthy server.
  void freeze(std::size_t shard);
  /// A worker that gave up while it started, for want of a server, is started again. No other may have ended.
  void tend();
  /// Waits until all stream, tending them meanwhile. Needs a healthy server.
  void await_ready();
  /// SIGTERM to all, which have to end with 0.
  void end();

  double metric(const std::string& name) const;

 private:
  std::unique_ptr<test::Worker> make(std::size_t shard) const;
  static bool is_ready(const test::Worker& worker);

  std::function<std::vector<std::string>()> flags_;
  std::vector<std::unique_ptr<test::Worker>> workers_;
};

}  // namespace sluice::nemesis
