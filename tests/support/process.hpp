#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::test {

using Environment = std::map<std::string, std::string>;

/// A child process. It dies with the thread that started it (PR_SET_PDEATHSIG), and with this object.
class Process {
 public:
  struct Options {
    std::vector<std::string> command;
    Environment environment;  ///< added to ours, without the names that Sluice itself reads
    std::filesystem::path out = "/dev/null";
    std::filesystem::path err = "/dev/null";
  };

  explicit Process(const Options& options);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  /// The exit code (128 + n after signal n), or nothing while it runs.
  std::optional<int> exit_code();
  /// Waits for the end.
  std::optional<int> wait(std::chrono::milliseconds patience);
  void kill9();

 private:
  pid_t pid_ = -1;
  std::optional<int> exit_code_;
};

/// Where PATH has a program, or Debian puts those that a user's PATH may not lead to. Throws when it is not
/// there.
std::string find_program(const std::string& name);

/// Resident memory now, and at its highest, from /proc.
struct Memory {
  double rss_mb = 0;
  double peak_mb = 0;
};
Memory memory_of(pid_t pid);

/// What else a process may leak.
struct Handles {
  int descriptors = 0;
  int threads = 0;
};
Handles handles_of(pid_t pid);

/// Machines and sanitizers differ in speed: patience is stretched, never a result.
std::chrono::milliseconds patience(std::chrono::milliseconds usual);
/// Whether a sanitizer is built in: it slows everything down and makes memory figures meaningless.
bool sanitized();

}  // namespace sluice::test
