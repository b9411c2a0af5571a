#include "pipeline/health/reading_lines.hpp"

#include <spdlog/logger.h>

namespace sluice::pipeline {

ReadingLines::ReadingLines(observe::StreamLog log, ReadingCounts counts)
    : log_(std::move(log)), counts_(counts), lines_(20, std::chrono::minutes(1)) {}

void ReadingLines::passed_over(const Error& error, bool told) {
  counts_.read.Increment();
  counts_.dead.Increment();
  if (!told) return;
  log_.error(
      "a change was passed over: the _id of its document (more than about 3 MB) is too large for a change "
      "stream: {}; no rule was told of it, and no dead letter can hold it. Keep documents with such an _id "
      "out of the watched collections; sluice verify --repair corrects what rules keep",
      error.text());
}

void ReadingLines::less(const Error& error, const flow::ReadDetail& reading, int batch, int first_batch) {
  const flow::Time now = flow::Clock::now();
  if (const std::size_t untold = lines_.due(now); untold > 0) {
    log_.warn("{} more events could not be read whole in the last minute", untold);
  }
  const bool told = lines_.allow(now);
  if (error.kind != ErrorKind::too_large) {
    const auto level = reading.judging == flow::Judging::skip ? spdlog::level::warn : spdlog::level::debug;
    if (!told) return;
    log_.log(
        level, {},
        "the server refuses an event: {}; if a rule's 'where' fails on it, the event becomes a dead letter "
        "of that rule",
        error.text());
  } else if (reading == flow::ReadDetail{Detail::whole, batch, reading.judging, true}) {
    passed_over(error, told);
  } else if (reading.detail == Detail::key_only) {
    if (!told) return;
    log_.warn(
        "an event is too large to be read, even without the fields that no rule reads: {}; rules get it "
        "without its fields, and it becomes a dead letter of those that need them",
        error.text());
  } else if (reading.detail == Detail::needed && reading.batch == first_batch) {
    counts_.large.Increment();
    if (told) log_.info("an event is too large to be read whole; only what the rules need of it is read");
  }
}

}  // namespace sluice::pipeline
