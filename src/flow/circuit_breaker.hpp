#pragma once

#include <algorithm>
#include <cstdint>

#include "flow/time.hpp"

namespace sluice::flow {

/// Holds back requests to a server that fails. After Limits::failures failures in a row it opens: no request
/// is sent for a time. Then one request at a time goes out as a trial (half-open). Each trial that fails
/// doubles the time up to Limits::most_open; one that succeeds closes the breaker.
class CircuitBreaker {
 public:
  struct Limits {
    int failures = 5;  ///< in a row
    Duration open = std::chrono::seconds(1);
    Duration most_open = std::chrono::seconds(30);
  };
  enum class State : std::uint8_t { closed, half_open, open };

  /// The answer to ask(). The caller passes `round` back with the request's result. Results of an earlier
  /// round are ignored, so a request sent before the breaker opened is not mistaken for the trial.
  struct Leave {
    enum class Way : std::uint8_t {
      go,
      wait,    ///< a trial is under way: wait for its result
      refused  ///< ask again at `until`
    };
    Way way = Way::go;
    std::uint64_t round = 0;
    Time until{};
  };

  explicit CircuitBreaker(Limits limits) : limits_(limits) {}

  Leave ask(Time now) {
    const Time reopens = std::max(until_, not_before_);
    if (now < reopens) return {Leave::Way::refused, round_, reopens};
    if (state_ == State::closed) return {Leave::Way::go, round_, {}};
    if (state_ == State::open) become(State::half_open);
    if (trying_) return {Leave::Way::wait, round_, {}};
    trying_ = true;
    return {Leave::Way::go, round_, {}};
  }

  /// The server answered, even if it refused this request.
  void succeeded(std::uint64_t round) {
    if (round != round_) return;
    failures_ = 0;
    if (state_ == State::closed) return;
    openings_ = 0;
    become(State::closed);
  }

  void failed(std::uint64_t round, Time now) {
    if (round != round_) return;
    if (state_ == State::closed && ++failures_ < limits_.failures) return;
    failures_ = 0;
    until_ = now + std::min(limits_.most_open, limits_.open * (std::int64_t{1} << std::min(openings_, 20)));
    ++openings_;
    become(State::open);
  }

  /// The request ended without showing whether the server works.
  void forget(std::uint64_t round) {
    if (round == round_) trying_ = false;
  }

  /// The server asked to get no requests until `when`. This does not count as a failure.
  void not_before(std::uint64_t round, Time when) {
    forget(round);
    not_before_ = std::max(not_before_, when);
  }

  State state() const { return state_; }

 private:
  void become(State state) {
    state_ = state;
    trying_ = false;
    ++round_;
  }

  Limits limits_;
  State state_ = State::closed;
  std::uint64_t round_ = 0;
  int failures_ = 0;  ///< in a row, while closed
  int openings_ = 0;  ///< in a row
  bool trying_ = false;
  Time until_{};
  Time not_before_{};
};

}  // namespace sluice::flow
