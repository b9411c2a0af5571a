#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "flow/line_limit.hpp"
#include "flow/read_detail.hpp"
#include "flow/time.hpp"
#include "observe/log/log_line.hpp"
#include "observe/metrics.hpp"
#include "sinks/mongo/mongo_bulk.hpp"
#include "sluice/error.hpp"

namespace sluice::pipeline {

/// The log lines of a stream that may be true of every event: each kind gets twenty lines a minute, and what
/// comes beyond them is counted and told in one line.
class LimitedLines {
 public:
  LimitedLines(observe::StreamLog log, observe::StreamMetrics& metrics, std::string stream);

  /// Dead letters that were stored. On the strand.
  void letters(const std::vector<sinks::StoredLetter>& letters);
  /// What happened to whole collections. On the strand.
  void notices(const std::vector<std::string>& notices);
  /// What an outlet says of single messages. On any thread.
  void of_outlet(bool loud, const std::string& text);
  /// An event could not be read, and now the stream reads as `reading` says. `batch`: how many events an
  /// answer usually has; `first_batch`: how many it has when the needed part of an event is asked for first.
  /// On the reader's thread.
  void reading_less(const Error& error, const flow::ReadDetail& reading, int batch, int first_batch);

  /// Tells how many lines were withheld, once a minute. On the strand.
  void tell_due(flow::Time now);
  /// At the end: all that was withheld. On the strand.
  void tell_rest();

 private:
  void withheld_letters(std::size_t count);
  void withheld_notices(std::size_t count);
  void passed_over(const Error& error, bool told);

  const observe::StreamLog log_;
  observe::StreamMetrics& metrics_;
  const std::string stream_;
  flow::LineLimit letter_lines_;
  flow::LineLimit notice_lines_;
  flow::LineLimit reading_lines_;  ///< on the reader's thread
  std::mutex outlet_mutex_;
  flow::LineLimit outlet_lines_;  ///< behind the mutex
};

}  // namespace sluice::pipeline
