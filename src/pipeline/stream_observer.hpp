#pragma once

#include <functional>

namespace sluice::pipeline {

/// Callbacks from a running part of a stream to its owner. The part is a Stream, a partition, or all of the
/// stream that runs in this process. Called on the worker's strand, unless a class says otherwise. A callback
/// must not throw.
struct StreamObserver {
  std::function<void()> connected;  ///< once: MongoDB was reached
  std::function<void()> ready;      ///< once: the change stream is open, so later changes have their effects
  std::function<void(int exit_code)> failed;  ///< it cannot continue; `ended` follows
  std::function<void()> ended;                ///< once, the last call
};

}  // namespace sluice::pipeline
