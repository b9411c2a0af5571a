#pragma once

#include <optional>

#include "flow/time.hpp"

namespace sluice::flow {

/// Reports when work has waited for one thing too long without progress. Call look() regularly.
class StallWatch {
 public:
  explicit StallWatch(Duration patience) : patience_(patience) {}

  /// `waiting`: whether work waits now. A long time without a call does not count: the process was suspended,
  /// so the wait says nothing about the thing that work waits for.
  void look(bool waiting, Time now) {
    const Duration unseen = now - looked_at_;
    if (since_ && unseen > patience_ / 2) *since_ += unseen;
    looked_at_ = now;
    if (!waiting) {
      since_.reset();
    } else if (!since_) {
      since_ = now;
    }
  }

  void progressed(Time now) {
    if (since_) since_ = now;
  }

  /// Since when there was no progress, if that is at least `patience` ago.
  std::optional<Time> stalled_since(Time now) const {
    return since_ && now - *since_ >= patience_ ? since_ : std::nullopt;
  }

 private:
  Duration patience_;
  Time looked_at_{};
  std::optional<Time> since_;
};

}  // namespace sluice::flow
