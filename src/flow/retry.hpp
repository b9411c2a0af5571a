#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <stop_token>

#include "flow/backoff.hpp"
#include "flow/time.hpp"
#include "sluice/error.hpp"

namespace sluice::flow {

/// Whether the error is expected to pass by itself: ErrorKind::transient or too_slow.
bool is_transient(const Error& error);

/// How long an attempt is repeated, and after which errors.
struct RetryOptions {
  Backoff::Limits pauses;
  /// Time limit, counted from the first attempt or from the last progress; nullopt: no limit.
  std::optional<Duration> patience = {};
  int most_pauses = std::numeric_limits<int>::max();
  std::function<bool(const Error&)> passing = is_transient;  ///< whether to try again after this error
  /// Called after each failed attempt: returns true if it got some of the work done, which restarts
  /// `patience`.
  std::function<bool()> progressed = {};
  std::stop_token stop = {};  ///< a stop request ends a pause; one last attempt follows
};

/// Calls `attempt` until it succeeds (returns nullopt), with pauses in between. Gives up and returns the last
/// error when `options` says so. Makes at least one attempt. Blocks the calling thread.
std::optional<Error> retry_until(const RetryOptions& options,
                                 const std::function<std::optional<Error>()>& attempt);

}  // namespace sluice::flow
