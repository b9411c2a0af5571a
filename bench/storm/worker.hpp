#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "metrics.hpp"
#include "process.hpp"

namespace storm {

struct WorkerOptions {
  std::string sluice;              ///< path of the binary
  std::vector<std::string> flags;  ///< handed on to `sluice run`
  std::string folder;              ///< where its rules file and its log are written
  std::string uri;
  std::string database;
  std::string rules;  ///< YAML list
  std::string pipeline = "storm";
};

/// A `sluice run` under test.
class Worker {
 public:
  explicit Worker(const WorkerOptions& options);

  /// Wait until its stream is open and its first position stored.
  void wait_ready(std::chrono::seconds patience = std::chrono::seconds(60));
  Metrics metrics() const;  ///< empty until it listens
  Usage usage() const { return process_.usage(); }
  pid_t pid() const { return process_.pid(); }
  /// Graceful stop: throws unless the worker ends with 0.
  void stop();
  /// The same for one that was told to stop already.
  void wait();
  /// Throws, with the end of its log, when the worker is no longer there.
  void expect_running();

 private:
  int port_;
  std::string log_;
  Process process_;

  void expect_success(int code) const;
  std::string log_tail() const;
};

}  // namespace storm
