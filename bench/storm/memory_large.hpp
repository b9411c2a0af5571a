#pragma once

#include <string>

#include "options.hpp"
#include "server.hpp"

namespace storm {

/// The memory of a worker with large events, or with a queue that a slow service keeps full.
struct LargeRun {
  std::string name;
  double peak_rss_mb = 0;
  double peak_in_flight_mb = 0;  ///< as reported by the worker; 0 if it does not report it
  double read = 0;
  double resolved = 0;
};

/// Sends documents of 15 MB to a service that answers at once, until all are resolved.
LargeRun measure_large_documents(const Options& options, const Server& server, const std::string& sluice);

/// Sends documents of 2 KB, rendered into messages, to a service that takes one second for each. Measures for
/// 20 s, in which the queue fills.
LargeRun measure_slow_sink(const Options& options, const Server& server, const std::string& sluice);

}  // namespace storm
