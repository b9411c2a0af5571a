#pragma once

#include <memory>
#include <string>

#include "drain.hpp"
#include "measure.hpp"
#include "options.hpp"
#include "server.hpp"
#include "workload.hpp"

namespace storm {

/// One scenario set up on the server: its databases loaded, the worker's first position stored.
/// The worker has a database to itself; rivals write the same effects to one of their own.
class Stage {
 public:
  Stage(const Server& server, const Options& options, const std::string& scenario, const Sizes& sizes);

  Workload& workload() { return *workload_; }
  const Client& client() const { return client_; }
  const StreamShape& shape() const { return shape_; }
  const std::string& database() const { return database_; }
  const std::string& rival() const { return rival_; }
  WorkerOptions& worker() { return worker_; }

  /// Number of a round that nothing was planned for yet.
  std::uint32_t next_round() { return ++round_; }
  /// Plan and write the storm of a new round. Returns the moment before it.
  Moment write_backlog();
  /// Let the worker run over the backlog, and see that what it did is right.
  Run drain_backlog();
  /// A storm while the worker runs, of `sizes`, and see that what came of it is right.
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
