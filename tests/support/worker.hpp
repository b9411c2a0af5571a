#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/temporary_directory.hpp"
#include "workbench/net.hpp"

namespace sluice::test {

/// The result of a program that ran to its end.
struct Outcome {
  int exit_code = -1;  ///< -1 if it did not end in time and was killed
  std::string out;
  std::string err;
};

/// The path of the program under test.
std::string program_path();

/// The path of the program of tests/programs/extended.cpp, which adds its own rules and sinks.
std::string extended_program();
/// The path of a program of deploy/examples/library: `rule` or `sink`.
std::string library_example_program(const std::string& name);

/// Runs `<program> <arguments>` to its end.
Outcome run_program(const std::string& program, const std::vector<std::string>& arguments,
                    const Environment& environment = {});

/// Runs `sluice <arguments>` to its end.
Outcome run_sluice(const std::vector<std::string>& arguments, const Environment& environment = {});

/// Starts `sluice <arguments>` without waiting for it.
std::unique_ptr<Process> start_sluice(const std::vector<std::string>& arguments);

/// A process of `sluice run` with its own HTTP port. Its output goes to files.
class Worker {
 public:
  struct Options {
    std::string file;
    std::string program = {};  ///< "": the program under test
    std::vector<std::string> flags = {};
    Environment environment = {};
    int shard_count = 1;
    int shard_index = 0;
    bool connector = false;  ///< runs `sluice connector` without a file; it is a member of a cluster
    int partitions = 0;      ///< the number of partitions of its cluster; 0: it is a static shard
  };

  explicit Worker(const Options& options);

  /// Waits for the ready line. Throws, with all output of the worker, if it does not appear.
  Worker& ready();
  /// Waits until stderr contains `text`. False if the worker ends first or the time is up.
  bool logs(const std::string& text, std::chrono::milliseconds usual = std::chrono::seconds(20));

  /// Sends SIGTERM, as soon as the program handles it: one that has just been started would be killed by it.
  void ask_to_stop();
  /// Asks it to stop, waits, and returns the exit code; -1 if it did not end in time.
  int terminate();
  /// Waits until it ends, and returns the exit code; -1 if it did not end in time.
  int wait(std::chrono::milliseconds usual = std::chrono::seconds(30));
  void signal(int number) const { process_->signal(number); }
  void kill9() const { process_->kill9(); }
  bool running() const { return !process_->exit_code(); }

  std::string out() const { return read_file(folder_.path() / "out"); }
  std::string err() const { return read_file(folder_.path() / "err"); }
  std::string port() const { return port_.text(); }
  Memory memory() const { return memory_of(process_->pid()); }
  Handles handles() const { return handles_of(process_->pid()); }
  workbench::HttpReply get(const std::string& path) const {
    return workbench::http_get(port_.number(), path);
  }
  /// Whether it is ready and not degraded.
  bool well() const { return get("/readyz").body.starts_with(R"({"status":"READY")"); }
  workbench::Metrics metrics() const { return workbench::Metrics(get("/metrics").body); }
  /// Its state and all its output, for the message of a failed test.
  std::string story() const;

 private:
  Options options_;
  TemporaryDirectory folder_;
  workbench::Port port_;
  std::unique_ptr<Process> process_;
};

}  // namespace sluice::test
