#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "metrics.hpp"
#include "process.hpp"

namespace storm {

struct WorkerOptions {
  std::string sluice;              ///< path of the binary
  std::vector<std::string> flags;  ///< passed to `sluice run`
  std::string folder;              ///< where its rules file and its log are written
  std::string uri;
  std::string database;
  std::string rules;  ///< YAML list
  std::string pipeline = "storm";
  bool shares_feed = false;  ///< with the other instances of its cluster, on a free port
};

/// A process of `sluice run` that is measured.
class Worker {
 public:
  explicit Worker(const WorkerOptions& options);

  /// Waits until its stream is open and its first position is stored.
  void wait_ready(std::chrono::seconds patience = std::chrono::seconds(60));
  Metrics metrics() const;  ///< empty until its HTTP server listens
  Usage usage() const { return process_.usage(); }
  pid_t pid() const { return process_.pid(); }
  /// Stops it by SIGTERM. Throws unless it ends with exit code 0.
  void stop();
  /// The same for a worker that has already been told to stop.
  void wait();
  /// Throws, with the end of its log, if the worker has ended.
  void expect_running();

 private:
  int port_;
  std::string log_;
  Process process_;

  void expect_success(int code) const;
  std::string log_tail() const;
};

}  // namespace storm
