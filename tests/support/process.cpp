#include "support/process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include "workbench/eventually.hpp"

namespace sluice::test {
namespace {

/// Whether Sluice reads this environment variable. Such variables of the tests' own environment must not
/// reach the program under test.
bool belongs_to_sluice(std::string_view entry) {
  constexpr std::array<std::string_view, 10> prefixes = {"AWS_",        "KAFKA_",       "RABBITMQ_",
                                                         "SLUICE_",     "MONGODB_URI=", "SHARD_",
                                                         "MONGO_",      "NATS_",        "REDIS_",
                                                         "CONFIG_FILE="};
  return std::ranges::any_of(prefixes, [&](std::string_view prefix) { return entry.starts_with(prefix); });
}

std::vector<std::string> environment_with(const Environment& added) {
  std::vector<std::string> entries;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!belongs_to_sluice(*entry)) entries.emplace_back(*entry);
  }
  for (const auto& [name, value] : added) entries.push_back(name + "=" + value);
  return entries;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

void redirect(const char* path, int descriptor) {
  const int file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (file < 0 || dup2(file, descriptor) < 0) _exit(127);
  close(file);
}

/// Runs in the child between fork and exec, where only async-signal-safe calls are allowed.
[[noreturn]] void become(char* const* arguments, char* const* environment, const char* out, const char* err,
                         pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  // Close the test's own descriptors: a socket that stays open in a child could not be reset, nor its port
  // reused.
  close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  redirect(out, STDOUT_FILENO);
  redirect(err, STDERR_FILENO);
  execve(arguments[0], arguments, environment);
  _exit(127);
}

}  // namespace

Process::Process(const Options& options) {
  auto command = options.command;
  auto environment = environment_with(options.environment);
  const auto arguments = pointers(command);
  const auto variables = pointers(environment);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("cannot fork");
  if (pid_ == 0) become(arguments.data(), variables.data(), options.out.c_str(), options.err.c_str(), parent);
}

Process::~Process() {
  kill9();
}

void Process::signal(int number) const {
  if (!exit_code_) ::kill(pid_, number);
}

std::optional<int> Process::exit_code() {
  int status = 0;
  if (!exit_code_ && waitpid(pid_, &status, WNOHANG) == pid_) {
    exit_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }
  return exit_code_;
}

std::optional<int> Process::wait(std::chrono::milliseconds patience) {
  workbench::eventually(patience, [&] { return exit_code().has_value(); });
  return exit_code();
}

void Process::kill9() {
  if (exit_code()) return;
  signal(SIGKILL);
  wait(std::chrono::seconds(30));
}

std::string find_program(const std::string& name) {
  const char* named = std::getenv("PATH");
  std::stringstream folders(std::string(named == nullptr ? "" : named) + ":/usr/sbin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::string path = folder + "/" + name;
    if (access(path.c_str(), X_OK) == 0) return path;
  }
  throw std::runtime_error("no " + name + ": tools/setup installs it");
}

std::string tool_output(const char* variable, const std::string& tool) {
  if (const char* named = std::getenv(variable)) return named;
  const std::string command = SLUICE_TOOLS "/" + tool;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::array<char, 512> line{};
  if (!pipe || std::fgets(line.data(), line.size(), pipe.get()) == nullptr) return "";
  std::string text = line.data();
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

Memory memory_of(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  Memory memory;
  std::string name;
  while (status >> name) {
    double kilobytes = 0;
    if (name == "VmRSS:" && status >> kilobytes) memory.rss_mb = kilobytes / 1024;
    if (name == "VmHWM:" && status >> kilobytes) memory.peak_mb = kilobytes / 1024;
  }
  return memory;
}

Handles handles_of(pid_t pid) {
  const auto entries = [&](const char* folder) {
    const std::filesystem::directory_iterator all("/proc/" + std::to_string(pid) + "/" + folder);
    return static_cast<int>(std::distance(begin(all), end(all)));
  };
  return {entries("fd"), entries("task")};
}

bool sanitized() {
#ifdef SLUICE_SANITIZED
  return true;
#else
  return std::getenv("SLUICE_TEST_SANITIZED") != nullptr;
#endif
}

std::chrono::milliseconds patience(std::chrono::milliseconds usual) {
  return sanitized() ? 4 * usual : usual;
}

}  // namespace sluice::test
