#include "worker.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace storm {
namespace {

using namespace std::chrono_literals;
constexpr std::size_t kTail = 2000;

/// Replaces the file in one step: a worker that starts at the same time may be reading it.
std::string write_rules(const WorkerOptions& options) {
  const std::string path = options.folder + "/" + options.pipeline + ".yaml";
  std::ofstream(path + ".new") << "pipeline: " << options.pipeline << "\nrules:\n" << options.rules;
  std::filesystem::rename(path + ".new", path);
  return path;
}

std::vector<std::string> arguments(const WorkerOptions& options, int port) {
  std::vector<std::string> out = {options.sluice,   "run",         write_rules(options),
                                  "--mongodb-uri",  options.uri,   "--database",
                                  options.database, "--http-port", std::to_string(port)};
  if (options.shares_feed)
    out.insert(out.end(), {"--feed-host", "127.0.0.1", "--feed-port", std::to_string(free_port())});
  out.insert(out.end(), options.flags.begin(), options.flags.end());
  return out;
}

std::string content(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The path of a new log file for each start, so that an old ready line is not mistaken for a new one.
std::string fresh_log(const WorkerOptions& options) {
  for (int i = 0;; ++i) {
    std::string path = options.folder + "/" + options.pipeline + "-" + std::to_string(i) + ".log";
    if (!std::ifstream(path)) return path;
  }
}

}  // namespace

Worker::Worker(const WorkerOptions& options)
    : port_(free_port()), log_(fresh_log(options)), process_(arguments(options, port_), log_) {}

void Worker::wait_ready(std::chrono::seconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (content(log_).find("__READY__") == std::string::npos) {
    expect_running();
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error("the worker did not become ready:\n" + log_tail());
    std::this_thread::sleep_for(2ms);
  }
}

void Worker::expect_running() {
  if (!process_.running()) throw std::runtime_error("the worker ended:\n" + log_tail());
}

Metrics Worker::metrics() const {
  return Metrics::parse(http_get(port_, "/metrics"));
}

void Worker::stop() {
  expect_success(process_.stop());
}

void Worker::wait() {
  expect_success(process_.wait());
}

void Worker::expect_success(int code) const {
  if (code != 0)
    throw std::runtime_error("the worker ended with " + std::to_string(code) + ":\n" + log_tail());
}

std::string Worker::log_tail() const {
  const std::string text = content(log_);
  return text.size() > kTail ? text.substr(text.size() - kTail) : text;
}

}  // namespace storm
