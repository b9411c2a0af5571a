#pragma once

#include <spdlog/logger.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "async/strand.hpp"
#include "mongo/who_answers.hpp"
#include "observe/metrics.hpp"
#include "observe/readiness.hpp"
#include "pipeline/feed_offer.hpp"
#include "sluice/config.hpp"
#include "worker/stream_supervisor.hpp"

namespace sluice::worker {

/// The streams of a configuration and the threads that run them. Used by the worker process and by the
/// Pipeline class of the library. It touches nothing process-wide: no signals, no output.
class StreamRuntime {
 public:
  /// Called on the strand.
  struct Events {
    std::function<void(const std::string& line)> say = [](const std::string&) {
    };                                    ///< a line that scripts wait for
    std::function<void()> ready = [] {};  ///< once: all streams are open
    std::function<void(const std::string& why)> refused = [](const std::string&) {};
    std::function<void()> stopping = [] {};  ///< once: after stop(), or because a stream failed
    std::function<void()> ended = [] {};     ///< once: all streams have ended
  };

  /// `config` must outlive it. Throws Stop if it cannot listen for other instances.
  StreamRuntime(const Config& config, std::shared_ptr<spdlog::logger> log, Events events);
  StreamRuntime(const StreamRuntime&) = delete;
  StreamRuntime& operator=(const StreamRuntime&) = delete;

  /// Tries to reach the MongoDB server of each stream, and logs its hosts and what went wrong, without
  /// waiting for the driver's own timeout. Returns the worst result. Blocks for about a second at most per
  /// server.
  mongo::FirstLook look_at_servers();

  /// Throws ConfigError and Stop if a stream cannot be made.
  void start(const std::vector<StreamConfig>& streams) { supervisor_.start(streams); }
  /// Runs until all streams have ended, on Config::engine.workers threads including the calling one. Call it
  /// once.
  void run();
  /// Call it on the strand.
  void stop();
  bool stopping() const { return stopping_; }
  /// Waits until the ended streams are destroyed. May hang in a call to a server.
  void tear_down();

  int exit_code() const { return exit_code_; }
  /// The error as a sentence. Call it only if the exit code is not ok. Thread-safe.
  std::string why() const;

  /// How long a stop may take. What has not ended by then hangs in a call to a server that does not answer.
  std::chrono::milliseconds stop_bound() const;

  asio::io_context& io() { return io_; }
  const Strand& strand() const { return strand_; }
  StreamSupervisor& supervisor() { return supervisor_; }
  const StreamSupervisor& supervisor() const { return supervisor_; }
  observe::Metrics& metrics() { return metrics_; }
  observe::Readiness& readiness() { return readiness_; }

 private:
  void run_handlers();
  void on_failed(int exit_code);
  void note_why(const std::string& why);
  void on_exception(const std::exception_ptr& thrown);

  const Config& config_;
  std::shared_ptr<spdlog::logger> log_;
  Events events_;
  observe::Metrics metrics_;
  observe::Readiness readiness_;
  asio::thread_pool teardown_{1};
  asio::io_context io_;
  Strand strand_;
  asio::executor_work_guard<asio::io_context::executor_type> guard_;
  std::shared_ptr<flow::BudgetPool> memory_;
  pipeline::FeedOffer offer_;
  std::shared_ptr<source::Feeds> feeds_;
  StreamSupervisor supervisor_;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> exit_code_ = exit_code::ok;  ///< written on the strand, read where the process ends
  mutable std::mutex why_mutex_;
  std::string why_;  ///< guarded by the mutex
};

}  // namespace sluice::worker
