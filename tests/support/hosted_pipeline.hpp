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

/// A program with a handler (handler_program.cpp), to be killed.
std::string handler_program_path();

/// A program in small: an io_context with threads, and a pipeline on it.
class HostedPipeline {
 public:
  HostedPipeline(Config config, int threads);
  /// Stops the pipeline, and waits for it.
  ~HostedPipeline();

  Pipeline& pipeline() { return *pipeline_; }
  boost::asio::io_context& io() { return io_; }
  void start();
  /// Starts it, and waits until it streams.
  bool ready();
  /// Waits for the end that it comes to by itself, or after a stop. Throws what run() throws.
  RunResult wait();
  RunResult stop();
  std::stop_source& stop_source() { return stop_; }
  /// Of the log.
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
  std::string log_;  ///< behind the mutex
  std::optional<Pipeline> pipeline_;
  std::vector<std::jthread> threads_;
};

}  // namespace sluice::test
