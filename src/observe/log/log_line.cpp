#include "observe/log/log_line.hpp"

#include <spdlog/details/log_msg.h>
#include <spdlog/sinks/sink.h>

#include <exception>

#include "observe/log/log_fields.hpp"
#include "text/json.hpp"

namespace sluice::observe {

namespace {

void append_text(std::string& json, std::string_view key, std::string_view text) {
  if (text.empty()) return;
  json.append(",\"").append(key).append("\":");
  text::append_json(json, text);
}

void append_number(std::string& json, std::string_view key, std::optional<std::int64_t> number) {
  if (number) json.append(",\"").append(key).append("\":").append(std::to_string(*number));
}

}  // namespace

std::string json_fields(const LogFields& fields) {
  std::string json;
  append_text(json, "stream", fields.stream);
  append_number(json, "partition", fields.partition);
  append_number(json, "lane", fields.lane);
  append_text(json, "rule", fields.rule);
  append_text(json, "document", fields.document);
  append_number(json, "code", fields.code);
  return json;
}

void write_line(spdlog::logger& logger, spdlog::level::level_enum level, const LogFields& fields,
                std::string_view message) noexcept {
  try {
    const std::string json = json_fields(fields);
    const spdlog::details::log_msg line(spdlog::string_view_t(json.data(), json.size()), level,
                                        spdlog::string_view_t(message.data(), message.size()));
    for (const auto& sink : logger.sinks()) {
      if (!sink->should_log(level)) continue;
      sink->log(line);
      if (level >= logger.flush_level()) sink->flush();
    }
  } catch (const std::exception&) {  // NOLINT: there is nowhere to report a line that cannot be written
  }
}

void StreamLog::begin(fmt::memory_buffer& message, LogFields& fields) const {
  if (fields.stream.empty()) fields.stream = stream_;
  if (!fields.partition) fields.partition = partition_;
  if (title_.empty()) return;
  message.append(title_);
  message.append(std::string_view(": "));
}

}  // namespace sluice::observe
