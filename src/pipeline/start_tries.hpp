#pragma once

#include <chrono>

namespace sluice::pipeline {

/// How often a worker tries a step of its start while the server's error may pass.
inline constexpr int start_tries = 8;

/// About how long a worker tries while no server can be selected, which takes `selection` each time. Between
/// two tries it waits for up to 50 ms, 100 ms, 200 ms and so on, half of that on average.
constexpr std::chrono::seconds start_patience(std::chrono::milliseconds selection) {
  constexpr auto waits = std::chrono::milliseconds(50) * ((1 << (start_tries - 1)) - 1) / 2;
  return std::chrono::round<std::chrono::seconds>(selection * start_tries + waits);
}

}  // namespace sluice::pipeline
