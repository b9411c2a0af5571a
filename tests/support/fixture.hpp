#pragma once

#include <gtest/gtest.h>

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

/// The one-node replica set that the tests of a program share; started when it is first asked for.
ReplicaSet& shared_server();

/// The seed of this run's random choices: SLUICE_SEED, or a new one. main() prints it.
std::uint64_t random_seed();

/// A test with databases of its own on a server, and workers that end with it.
class PipelineTest : public testing::Test {
 protected:
  PipelineTest() : PipelineTest(shared_server()) {}
  explicit PipelineTest(ReplicaSet& server);
  ~PipelineTest() override;

  ReplicaSet& server() { return server_; }
  /// The watched database.
  Mongo& db() { return db_; }
  /// Positions, leases and dead letters.
  Mongo& state() { return state_; }

  /// A file with these rules (the list under `rules:`, in YAML) for the databases of this test.
  std::string file(const std::string& rules, const std::string& name = "rules.yaml") const;
  /// The rules that the project ships.
  static std::string realworld_file() { return deploy_folder() + "/realworld.yaml"; }
  /// Workers that are started from now on connect by this URI.
  void workers_connect_to(const std::string& uri) {
    worker_uri_flag_ = "--mongodb-uri";
    worker_uri_ = uri;
  }
  /// Workers that are started from now on run this program.
  void workers_run(const std::string& program) { program_ = program; }
  /// Likewise, by the URI that this file holds.
  void workers_connect_by_file(const std::string& path) {
    worker_uri_flag_ = "--mongodb-uri-file";
    worker_uri_ = path;
  }
  /// Flags that point any file at the databases of this test.
  std::vector<std::string> here(std::vector<std::string> more = {}) const;
  /// A whole command line with these flags behind it, for run_sluice() and start_sluice().
  std::vector<std::string> here_run(std::vector<std::string> command,
                                    std::vector<std::string> more = {}) const;

  /// Starts a worker; `ready()` waits for it.
  Worker& start(const std::string& file, std::vector<std::string> flags = {}, int count = 1, int index = 0);
  /// Starts a member of a cluster.
  Worker& start_member(const std::string& file, int partitions, std::vector<std::string> flags = {});
  /// Starts all shards at once, and waits until all are ready.
  void start_shards(const std::string& file, int count, const std::vector<std::string>& flags = {});
  /// Starts another one in the place of a worker, which is killed if it still runs.
  Worker& replace_worker(std::size_t place, const std::string& file, std::vector<std::string> flags,
                         int count, int index);
  Worker& replace_member(std::size_t place, const std::string& file, int partitions,
                         std::vector<std::string> flags);
  Worker& worker(std::size_t index = 0) { return *workers_.at(index); }
  std::size_t workers() const { return workers_.size(); }
  /// SIGTERM to all; expects that each ends with 0. They are forgotten then.
  void terminate_all();
  /// Kills whichever still runs.
  void forget_workers() { workers_.clear(); }

  /// Waits until every shard has stored a position behind everything written so far.
  testing::AssertionResult settled(int shard_count = 1);
  /// Waits until the RealWorld projections equal a fresh computation, and that they do so at rest.
  testing::AssertionResult exact(int shard_count = 1);
  /// Waits until `holds`; gives up early when no worker is left to bring it about.
  bool soon(const std::function<bool()>& holds, std::chrono::milliseconds usual = std::chrono::seconds(20));
  /// Waits until the document with this id equals `expected`, in whatever order the fields stand.
  testing::AssertionResult becomes(const std::string& collection, const std::string& id,
                                   const std::string& expected);
  /// Waits until there is no such document.
  testing::AssertionResult vanishes(const std::string& collection, const std::string& id);
  /// A sum over all workers.
  double metric(const std::string& name, const std::string& label = "") const;

 private:
  Worker& last_moves_to(std::size_t place);

  ReplicaSet& server_;
  std::string worker_uri_flag_ = "--mongodb-uri";
  std::string worker_uri_;
  std::string program_;
  std::string database_;
  Mongo db_;
  Mongo state_;
  TemporaryDirectory folder_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace sluice::test
