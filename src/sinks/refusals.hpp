#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "sinks/delivered.hpp"

namespace sluice::sinks {

/// Messages of a lane that their server refused. An outcome reports one refused message; the others are
/// remembered for the next attempts. What is forgotten is only sent, and refused, once more.
class Refusals {
 public:
  static constexpr std::size_t most = 16'384;  ///< more than any batch has

  /// Reports one of the messages that are known to be refused, if any of the batch's writes at `missing` is.
  /// Then nothing should be sent in this attempt.
  bool report(const Batch& batch, const std::vector<std::size_t>& missing, Outcome& outcome);

  /// The batch's i-th write is refused: reports it in the outcome, or remembers it if the outcome already has
  /// a refused write.
  void add(const Batch& batch, std::size_t i, Error error, Outcome& outcome);

 private:
  std::unordered_map<MessageKey, Error, MessageKey::Hash, MessageKey::Equal> known_;
};

}  // namespace sluice::sinks
