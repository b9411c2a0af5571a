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

/// A child process. It is killed when the thread that started it ends (PR_SET_PDEATHSIG), or when this object
/// is destroyed.
class Process {
 public:
  struct Options {
    std::vector<std::string> command;
    Environment environment;  ///< added to the test's own environment without the variables of Sluice
    std::filesystem::path out = "/dev/null";
    std::filesystem::path err = "/dev/null";
  };

  explicit Process(const Options& options);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  /// The exit code (128 + n after signal n); absent while it runs.
  std::optional<int> exit_code();
  /// Waits until it ends, and returns the exit code; absent if it still runs after `patience`.
  std::optional<int> wait(std::chrono::milliseconds patience);
  void kill9();

 private:
  pid_t pid_ = -1;
  std::optional<int> exit_code_;
};

/// The path of a program in PATH or in /usr/sbin, which is not in every user's PATH. Throws if there is none.
std::string find_program(const std::string& name);

/// The value of the environment variable if it is set, and else the first line that this program of tools/
/// prints; "" if it fails.
std::string tool_output(const char* variable, const std::string& tool);

/// Present and peak resident memory, from /proc.
struct Memory {
  double rss_mb = 0;
  double peak_mb = 0;
};
Memory memory_of(pid_t pid);

/// Other resources that a process may leak.
struct Handles {
  int descriptors = 0;
  int threads = 0;
};
Handles handles_of(pid_t pid);

/// How long to wait for something that usually takes at most `usual`: longer with a sanitizer.
std::chrono::milliseconds patience(std::chrono::milliseconds usual);
/// Whether a sanitizer is built in. It slows everything down, and memory use says nothing.
bool sanitized();

}  // namespace sluice::test
