#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <stop_token>

#include "flow/backoff.hpp"
#include "flow/time.hpp"
#include "sluice/error.hpp"

namespace sluice::flow {

/// Whether the server refuses for a moment only: ErrorKind::transient or too_slow.
bool is_passing(const Error& error);

/// How long a step is tried again, and after which errors.
struct RetryOptions {
  Backoff::Limits pauses;
  /// From the first attempt on, or from the last progress; none: there is no such limit.
  std::optional<Duration> patience = {};
  int most_pauses = std::numeric_limits<int>::max();
  std::function<bool(const Error&)> passing = is_passing;  ///< whether it is worth another attempt
  /// Asked after an attempt that failed: whether it got some of the work done. Then the patience begins anew.
  std::function<bool()> progressed = {};
  std::stop_token stop = {};  ///< ends a pause, and what would follow it
};

/// Makes attempts with pauses between them until one succeeds (nullopt) or it is no use to go on: the last
/// attempt's error. At least one attempt is made. Blocks.
std::optional<Error> retry_until(const RetryOptions& options,
                                 const std::function<std::optional<Error>()>& attempt);

}  // namespace sluice::flow
