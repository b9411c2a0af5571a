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

/// What a log line is about. A JSON line has each field that is set, next to its message; a text line has
/// only its message. The fields refer to the caller's texts.
struct LogFields {
  std::string_view stream = {};  ///< texts are left out if they are empty
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

/// Writes one line to all sinks of the logger, even if `level` is below the logger's. Thread-safe, does not
/// throw.
void write_line(spdlog::logger& logger, spdlog::level::level_enum level, const LogFields& fields,
                std::string_view message) noexcept;

/// A logger for one stream or one partition: each line begins with the title and has the stream's fields. A
/// call below the logger's level costs only a comparison. The logger must outlive this object. Thread-safe.
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

  /// Logs a line with `fields` in addition to those of the stream.
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
