#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace storm {

/// The resources of a process.
struct Usage {
  double cpu_seconds = 0;  ///< user and system time, to the nanosecond
  double rss_mb = 0;       ///< present resident memory
  double peak_rss_mb = 0;  ///< peak resident memory (VmHWM)
  int threads = 0;
  int descriptors = 0;
};

/// CPU seconds of this process, whose threads are clients and receivers.
double own_cpu_seconds();

/// A child process. It is killed if this program ends (PDEATHSIG), and stopped when this object is destroyed.
class Process {
 public:
  /// The child's stdout and stderr go to `log_path`. `environment`: additional variables as NAME=value.
  Process(const std::vector<std::string>& argv, const std::string& log_path,
          const std::vector<std::string>& environment = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  bool running();
  Usage usage() const;
  pid_t pid() const { return pid_; }

  /// Sends SIGTERM, and SIGKILL if it does not end in time. Returns the exit code, or 128 + signal.
  int stop(std::chrono::seconds patience = std::chrono::seconds(60));
  /// Waits for a process that is already ending. Returns the same, or -1 if it does not end in time.
  int wait(std::chrono::seconds patience = std::chrono::seconds(60)) {
    return wait_until(std::chrono::steady_clock::now() + patience);
  }
  void kill();

 private:
  pid_t pid_ = -1;
  int status_ = 0;
  int wait_until(std::chrono::steady_clock::time_point deadline);
};

/// The first line that a program prints; empty if it fails.
std::string output_of(const std::string& program);

/// A TCP port of loopback that is free at the moment.
int free_port();

/// A new directory under `parent`. The destructor removes it with its contents.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(const std::string& parent);
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace storm
