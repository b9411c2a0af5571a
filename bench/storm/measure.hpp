#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "drain.hpp"
#include "server.hpp"
#include "worker.hpp"
#include "workload.hpp"

namespace storm {

/// The state at one moment of a run. Lags, in seconds, are those of events resolved since the previous
/// sample.
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

/// The measurements of one run of a worker over one storm.
struct Run {
  double seconds = 0;  ///< from the first event read to the last one resolved
  std::int64_t events = 0;
  std::int64_t first_read = 0;  ///< events read at the first poll that saw any
  double first_seconds = 0;     ///< from the start of `seconds` to that poll
  double documents = 0;         ///< written by the worker, after coalescing
  double effects = 0;
  Histogram lag;
  Histogram batch_documents;
  Histogram batch_events;
  Histogram batch_seconds;
  double retries = 0;
  double peak_rss_mb = 0;
  double worker_cpu = 0;  ///< CPU seconds of the worker, including its start
  double server_cpu = 0;  ///< CPU seconds of mongod in the measured time
  std::vector<Sample> samples;

  double events_per_second() const { return static_cast<double>(events) / seconds; }
  /// Events per second after the first poll that saw any; comparable with Drain::steady_rate().
  double steady_rate() const { return static_cast<double>(events - first_read) / (seconds - first_seconds); }
};

/// Measures a worker that starts after the storm has been written.
Run measure_backlog(const Server& server, const WorkerOptions& options, const Workload& workload);

/// Measures a worker while the storm is written: as fast as possible (rate 0), or at `rate` events per
/// second.
Run measure_live(const Server& server, const WorkerOptions& options, const Workload& workload, double rate);

/// Starts a worker so that its position is stored, returns the options of its change stream, and stops it.
StreamShape observe_stream(const Server& server, const WorkerOptions& options);

}  // namespace storm
