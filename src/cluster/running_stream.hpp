#pragma once

#include <functional>

#include "observe/status.hpp"

namespace sluice::cluster {

/// What one stream of a process tells, on the worker's strand.
struct RunEvents {
  std::function<void()> connected;            ///< once
  std::function<void()> ready;                ///< once: what is written from now on has its effects
  std::function<void(int exit_code)> failed;  ///< it cannot go on; stop() should follow
  std::function<void()> ended;                ///< once, after stop() or failed(), the last thing
};

/// One stream of the configuration as it runs in this process: a static shard of it, or this instance's part
/// in a cluster of it. All but append_status() on the worker's strand.
class RunningStream {
 public:
  RunningStream() = default;
  virtual ~RunningStream() = default;
  RunningStream(const RunningStream&) = delete;
  RunningStream& operator=(const RunningStream&) = delete;

  virtual void start() = 0;
  /// May be called again.
  virtual void stop() = 0;
  /// Thread-safe.
  virtual void append_status(observe::WorkerStatus& status) const = 0;
};

}  // namespace sluice::cluster
