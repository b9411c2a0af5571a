#pragma once

#include <atomic>
#include <future>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "sluice/pipeline.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace sluice::test {

/// The path of the program of handler_program.cpp, for tests that kill it.
std::string handler_program_path();

/// An io_context with threads and a pipeline on it, as a user's program would have.
class HostedPipeline {
 public:
  HostedPipeline(Config config, int threads);
  /// Stops the pipeline, and waits for it.
  ~HostedPipeline();

  Pipeline& pipeline() { return *pipeline_; }
  boost::asio::io_context& io() { return io_; }
  void start();
  /// Starts it, and waits until it streams. False if it ends instead.
  bool ready();
  /// Waits until it ends, by itself or after a stop. Throws what Pipeline::run() throws.
  RunResult wait();
  RunResult stop();
  std::stop_source& stop_source() { return stop_; }
  /// Whether the log contains `text`.
  bool logged(const std::string& text) const;
  std::string log() const;

 private:
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::stop_source stop_;
  std::promise<RunResult> ended_;
  std::future<RunResult> end_;
  std::atomic<bool> ready_ = false;
  std::atomic<bool> over_ = false;
  mutable std::mutex mutex_;
  std::string log_;  ///< guarded by the mutex
  std::optional<Pipeline> pipeline_;
  std::vector<std::jthread> threads_;
};

}  // namespace sluice::test
