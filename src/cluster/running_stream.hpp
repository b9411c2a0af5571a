#pragma once

#include "observe/status.hpp"
#include "pipeline/stream_observer.hpp"

namespace sluice::cluster {

/// One stream of the configuration as it runs in this process: as a static shard, or as a member of the
/// stream's cluster. Use everything but append_status() on the worker's strand.
class RunningStream {
 public:
  RunningStream() = default;
  virtual ~RunningStream() = default;
  RunningStream(const RunningStream&) = delete;
  RunningStream& operator=(const RunningStream&) = delete;

  virtual void start() = 0;
  /// May be called more than once.
  virtual void stop() = 0;
  /// Adds the status of this stream to `status`. Thread-safe.
  virtual void append_status(observe::WorkerStatus& status) const = 0;
};

}  // namespace sluice::cluster
