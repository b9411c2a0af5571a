#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace storm {

/// What /proc tells about a process.
struct Usage {
  double cpu_seconds = 0;  ///< user + system
  double rss_mb = 0;       ///< resident now
  double peak_rss_mb = 0;  ///< VmHWM: the most it ever was
  int threads = 0;
  int descriptors = 0;
};

/// A child program: dies with us (PDEATHSIG), is ended by its pid, and never outlives this object.
class Process {
 public:
  /// Output of the child (stdout and stderr) goes to `log_path`. `environment` lines are NAME=value.
  Process(const std::vector<std::string>& argv, const std::string& log_path,
          const std::vector<std::string>& environment = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  bool running();
  Usage usage() const;
  pid_t pid() const { return pid_; }

  /// SIGTERM, then SIGKILL when it does not end in time. Returns the exit code, or 128 + signal.
  int stop(std::chrono::seconds patience = std::chrono::seconds(60));
  /// Of one that was told already. The same; -1 where it does not end in time.
  int wait(std::chrono::seconds patience = std::chrono::seconds(60)) {
    return wait_until(std::chrono::steady_clock::now() + patience);
  }
  void kill();

 private:
  pid_t pid_ = -1;
  int status_ = 0;
  int wait_until(std::chrono::steady_clock::time_point deadline);
};

/// A TCP port of loopback that nobody listens on now.
int free_port();

/// A new directory under `parent`, removed with its content at the end.
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
