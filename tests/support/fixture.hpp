#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "realworld/storm.hpp"
#include "support/deploy.hpp"
#include "support/mongod.hpp"
#include "support/worker.hpp"
#include "workbench/eventually.hpp"
#include "workbench/mongo.hpp"

namespace sluice::test {

using workbench::Document;
using workbench::Mongo;

/// The one-node replica set that all tests of a program share. Started at the first call.
ReplicaSet& shared_server();

/// The seed of this run's random choices: the environment variable SLUICE_SEED, or a new one. main() prints
/// it.
std::uint64_t random_seed();

/// A test with its own databases on a server, and workers that end with the test.
class PipelineTest : public testing::Test {
 protected:
  PipelineTest() : PipelineTest(shared_server()) {}
  explicit PipelineTest(ReplicaSet& server);
  ~PipelineTest() override;

  ReplicaSet& server() { return server_; }
  /// The watched database.
  Mongo& db() { return db_; }
  /// The state database: positions, leases and dead letters.
  Mongo& state() { return state_; }

  /// Writes a configuration file with these rules (the list under `rules:`, in YAML) and returns its path.
  std::string file(const std::string& rules, const std::string& name = "rules.yaml") const;
  /// The configuration file deploy/realworld.yaml.
  static std::string realworld_file() { return deploy_folder() + "/realworld.yaml"; }
  /// Workers started from now on connect by this URI.
  void workers_connect_to(const std::string& uri) {
    worker_uri_flag_ = "--mongodb-uri";
    worker_uri_ = uri;
  }
  /// Workers started from now on run this program.
  void workers_run(const std::string& program) { program_ = program; }
  /// Workers started from now on connect by the URI in this file.
  void workers_connect_by_file(const std::string& path) {
    worker_uri_flag_ = "--mongodb-uri-file";
    worker_uri_ = path;
  }
  /// Flags that point any file at the databases of this test.
  std::vector<std::string> here(std::vector<std::string> more = {}) const;
  /// A command line followed by these flags, for run_sluice() and start_sluice().
  std::vector<std::string> here_run(std::vector<std::string> command,
                                    std::vector<std::string> more = {}) const;

  /// Starts a worker without waiting for it; see Worker::ready().
  Worker& start(const std::string& file, std::vector<std::string> flags = {}, int count = 1, int index = 0);
  /// Starts a member of a cluster.
  Worker& start_member(const std::string& file, int partitions, std::vector<std::string> flags = {});
  /// Starts all shards concurrently, and waits until all are ready.
  void start_shards(const std::string& file, int count, const std::vector<std::string>& flags = {});
  /// Kills the worker at this place, if it still runs, and starts another in its place.
  Worker& replace_worker(std::size_t place, const std::string& file, std::vector<std::string> flags,
                         int count, int index);
  Worker& replace_member(std::size_t place, const std::string& file, int partitions,
                         std::vector<std::string> flags);
  Worker& worker(std::size_t index = 0) { return *workers_.at(index); }
  std::size_t workers() const { return workers_.size(); }
  /// Sends SIGTERM to all workers, expects that each ends with exit code 0, and forgets them.
  void terminate_all();
  /// Kills all workers that still run, and forgets them.
  void forget_workers();

  /// Waits until every shard has stored a position after everything written so far.
  testing::AssertionResult settled(int shard_count = 1);
  /// Waits until settled(), then checks that the RealWorld projections equal a fresh computation.
  testing::AssertionResult exact(int shard_count = 1);
  /// Called again and again while soon() waits, which most waits here use.
  virtual void while_waiting() {}
  /// Waits until `holds` returns true. Gives up early if all workers have ended.
  bool soon(const std::function<bool()>& holds, std::chrono::milliseconds usual = std::chrono::seconds(20));
  /// Waits until the document with this id equals `expected`. The order of fields does not matter.
  testing::AssertionResult becomes(const std::string& collection, const std::string& id,
                                   const std::string& expected);
  /// Waits until there is no such document.
  testing::AssertionResult vanishes(const std::string& collection, const std::string& id);
  /// The metric's sum over all workers.
  double metric(const std::string& name, const std::string& label = "") const;

 private:
  Worker& last_moves_to(std::size_t place);
  /// Ends the worker at this place. Its story stays for the message of a failure.
  void end_worker(std::size_t place);

  ReplicaSet& server_;
  std::string worker_uri_flag_ = "--mongodb-uri";
  std::string worker_uri_;
  std::string program_;
  std::string database_;
  Mongo db_;
  Mongo state_;
  TemporaryDirectory folder_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::deque<std::string> past_stories_;  ///< of the last workers that were replaced or forgotten
};

}  // namespace sluice::test
