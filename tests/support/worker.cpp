#include "support/worker.hpp"

#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include "support/sanitizers.hpp"
#include "workbench/eventually.hpp"

namespace sluice::test {

/// The program built with the tests, or the one that SLUICE_TEST_PROGRAM names (such as a sanitized one).
std::string program_path() {
  const char* other = std::getenv("SLUICE_TEST_PROGRAM");
  return other != nullptr ? other : SLUICE_PROGRAM;
}

std::string extended_program() {
  return SLUICE_EXTENDED;
}

std::string library_example_program(const std::string& name) {
  return SLUICE_LIBRARY_EXAMPLES + name;
}

namespace {

using namespace std::chrono_literals;
using workbench::eventually;

Environment with_sanitizer_settings(Environment environment) {
  environment.merge(sanitizer_settings());
  return environment;
}

std::vector<std::string> run_command(const Worker::Options& options, const std::string& port) {
  if (options.connector) {
    std::vector<std::string> command = {program_path(), "connector"};
    command.insert(command.end(), options.flags.begin(), options.flags.end());
    return command;
  }
  const std::string program = options.program.empty() ? program_path() : options.program;
  std::vector<std::string> command = {program, "run", options.file, "--http-port", port};
  const std::vector<std::string> part =
      options.partitions > 0 ? std::vector<std::string>{"--partitions", std::to_string(options.partitions)}
                             : std::vector<std::string>{"--shard-count", std::to_string(options.shard_count),
                                                        "--shard-index", std::to_string(options.shard_index)};
  command.insert(command.end(), part.begin(), part.end());
  command.insert(command.end(), options.flags.begin(), options.flags.end());
  return command;
}

/// Adds the HTTP port for a connector, in the variables of the connectors that it replaces.
Environment environment_of(const Worker::Options& options, const std::string& port) {
  Environment environment = with_sanitizer_settings(options.environment);
  if (options.connector) {
    environment.insert({{"HTTP_PORT", port}, {"SERVER_ADDR", "127.0.0.1:" + port}});
  }
  return environment;
}

}  // namespace

Outcome run_program(const std::string& program, const std::vector<std::string>& arguments,
                    const Environment& environment) {
  const TemporaryDirectory folder;
  const auto out = folder.path() / "out";
  const auto err = folder.path() / "err";
  std::vector<std::string> command = {program};
  command.insert(command.end(), arguments.begin(), arguments.end());
  Process process({command, with_sanitizer_settings(environment), out, err});
  const int code = process.wait(patience(60s)).value_or(-1);
  return {code, read_file(out), read_file(err)};
}

Outcome run_sluice(const std::vector<std::string>& arguments, const Environment& environment) {
  return run_program(program_path(), arguments, environment);
}

std::unique_ptr<Process> start_sluice(const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {program_path()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return std::make_unique<Process>(
      Process::Options{.command = command, .environment = with_sanitizer_settings({})});
}

Worker::Worker(const Options& options) : options_(options) {
  process_ = std::make_unique<Process>(Process::Options{.command = run_command(options_, port_.text()),
                                                        .environment = environment_of(options_, port_.text()),
                                                        .out = folder_.path() / "out",
                                                        .err = folder_.path() / "err"});
}

Worker& Worker::ready() {
  const std::string line = options_.partitions > 0 || options_.connector
                               ? "__READY__MEMBER__\n"
                               : "__READY__SHARD__" + std::to_string(options_.shard_index) + "_OF_" +
                                     std::to_string(options_.shard_count) + "__\n";
  eventually(patience(60s), [&] { return out().find(line) != std::string::npos || !running(); });
  if (out().find(line) == std::string::npos)
    throw std::runtime_error("the worker did not become ready\n" + story());
  return *this;
}

bool Worker::logs(const std::string& text, std::chrono::milliseconds usual) {
  eventually(patience(usual), [&] { return err().find(text) != std::string::npos || !running(); });
  return err().find(text) != std::string::npos;
}

void Worker::ask_to_stop() {
  // It listens on its HTTP port after it has set up its signals.
  eventually(patience(20s), [&] { return workbench::listens(port_.number()) || !running(); });
  signal(SIGTERM);
}

int Worker::terminate() {
  ask_to_stop();
  return wait(60s);
}

int Worker::wait(std::chrono::milliseconds usual) {
  return process_->wait(patience(usual)).value_or(-1);
}

std::string Worker::story() const {
  const auto code = process_->exit_code();
  return "worker " + std::to_string(options_.shard_index) + " of " + std::to_string(options_.shard_count) +
         ", " + (code ? "ended with " + std::to_string(*code) : "running") + "\n--- stdout\n" + out() +
         "--- stderr\n" + err();
}

}  // namespace sluice::test
