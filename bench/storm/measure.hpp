#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "drain.hpp"
#include "server.hpp"
#include "worker.hpp"
#include "workload.hpp"

namespace storm {

/// What was seen at one moment of a run. Lags are of the events resolved since the sample before.
struct Sample {
  double seconds = 0;
  double read = 0;
  double resolved = 0;
  double in_flight = 0;
  double rss_mb = 0;
  double lag_p50 = 0;
  double lag_p99 = 0;
  double lag_max = 0;
};

/// One run of a worker over one storm.
struct Run {
  double seconds = 0;  ///< from the first event read to the last one resolved
  std::int64_t events = 0;
  std::int64_t first_read = 0;  ///< events read when the first ones were seen
  double first_seconds = 0;     ///< how long after the start of `seconds` that was
  double documents = 0;         ///< written by the worker, after coalescing
  double effects = 0;
  Histogram lag;
  Histogram batch_documents;
  Histogram batch_events;
  Histogram batch_seconds;
  double retries = 0;
  double peak_rss_mb = 0;
  double worker_cpu = 0;  ///< seconds, of the worker, start-up included
  double server_cpu = 0;  ///< seconds, of mongod, in the time measured
  std::vector<Sample> samples;

  double events_per_second() const { return static_cast<double>(events) / seconds; }
  /// The rate of what was read later than the first poll that saw any: comparable with Drain::steady_rate().
  double steady_rate() const { return static_cast<double>(events - first_read) / (seconds - first_seconds); }
};

/// The worker starts on a backlog that is already there.
Run measure_backlog(const Server& server, const WorkerOptions& options, const Workload& workload);

/// The storm is written while the worker runs: at once (rate 0), or at `rate` events a second.
Run measure_live(const Server& server, const WorkerOptions& options, const Workload& workload, double rate);

/// Start a worker, so that its position is stored, and learn how it reads its stream; then stop it.
StreamShape observe_stream(const Server& server, const WorkerOptions& options);

}  // namespace storm
