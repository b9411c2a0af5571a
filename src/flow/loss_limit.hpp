#pragma once

#include <deque>

#include "flow/time.hpp"

namespace sluice::flow {

/// Whether a stream that lost its position may begin anew by itself. One that loses it over and over (two
/// pipelines that drop each other's collections, a store that forgets) is a matter for a person.
class LossLimit {
 public:
  static constexpr std::size_t most = 5;
  static constexpr Duration within = std::chrono::minutes(10);

  bool may_recover(Time now) {
    while (!losses_.empty() && losses_.front() + within < now) losses_.pop_front();
    losses_.push_back(now);
    return losses_.size() <= most;
  }

 private:
  std::deque<Time> losses_;
};

}  // namespace sluice::flow
