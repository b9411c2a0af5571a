#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace sluice::pipeline {

/// The turns of lanes that write to the same documents: those of one number, in the parts of a stream that run
/// in this process. If they wrote at the same time, the server would refuse one of two transactions, and its
/// work would be for nothing. Thread-safe.
class LaneTurns {
 public:
  /// A place in the line of one lane number. Leaving it, by destruction, lets the next one in.
  class Place {
   public:
    Place(LaneTurns& turns, std::size_t lane, std::uint64_t number)
        : turns_(&turns), lane_(lane), number_(number) {}
    Place(Place&& other) noexcept
        : turns_(std::exchange(other.turns_, nullptr)), lane_(other.lane_), number_(other.number_) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (turns_ != nullptr) turns_->leave(lane_, number_);
    }

    bool is_first() const { return turns_->is_first(lane_, number_); }

   private:
    LaneTurns* turns_;
    std::size_t lane_;
    std::uint64_t number_;
  };

  /// Takes the last place. `wake` is called, on any thread, when it becomes the first by another's leaving.
  Place line_up(std::size_t lane, std::function<void()> wake) {
    const std::lock_guard lock(mutex_);
    if (lines_.size() <= lane) lines_.resize(lane + 1);
    lines_[lane].push_back({++last_, std::move(wake)});
    return {*this, lane, last_};
  }

 private:
  struct Waiting {
    std::uint64_t number;
    std::function<void()> wake;
  };

  bool is_first(std::size_t lane, std::uint64_t number) const {
    const std::lock_guard lock(mutex_);
    return lines_[lane].front().number == number;
  }

  void leave(std::size_t lane, std::uint64_t number) {
    std::function<void()> wake;
    {
      const std::lock_guard lock(mutex_);
      auto& line = lines_[lane];
      const bool was_first = line.front().number == number;
      std::erase_if(line, [&](const Waiting& one) { return one.number == number; });
      if (was_first && !line.empty()) wake = line.front().wake;
    }
    if (wake) wake();
  }

  mutable std::mutex mutex_;
  std::vector<std::deque<Waiting>> lines_;  ///< by lane; at most one place for each part
  std::uint64_t last_ = 0;
};

}  // namespace sluice::pipeline
