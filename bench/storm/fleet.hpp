#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "server.hpp"
#include "worker.hpp"

namespace storm {

/// What a fleet of workers and the server used for a storm.
struct FleetRun {
  double seconds = 0;
  double mongod_cpu = 0;            ///< seconds
  double worker_cpu = 0;            ///< seconds, of all workers
  std::vector<double> peak_rss_mb;  ///< of each worker
};

/// Workers of one pipeline that run at the same time, and share its partitions. What they and mongod use is
/// counted from their start on, or from the last call of count_from_here().
class Fleet {
 public:
  using Done = std::function<bool()>;

  /// Starts them.
  Fleet(const Server& server, const WorkerOptions& options, int workers);

  void wait_ready();
  /// Until each worker holds as many of the partitions as the others.
  void wait_even(int partitions);
  /// Until one worker reads the change stream for the others.
  void wait_shared();
  /// Until the relay holds all that there was. A new one begins with what was written in the last minute.
  void wait_relayed();
  /// Events that have met their end, of all streams of all workers.
  double resolved() const;
  void count_from_here();
  FleetRun run_until(const Done& done);
  /// Throws unless every worker ends with 0 and made no dead letters.
  void stop();

 private:
  double workers_cpu() const;

  const Server& server_;
  std::chrono::steady_clock::time_point start_;
  double mongod_before_ = 0;
  double workers_before_ = 0;
  std::vector<std::unique_ptr<Worker>> workers_;
};

/// Seconds of mongod's CPU for a start of such workers that find nothing to read. Without partitions (0) they
/// are awaited until they are ready.
double mongod_cpu_of_start(const Server& server, const WorkerOptions& options, int partitions);

/// Seconds of CPU that mongod uses in a second in which nobody asks it for anything.
double mongod_idle(const Server& server);

}  // namespace storm
