#include "pipeline/drain.hpp"

#include <algorithm>

namespace sluice::pipeline {

namespace {

constexpr auto poll_interval = std::chrono::milliseconds(10);
constexpr auto time_after_abandon = std::chrono::milliseconds(500);  // for batches in flight

}  // namespace

void Drain::abandon() {
  for (const auto& lane : parts_.lanes) lane->abandon();
  parts_.sink.abandon();
}

bool Drain::lanes_ended() const {
  return std::ranges::all_of(parts_.lanes, [](const auto& lane) { return lane->ended(); });
}

asio::awaitable<void> Drain::lanes_within_limit() {
  const flow::Time deadline = flow::Clock::now() + parts_.limit;
  while (!lanes_ended() && flow::Clock::now() < deadline + time_after_abandon) {
    if (flow::Clock::now() >= deadline) abandon();
    co_await wait_for(timer_, poll_interval);
  }
}

asio::awaitable<void> Drain::everything(const Reader& reader) {
  while (!reader.ended() || !parts_.health.ended() || !lanes_ended())
    co_await wait_for(timer_, poll_interval);
}

}  // namespace sluice::pipeline
