#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/temporary_directory.hpp"
#include "workbench/net.hpp"

namespace sluice::test {

/// What a run of the program that ends by itself had to say.
struct Outcome {
  int exit_code = -1;  ///< -1: it had to be killed
  std::string out;
  std::string err;
};

/// The path of the program under test.
std::string program_path();

/// The program of tests/programs/extended.cpp, which has rules and sinks of its own.
std::string extended_program();
/// A program of deploy/examples/library: `rule` or `sink`.
std::string library_example_program(const std::string& name);

/// Runs `<program> <arguments>` to its end.
Outcome run_program(const std::string& program, const std::vector<std::string>& arguments,
                    const Environment& environment = {});

/// Runs `sluice <arguments>` to its end.
Outcome run_sluice(const std::vector<std::string>& arguments, const Environment& environment = {});

/// The same, left running.
std::unique_ptr<Process> start_sluice(const std::vector<std::string>& arguments);

/// A `sluice run` with an HTTP port of its own; what it says is kept in files.
class Worker {
 public:
  struct Options {
    std::string file;
    std::string program = {};  ///< "": the program under test
    std::vector<std::string> flags = {};
    Environment environment = {};
    int shard_count = 1;
    int shard_index = 0;
    bool connector = false;  ///< `sluice connector` with these flags and variables, without a file: a member
    int partitions = 0;      ///< of a cluster, whose member it is; 0: a static shard
  };

  explicit Worker(const Options& options);

  /// Waits for the ready line. Throws, with all that the worker said, when it does not come.
  Worker& ready();
  /// Waits until stderr holds `text`; false when the worker ends or the time is up before.
  bool logs(const std::string& text, std::chrono::milliseconds usual = std::chrono::seconds(20));

  /// SIGTERM, and the exit code (-1: it had to be killed).
  int terminate();
  /// Waits for an end that something else has brought about.
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
  /// Ready, and no server that messages wait for is down.
  bool well() const { return get("/readyz").body.starts_with(R"({"status":"READY")"); }
  workbench::Metrics metrics() const { return workbench::Metrics(get("/metrics").body); }
  /// Everything that is known about it, for a failed test's message.
  std::string story() const;

 private:
  Options options_;
  TemporaryDirectory folder_;
  workbench::Port port_;
  std::unique_ptr<Process> process_;
};

}  // namespace sluice::test
