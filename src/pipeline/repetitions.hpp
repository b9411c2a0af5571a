#pragma once

#include <memory>
#include <vector>

#include "flow/dedup.hpp"
#include "sluice/rule.hpp"

namespace sluice::pipeline {

/// Finds the effects that repeat what their rule sent or wrote lately (Conduct::dedup). On the stream's
/// strand.
class Repetitions {
 public:
  /// `rules` in the order of the stream.
  explicit Repetitions(const std::vector<std::unique_ptr<Rule>>& rules);

  bool any() const { return any_; }

  /// To be asked about every effect, also of those that an earlier run carried out.
  bool repeated(const ChangeEvent& event, const Effect& effect);

 private:
  std::vector<std::unique_ptr<flow::DedupWindow>> windows_;  ///< by rule; null: every one counts
  bool any_ = false;
};

}  // namespace sluice::pipeline
