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

/// What a line is about. JSON lines have what is known of it as fields of these names, beside the message;
/// lines of text have what their message says. Refers to texts of the caller's.
struct LogFields {
  std::string_view stream = {};  ///< these are left out where they are empty
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

/// Writes one line to all that the logger writes to, whatever its level. Thread-safe, does not throw.
void write_line(spdlog::logger& logger, spdlog::level::level_enum level, const LogFields& fields,
                std::string_view message) noexcept;

/// A logger for one stream, or one partition: each line begins with its title, and has its fields. Below the
/// logger's level a call costs a comparison. Refers to the logger, which outlives it. Thread-safe.
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

  /// `fields` beside those of the stream.
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
