#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace sluice::flow {

/// Which messages of a batch may be on their way: of each key one at a time, in the order in which they
/// stand. The next of a key goes as soon as the one before it is done, whatever becomes of the other keys;
/// behind one that failed none goes. Unlike waves, one slow answer delays no other key.
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

  /// The next that may go. There must be one.
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

  std::vector<std::size_t> next_;  ///< of the same key
  std::deque<std::size_t> ready_;
};

}  // namespace sluice::flow
