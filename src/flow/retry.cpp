#include "flow/retry.hpp"

#include <random>

#include "flow/pause.hpp"

namespace sluice::flow {

bool is_transient(const Error& error) {
  return error.kind == ErrorKind::transient || error.kind == ErrorKind::too_slow;
}

std::optional<Error> retry_until(const RetryOptions& options,
                                 const std::function<std::optional<Error>()>& attempt) {
  Backoff backoff(options.pauses, std::random_device{}());
  Time begun = Clock::now();
  while (auto error = attempt()) {
    const Time now = Clock::now();
    if (options.progressed && options.progressed()) begun = now;
    const bool over =
        backoff.attempts() >= options.most_pauses || (options.patience && now - begun >= *options.patience);
    if (over || !options.passing(*error) || options.stop.stop_requested()) return error;
    pause(backoff.next(), options.stop);
  }
  return std::nullopt;
}

}  // namespace sluice::flow
