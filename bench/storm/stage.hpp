#pragma once

#include <memory>
#include <string>

#include "drain.hpp"
#include "measure.hpp"
#include "options.hpp"
#include "server.hpp"
#include "workload.hpp"

namespace storm {

/// Sets up one scenario on the server: loads its databases and has a worker store its first position. The
/// worker and the rivals have separate databases, to which both write the same effects.
class Stage {
 public:
  Stage(const Server& server, const Options& options, const std::string& scenario, const Sizes& sizes);

  Workload& workload() { return *workload_; }
  const Client& client() const { return client_; }
  const StreamShape& shape() const { return shape_; }
  const std::string& database() const { return database_; }
  const std::string& rival() const { return rival_; }
  WorkerOptions& worker() { return worker_; }

  /// The number of a new round.
  std::uint32_t next_round() { return ++round_; }
  /// Plans and writes the storm of a new round. Returns the cluster time before it.
  Moment write_backlog();
  /// Runs the worker over the backlog, and verifies the result.
  Run drain_backlog();
  /// Writes a storm of these sizes while the worker runs, and verifies the result.
  Run live(const Sizes& sizes, double rate);

 private:
  const Server& server_;
  std::string scenario_;
  TemporaryDirectory folder_;
  std::unique_ptr<Workload> workload_;
  Client client_;
  std::string database_ = "conduit";
  std::string rival_ = "rival";
  WorkerOptions worker_;
  StreamShape shape_;
  std::uint32_t round_ = 0;
};

}  // namespace storm
