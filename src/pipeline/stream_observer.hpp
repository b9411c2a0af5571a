#pragma once

#include <functional>

namespace sluice::pipeline {

/// What one running part of a stream tells whoever started it: a Stream, the partition that it runs in, or
/// all of the stream that runs in this process. Called on the worker's strand, except where a class says
/// otherwise. A callback must not throw.
struct StreamObserver {
  std::function<void()> connected;            ///< once: MongoDB was reached
  std::function<void()> ready;                ///< once: what is written from now on has its effects
  std::function<void(int exit_code)> failed;  ///< it cannot go on; `ended` follows
  std::function<void()> ended;                ///< once, the last call
};

}  // namespace sluice::pipeline
