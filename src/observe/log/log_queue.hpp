#pragma once

#include <spdlog/details/log_msg_buffer.h>
#include <spdlog/sinks/sink.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

namespace sluice::observe {

/// How much a LogQueue holds.
struct LogQueueLimits {
  std::size_t lines = 8192;
  std::size_t lines_for_errors = 1024;  ///< additional lines, for errors only
  std::size_t bytes = 16 << 20;         ///< errors may use twice as many
};

/// Writes lines to another sink on its own thread, so that callers never wait for a terminal, a pipe or a
/// disk. log() never blocks: while the queue is full, new lines are dropped and counted, errors last. When
/// there is room again, a line says how many were dropped. Thread-safe.
class LogQueue final : public spdlog::sinks::sink {
 public:
  explicit LogQueue(std::shared_ptr<spdlog::sinks::sink> inner, LogQueueLimits limits = {});
  /// Waits until everything that is queued is written. If the inner sink may block for ever, call drain()
  /// first to find out.
  ~LogQueue() override;

  void log(const spdlog::details::log_msg& message) override;
  void flush() override {}  ///< a line is flushed as soon as it is written
  void set_pattern(const std::string& pattern) override;
  void set_formatter(std::unique_ptr<spdlog::formatter> formatter) override;

  /// Waits until everything that was logged before is written, but at most for `time`. Returns whether it is
  /// written.
  bool drain(std::chrono::milliseconds time);
  /// How many lines were dropped so far.
  std::uint64_t dropped() const;

 private:
  void write(const std::stop_token& stop);
  void put(const spdlog::details::log_msg& message);
  void tell_dropped(std::uint64_t lines);
  bool has_room(const spdlog::details::log_msg& message) const;

  const std::shared_ptr<spdlog::sinks::sink> inner_;
  const LogQueueLimits limits_;
  mutable std::mutex mutex_;  ///< never held while a line is written
  std::condition_variable_any changed_;
  // Guarded by mutex_:
  std::deque<spdlog::details::log_msg_buffer> queue_;
  std::size_t bytes_ = 0;
  bool writing_ = false;
  std::uint64_t dropped_ = 0;
  std::uint64_t dropped_untold_ = 0;

  std::jthread thread_;  ///< declared last, so that it ends before the members it uses
};

}  // namespace sluice::observe
