#pragma once

#include <optional>

#include "flow/time.hpp"

namespace sluice::flow {

/// Whether a server is there, going by questions that are put to it one after another: it is when it has
/// answered well last, and no question has gone without an answer for longer than `patience`.
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
