#pragma once

#include <prometheus/counter.h>

#include "flow/line_limit.hpp"
#include "flow/read_detail.hpp"
#include "observe/log/log_line.hpp"
#include "sluice/error.hpp"

namespace sluice::pipeline {

/// The counters of events that could not be read whole.
struct ReadingCounts {
  prometheus::Counter& large;  ///< read in part
  prometheus::Counter& read;   ///< with `dead`: passed over, because not even the key can be read
  prometheus::Counter& dead;
};

/// Log lines and counts about events that a change stream could not read whole; twenty lines a minute. Used
/// by one thread.
class ReadingLines {
 public:
  ReadingLines(observe::StreamLog log, ReadingCounts counts);

  /// An event could not be read, and the stream now reads as `reading` says. `batch`: the usual number of
  /// events in an answer; `first_batch`: the number when the needed part of an event is first requested.
  void less(const Error& error, const flow::ReadDetail& reading, int batch, int first_batch);

 private:
  void passed_over(const Error& error, bool told);

  const observe::StreamLog log_;
  const ReadingCounts counts_;
  flow::LineLimit lines_;
};

}  // namespace sluice::pipeline
