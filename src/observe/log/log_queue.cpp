#include "observe/log/log_queue.hpp"

#include <spdlog/fmt/fmt.h>

#include <utility>

namespace sluice::observe {

namespace {

/// The size of a line's message and fields. The fields are in the place of the logger's name; see
/// log_fields.hpp.
std::size_t size_of(const spdlog::details::log_msg& message) {
  const auto& fields = message.logger_name;
  const bool any = fields.size() > 0 && *fields.data() == ',';
  return message.payload.size() + (any ? fields.size() : 0);
}

}  // namespace

LogQueue::LogQueue(std::shared_ptr<spdlog::sinks::sink> inner, LogQueueLimits limits)
    : inner_(std::move(inner)),
      limits_(limits),
      thread_([this](const std::stop_token& stop) { write(stop); }) {}

LogQueue::~LogQueue() = default;

void LogQueue::set_pattern(const std::string& pattern) {
  inner_->set_pattern(pattern);
}

void LogQueue::set_formatter(std::unique_ptr<spdlog::formatter> formatter) {
  inner_->set_formatter(std::move(formatter));
}

bool LogQueue::has_room(const spdlog::details::log_msg& message) const {
  const bool error = message.level >= spdlog::level::err;
  const std::size_t lines = limits_.lines + (error ? limits_.lines_for_errors : 0);
  const std::size_t bytes = error ? 2 * limits_.bytes : limits_.bytes;
  return queue_.size() < lines && bytes_ + size_of(message) <= bytes;
}

void LogQueue::log(const spdlog::details::log_msg& message) {
  const std::lock_guard lock(mutex_);
  if (!has_room(message)) {
    ++dropped_;
    ++dropped_untold_;
    return;
  }
  queue_.emplace_back(message);
  bytes_ += size_of(message);
  changed_.notify_all();
}

bool LogQueue::drain(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, time,
                           [this] { return queue_.empty() && !writing_ && dropped_untold_ == 0; });
}

std::uint64_t LogQueue::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

/// A failure to write a line cannot be reported anywhere. The next line is still tried.
void LogQueue::put(const spdlog::details::log_msg& message) {
  try {
    inner_->log(message);
    inner_->flush();
  } catch (const std::exception&) {
    const std::lock_guard lock(mutex_);
    ++dropped_;
  }
}

void LogQueue::tell_dropped(std::uint64_t lines) {
  const std::string text =
      fmt::format("{} log lines were dropped: they could not be written fast enough", lines);
  put(spdlog::details::log_msg("sluice", spdlog::level::warn, text));
}

void LogQueue::write(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, stop, [this] { return !queue_.empty() || dropped_untold_ > 0; });
    if (queue_.empty() && dropped_untold_ == 0) return;  // stop was requested, and everything is written
    writing_ = true;
    if (queue_.empty()) {
      const std::uint64_t lines = std::exchange(dropped_untold_, 0);
      lock.unlock();
      tell_dropped(lines);
    } else {
      const spdlog::details::log_msg_buffer message = std::move(queue_.front());
      queue_.pop_front();
      bytes_ -= size_of(message);
      lock.unlock();
      put(message);
    }
    lock.lock();
    writing_ = false;
    changed_.notify_all();
  }
}

}  // namespace sluice::observe
