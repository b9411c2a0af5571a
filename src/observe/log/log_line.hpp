#pragma once

#include <spdlog/common.h>
#include <spdlog/fmt/fmt.h>
#include <spdlog/logger.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sluice/error.hpp"

namespace sluice::observe {

/// What a line is about. JSON lines contain these as fields next to the message; text lines contain only the
/// message. Refers to texts of the caller.
struct LogFields {
  std::string_view stream = {};  ///< empty fields are left out
  std::string_view rule = {};
  std::string_view document = {};
  std::optional<int> partition = {};
  std::optional<int> lane = {};
  std::optional<std::int32_t> code = {};

  static LogFields of(const Error& error) {
    LogFields fields;
    fields.code = error.code;
    return fields;
  }
};

/// Writes a line to all sinks of the logger, whatever its level. Thread-safe; does not throw.
void write_line(spdlog::logger& logger, spdlog::level::level_enum level, const LogFields& fields,
                std::string_view message) noexcept;

/// A logger for a stream or partition: each line begins with its title and has its fields. Below the logger's
/// level a call costs one comparison. The logger must outlive it. Thread-safe.
class StreamLog {
 public:
  explicit StreamLog(spdlog::logger& logger, std::string title = {}, std::string stream = {},
                     std::optional<int> partition = {})
      : logger_(&logger), title_(std::move(title)), stream_(std::move(stream)), partition_(partition) {}

  template <typename... Args>
  using Format = fmt::format_string<Args...>;

  template <typename... Args>
  void debug(Format<Args...> text, Args&&... args) const {
    log(spdlog::level::debug, {}, text, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void info(Format<Args...> text, Args&&... args) const {
    log(spdlog::level::info, {}, text, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void warn(Format<Args...> text, Args&&... args) const {
    log(spdlog::level::warn, {}, text, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void warn(const LogFields& fields, Format<Args...> text, Args&&... args) const {
    log(spdlog::level::warn, fields, text, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void error(Format<Args...> text, Args&&... args) const {
    log(spdlog::level::err, {}, text, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void error(const LogFields& fields, Format<Args...> text, Args&&... args) const {
    log(spdlog::level::err, fields, text, std::forward<Args>(args)...);
  }

  /// `fields` are added to those of the stream.
  template <typename... Args>
  void log(spdlog::level::level_enum level, LogFields fields, Format<Args...> text, Args&&... args) const {
    if (!logger_->should_log(level)) return;
    fmt::memory_buffer message;
    begin(message, fields);
    fmt::format_to(fmt::appender(message), text, std::forward<Args>(args)...);
    write_line(*logger_, level, fields, {message.data(), message.size()});
  }

 private:
  void begin(fmt::memory_buffer& message, LogFields& fields) const;

  spdlog::logger* logger_;
  std::string title_;
  std::string stream_;
  std::optional<int> partition_;
};

}  // namespace sluice::observe
