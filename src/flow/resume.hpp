#pragma once

#include <optional>
#include <string>

#include "flow/backoff.hpp"
#include "sluice/error.hpp"

namespace sluice::flow {

/// What to do about an error of the change stream.
struct ResumeAction {
  std::optional<Duration> retry_after;  ///< set: open the stream again from the last position after this time
  std::string stop;                     ///< otherwise: why the stream ends, and what can be done
  int exit_code = 0;
};

/// Decides whether to open the stream again or to end it. Errors that pass by themselves are retried without
/// limit, at growing intervals. All others end the stream, with a message that tells a person what can be
/// done.
class ResumePolicy {
 public:
  explicit ResumePolicy(std::uint64_t seed)
      : backoff_({std::chrono::milliseconds(50), std::chrono::seconds(5)}, seed) {}

  void succeeded() { backoff_.reset(); }

  ResumeAction failed(const Error& error) {
    switch (error.kind) {
      case ErrorKind::transient:
      case ErrorKind::too_slow:
      case ErrorKind::denied:
      case ErrorKind::unavailable:
        return {backoff_.next(), "", 0};
      case ErrorKind::cursor_gone:
        return {backoff_.attempts() == 0 ? (backoff_.next(), Duration::zero()) : backoff_.next(), "", 0};
      case ErrorKind::lost:
        return {std::nullopt,
                "the stored position cannot be resumed: " + error.text() +
                    ". The changes since then can no longer be read. Start with --on-lost rebuild to "
                    "recompute the targets and continue, or once with --restart-now to continue from the "
                    "present moment with the targets as they are",
                exit_code::position_lost};
      case ErrorKind::too_large:
        return {std::nullopt,
                "an event cannot be read even without its fields: " + error.text() +
                    ". The _id of its document alone is too large for a change stream. Remove such documents "
                    "from the watched collections, bring the targets up to date, then start once with "
                    "--restart-now",
                exit_code::position_lost};
      case ErrorKind::fenced:
        return {std::nullopt, error.text(), exit_code::lease_lost};
      case ErrorKind::own_fault:
      case ErrorKind::fatal:
        break;
    }
    return {std::nullopt, "the change stream was refused: " + error.text(), exit_code::cannot_start};
  }

 private:
  Backoff backoff_;
};

}  // namespace sluice::flow
