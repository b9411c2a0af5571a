#pragma once

#include <optional>

#include "flow/time.hpp"

namespace sluice::flow {

/// Watches one thing that work can wait for, and tells when it has waited for too long without any progress.
/// Looked at regularly.
class StallWatch {
 public:
  explicit StallWatch(Duration patience) : patience_(patience) {}

  /// Whether work is waiting now. Time in which nobody looked is not held against it: then this process was
  /// suspended, and not what it waits for.
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

  /// Since when nothing has moved, if that is too long.
  std::optional<Time> stalled_since(Time now) const {
    return since_ && now - *since_ >= patience_ ? since_ : std::nullopt;
  }

 private:
  Duration patience_;
  Time looked_at_{};
  std::optional<Time> since_;
};

}  // namespace sluice::flow
