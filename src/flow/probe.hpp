#pragma once

#include <optional>

#include "flow/time.hpp"

namespace sluice::flow {

/// Whether a server is up, judged by requests that are sent to it one after another. It is up if the last
/// answer was good and no request has been without an answer for longer than `patience`.
class Probe {
 public:
  explicit Probe(Duration patience) : patience_(patience) {}

  void asked(Time now) { open_since_ = now; }
  void answered(bool well) {
    well_ = well;
    open_since_.reset();
  }

  bool up(Time now) const { return well_ && (!open_since_ || now - *open_since_ <= patience_); }

 private:
  Duration patience_;
  std::optional<Time> open_since_;
  bool well_ = false;
};

}  // namespace sluice::flow
