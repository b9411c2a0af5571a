#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace sluice::flow {

/// Decides which messages of a batch may be in flight: for each key one at a time, in their order. The next
/// message of a key may go as soon as the one before it is done, independently of other keys. Behind a
/// message that failed, none of its key goes. Unlike the waves of InFlightWindow, one slow answer delays no
/// other key.
class KeyedOrder {
 public:
  explicit KeyedOrder(std::span<const std::uint64_t> keys) : next_(keys.size(), none) {
    std::unordered_map<std::uint64_t, std::size_t> last;
    last.reserve(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto [place, first] = last.try_emplace(keys[i], i);
      if (first) {
        ready_.push_back(i);
      } else {
        next_[place->second] = i;
        place->second = i;
      }
    }
  }

  bool ready() const { return !ready_.empty(); }

  /// Removes and returns the index of the next message that may go. Requires ready().
  std::size_t take() {
    const std::size_t index = ready_.front();
    ready_.pop_front();
    return index;
  }

  void done(std::size_t index) {
    if (next_[index] != none) ready_.push_back(next_[index]);
  }

 private:
  static constexpr std::size_t none = SIZE_MAX;

  std::vector<std::size_t> next_;  ///< by message: the next one of the same key
  std::deque<std::size_t> ready_;
};

}  // namespace sluice::flow
