#pragma once

#include <string>

#include "options.hpp"
#include "server.hpp"

namespace storm {

/// What one worker needed for events that are large, or that a slow service leaves waiting.
struct LargeRun {
  std::string name;
  double peak_rss_mb = 0;
  double peak_in_flight_mb = 0;  ///< by the worker's own account; 0 where it gives none
  double read = 0;
  double resolved = 0;
};

/// Documents of 15 MB, each told to a service that answers at once, until all are told.
LargeRun measure_large_documents(const Options& options, const Server& server, const std::string& sluice);

/// Documents of 2 KB whose text is rendered into messages, for a service that takes a second for each, until
/// the queue is full.
LargeRun measure_slow_sink(const Options& options, const Server& server, const std::string& sluice);

}  // namespace storm
