#include "observe/log/log.hpp"

#include <spdlog/details/os.h>
#include <spdlog/formatter.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <chrono>
#include <cstdlib>
#include <string>

#include "text/json.hpp"
#include "text/printable.hpp"

namespace sluice::observe {
namespace {

/// 2024-05-01T10:20:30.123Z
std::string timestamp(spdlog::log_clock::time_point time) {
  const auto since_epoch = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch - seconds).count();
  const std::tm parts = spdlog::details::os::gmtime(static_cast<std::time_t>(seconds.count()));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, millis);
}

std::string_view view(spdlog::string_view_t text) {
  return {text.data(), text.size()};
}

std::string level_name(spdlog::level::level_enum level) {
  return std::string(view(spdlog::level::to_string_view(level)));
}

void append(spdlog::memory_buf_t& out, std::string_view text) {
  out.append(text.data(), text.data() + text.size());
}

/// Writes each message as one JSON object on one line.
class JsonFormatter : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    line_ = R"({"time":")" + timestamp(message.time) + R"(","level":")" + level_name(message.level) +
            R"(","message":)";
    text::append_json(line_, view(message.payload));
    const std::string_view fields = view(message.logger_name);  // see log_fields.hpp
    if (fields.starts_with(',')) line_ += fields;
    line_ += "}\n";
    append(out, line_);
  }

  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<JsonFormatter>(); }

 private:
  std::string line_;
};

/// Writes each message as one line, even if a document or a server put control characters into it.
class TextFormatter : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    if (text::is_printable(view(message.payload))) {
      lines_.format(message, out);
      return;
    }
    const std::string payload = text::printable(view(message.payload));
    spdlog::details::log_msg safe = message;
    safe.payload = payload;
    lines_.format(safe, out);
    message.color_range_start = safe.color_range_start;
    message.color_range_end = safe.color_range_end;
  }

  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<TextFormatter>(); }

 private:
  // %^..%$ is the part that is coloured on a terminal.
  spdlog::pattern_formatter lines_{"%Y-%m-%dT%H:%M:%S.%eZ %^%-7l%$ %v", spdlog::pattern_time_type::utc};
};

std::unique_ptr<spdlog::formatter> make_formatter(LogFormat format) {
  if (format == LogFormat::json) return std::make_unique<JsonFormatter>();
  return std::make_unique<TextFormatter>();
}

spdlog::level::level_enum level_of(std::string_view level) {
  return level == "warn" ? spdlog::level::warn : spdlog::level::from_str(std::string(level));
}

}  // namespace

std::shared_ptr<spdlog::logger> make_logger(std::string_view level, LogFormat format,
                                            std::shared_ptr<spdlog::sinks::sink> sink) {
  auto logger = std::make_shared<spdlog::logger>("sluice", std::move(sink));
  logger->set_formatter(make_formatter(format));
  logger->set_level(level_of(level));
  logger->flush_on(spdlog::level::trace);
  return logger;
}

std::shared_ptr<spdlog::sinks::sink> stderr_sink(LogFormat format) {
  if (format == LogFormat::json) return std::make_shared<spdlog::sinks::stderr_sink_mt>();
  const char* no_color = std::getenv("NO_COLOR");  // no-color.org
  const auto mode =
      no_color != nullptr && *no_color != '\0' ? spdlog::color_mode::never : spdlog::color_mode::automatic;
  return std::make_shared<spdlog::sinks::stderr_color_sink_mt>(mode);
}

std::shared_ptr<spdlog::logger> make_logger(std::string_view level, LogFormat format) {
  return make_logger(level, format, stderr_sink(format));
}

}  // namespace sluice::observe
