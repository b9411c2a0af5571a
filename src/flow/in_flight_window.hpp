#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace sluice::flow {

/// Arranges messages in waves; the messages of one wave may be in flight at the same time. A wave has at most
/// one message of each key, and the messages of a key are in successive waves in their order. So a message
/// that fails can never be overtaken by a later one of its key.
class InFlightWindow {
 public:
  /// Returns the waves, each a list of indices into `keys` (the messages' keys in their order). Valid until
  /// the next call.
  const std::vector<std::vector<std::size_t>>& arrange(std::span<const std::uint64_t> keys) {
    for (auto& wave : waves_) wave.clear();
    seen_.clear();
    std::size_t used = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const std::size_t number = seen_[keys[i]]++;
      if (number == waves_.size()) waves_.emplace_back();
      waves_[number].push_back(i);
      used = std::max(used, number + 1);
    }
    waves_.resize(used);
    return waves_;
  }

 private:
  std::unordered_map<std::uint64_t, std::size_t> seen_;
  std::vector<std::vector<std::size_t>> waves_;
};

}  // namespace sluice::flow
