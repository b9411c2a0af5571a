#pragma once

#include <deque>

#include "flow/time.hpp"

namespace sluice::flow {

/// Whether a stream that lost its position may start again by itself: `most` times `within` ten minutes.
/// Repeated losses need a person. Causes are two pipelines that drop each other's collections, or a state
/// database that does not keep what is written.
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
