#pragma once

#include <functional>
#include <string>

#include "observe/status.hpp"
#include "pipeline/stream.hpp"

namespace sluice::pipeline {

/// What a crew tells the worker, on the worker's strand.
struct CrewEvents {
  std::function<void(const std::string& line)> say;  ///< a line that scripts wait for, on stdout
  std::function<void(int exit_code)> failed;         ///< the worker should end; the crew waits for stop()
  std::function<void()> ended;                       ///< once, after stop(), the last thing
};

/// The streams of a process: those of a static shard, or the partitions that a cluster gives it.
class Crew {
 public:
  Crew() = default;
  virtual ~Crew() = default;
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  virtual void start() = 0;
  /// Once. On the worker's strand.
  virtual void stop() = 0;
  /// Thread-safe.
  virtual void append_status(observe::WorkerStatus& status) const = 0;
};

}  // namespace sluice::pipeline
