#include "sinks/aws/flight.hpp"

#include <algorithm>
#include <cassert>

namespace sluice::sinks::aws {

namespace {

std::vector<std::uint64_t> groups_of(std::span<const Outgoing> messages) {
  std::vector<std::uint64_t> groups;
  groups.reserve(messages.size());
  for (const Outgoing& message : messages) groups.push_back(message.group);
  return groups;
}

}  // namespace

Flight::Flight(std::span<const Outgoing> messages, RequestLimits limits)
    : messages_(messages), limits_(limits), order_(groups_of(messages)) {
  std::size_t targets = 0;
  for (const Outgoing& message : messages) targets = std::max(targets, message.target + 1);
  ready_.resize(targets);
}

std::optional<Flight::Places> Flight::next() {
  while (order_.ready()) {
    const std::size_t place = order_.take();
    ready_[messages_[place].target].push_back(place);
  }
  const auto found = std::ranges::find_if(ready_, [](const auto& places) { return !places.empty(); });
  if (found == ready_.end()) return std::nullopt;
  Places request;
  std::size_t bytes = 0;
  for (auto& places = *found; !places.empty() && request.size() < limits_.entries;) {
    const Outgoing& message = messages_[places.front()];
    if (!request.empty() && (message.alone || bytes + message.bytes > limits_.bytes)) break;
    bytes += message.bytes;
    request.push_back(places.front());
    places.pop_front();
    if (message.alone) break;
  }
  in_flight_ += request.size();
  return request;
}

void Flight::acknowledged(std::size_t place) {
  assert(in_flight_ > 0);
  --in_flight_;
  ++acknowledged_;
  order_.done(place);
}

void Flight::failed(std::size_t) {
  assert(in_flight_ > 0);
  --in_flight_;
}

}  // namespace sluice::sinks::aws
