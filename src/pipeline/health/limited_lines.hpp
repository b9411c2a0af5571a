#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "flow/line_limit.hpp"
#include "flow/time.hpp"
#include "observe/log/log_line.hpp"
#include "observe/metrics.hpp"
#include "pipeline/health/reading_lines.hpp"
#include "sinks/mongo/mongo_bulk.hpp"
#include "sluice/error.hpp"

namespace sluice::pipeline {

/// Log lines of a stream that may occur for every event. Each kind gets twenty lines a minute; further ones
/// are counted and reported in one line.
class LimitedLines {
 public:
  LimitedLines(observe::StreamLog log, observe::StreamMetrics& metrics, std::string stream);

  /// Dead letters that were stored. On the strand.
  void letters(const std::vector<sinks::StoredLetter>& letters);
  /// Changes of whole collections. On the strand.
  void notices(const std::vector<std::string>& notices);
  /// A message of an outlet about single messages. `loud`: it is a warning. On any thread.
  void of_outlet(bool loud, const std::string& text);
  /// See ReadingLines::less. On the reader's thread.
  void reading_less(const Error& error, const flow::ReadDetail& reading, int batch, int first_batch) {
    reading_.less(error, reading, batch, first_batch);
  }

  /// Logs how many lines were withheld, once a minute. On the strand.
  void tell_due(flow::Time now);
  /// At the stream's end: logs how many lines are still withheld. On the strand.
  void tell_rest();

 private:
  void withheld_letters(std::size_t count);
  void withheld_notices(std::size_t count);

  const observe::StreamLog log_;
  const std::string stream_;
  flow::LineLimit letter_lines_;
  flow::LineLimit notice_lines_;
  ReadingLines reading_;
  std::mutex outlet_mutex_;
  flow::LineLimit outlet_lines_;  ///< guarded by outlet_mutex_
};

}  // namespace sluice::pipeline
