#include "pipeline/health/limited_lines.hpp"

#include <spdlog/logger.h>

namespace sluice::pipeline {

namespace {

constexpr std::size_t lines_a_minute = 20;
constexpr auto minute = std::chrono::minutes(1);

/// Returns `articles {"_id":1}` for the change `insert of articles {"_id":1}`.
std::string_view document_of(const sinks::StoredLetter& letter) {
  constexpr std::string_view of = " of ";
  const auto at = letter.change.find(of);
  return at == std::string::npos ? std::string_view()
                                 : std::string_view(letter.change).substr(at + of.size());
}

}  // namespace

LimitedLines::LimitedLines(observe::StreamLog log, observe::StreamMetrics& metrics, std::string stream)
    : log_(std::move(log)),
      stream_(std::move(stream)),
      letter_lines_(lines_a_minute, minute),
      notice_lines_(lines_a_minute, minute),
      reading_(log_, {metrics.large_events, metrics.events_read, metrics.events_dead}),
      outlet_lines_(lines_a_minute, minute) {}

void LimitedLines::letters(const std::vector<sinks::StoredLetter>& letters) {
  const flow::Time now = flow::Clock::now();
  withheld_letters(letter_lines_.due(now));
  for (const sinks::StoredLetter& letter : letters) {
    if (!letter_lines_.allow(now)) continue;
    observe::LogFields fields;
    fields.rule = letter.rule;
    fields.document = document_of(letter);
    fields.code = letter.code;
    log_.error(fields, "dead letter of rule {}, {}: {} (code {}); see it with: sluice dead show FILE {}",
               letter.rule, letter.change, letter.message, letter.code, letter.id);
  }
}

void LimitedLines::withheld_letters(std::size_t count) {
  if (count == 0) return;
  log_.error("{} more dead letter{} in the last minute; see them with: sluice dead list FILE --stream {}",
             count, count == 1 ? "" : "s", stream_);
}

/// These lines are limited because a database may be dropped with any number of collections.
void LimitedLines::notices(const std::vector<std::string>& notices) {
  const flow::Time now = flow::Clock::now();
  withheld_notices(notice_lines_.due(now));
  for (const std::string& notice : notices) {
    if (notice_lines_.allow(now)) log_.warn("{}", notice);
  }
}

void LimitedLines::withheld_notices(std::size_t count) {
  if (count == 0) return;
  log_.warn("{} more collection{} dropped or renamed in the last minute", count,
            count == 1 ? " was" : "s were");
}

void LimitedLines::of_outlet(bool loud, const std::string& text) {
  if (!loud) return log_.info("{}", text);
  const flow::Time now = flow::Clock::now();
  const std::lock_guard lock(outlet_mutex_);
  if (const std::size_t untold = outlet_lines_.due(now); untold > 0) {
    log_.warn("{} more warnings about single messages in the last minute", untold);
  }
  if (outlet_lines_.allow(now)) log_.warn("{}", text);
}

/// Counts the event as read and dead, although no dead letter can be stored for it.
void LimitedLines::tell_due(flow::Time now) {
  withheld_letters(letter_lines_.due(now));
  withheld_notices(notice_lines_.due(now));
}

void LimitedLines::tell_rest() {
  withheld_letters(letter_lines_.rest());
  withheld_notices(notice_lines_.rest());
}

}  // namespace sluice::pipeline
