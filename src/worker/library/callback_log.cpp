#include "worker/library/callback_log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/null_sink.h>

#include <mutex>
#include <utility>

#include "observe/log/log.hpp"

namespace sluice {

namespace {

LogLevel level_of(spdlog::level::level_enum level) {
  if (level <= spdlog::level::debug) return LogLevel::debug;
  if (level == spdlog::level::info) return LogLevel::info;
  return level == spdlog::level::warn ? LogLevel::warning : LogLevel::error;
}

class CallbackSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit CallbackSink(std::function<void(LogLevel, std::string_view)> log) : log_(std::move(log)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    try {
      log_(level_of(message.level), {message.payload.data(), message.payload.size()});
    } catch (...) {  // NOLINT: exceptions of the log function are ignored, as its documentation says
    }
  }
  void flush_() override {}

  std::function<void(LogLevel, std::string_view)> log_;
};

}  // namespace

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      break;
  }
  return "error";
}

std::shared_ptr<spdlog::logger> callback_log(const std::string& level,
                                             std::function<void(LogLevel, std::string_view)> log) {
  if (log)
    return observe::make_logger(level, LogFormat::text, std::make_shared<CallbackSink>(std::move(log)));
  auto silent = std::make_shared<spdlog::logger>("sluice", std::make_shared<spdlog::sinks::null_sink_mt>());
  silent->set_level(spdlog::level::off);
  return silent;
}

}  // namespace sluice
