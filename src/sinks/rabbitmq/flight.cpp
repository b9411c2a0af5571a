#include "sinks/rabbitmq/flight.hpp"

#include <algorithm>
#include <cassert>

namespace sluice::sinks::rabbitmq {

Flight::Flight(std::span<const std::uint64_t> keys, std::size_t window, std::uint64_t published)
    : order_(keys),
      window_(window),
      base_(published),
      fates_(keys.size(), Fate::waiting),
      returned_(keys.size(), false) {
  sent_.reserve(keys.size());
}

std::optional<std::size_t> Flight::next() {
  if (stopped_ || in_flight() >= window_ || !order_.ready()) return std::nullopt;
  return order_.take();
}

void Flight::sent(std::size_t message) {
  assert(fates_[message] == Fate::waiting);
  fates_[message] = Fate::sent;
  sent_.push_back(message);
}

/// Later messages of its key wait for the next flight. By then the lane has dealt with this one.
void Flight::refuse(std::size_t message) {
  assert(fates_[message] == Fate::waiting);
  fates_[message] = Fate::refused;
}

bool Flight::confirm(const Confirm& confirm) {
  const bool all = confirm.multiple && confirm.tag == 0;
  if (!all && (confirm.tag <= base_ || confirm.tag > published())) return false;
  const std::size_t place = (all ? sent_.size() : confirm.tag - base_) - 1;
  if (confirm.multiple) {
    if (!all && place < first_open_) return false;
    for (std::size_t i = first_open_; i <= place && i < sent_.size(); ++i) settle(i, confirm.ack);
  } else {
    if (fates_[sent_[place]] != Fate::sent) return false;
    settle(place, confirm.ack);
  }
  while (first_open_ < sent_.size() && fates_[sent_[first_open_]] != Fate::sent) ++first_open_;
  return true;
}

/// Does nothing if the message is settled already.
void Flight::settle(std::size_t place, bool ack) {
  const std::size_t message = sent_[place];
  if (fates_[message] != Fate::sent) return;
  ++settled_;
  if (returned_[message]) {
    fates_[message] = Fate::returned;
  } else if (ack) {
    fates_[message] = Fate::stored;
    ++stored_;
    order_.done(message);
    return;
  } else {
    fates_[message] = Fate::rejected;
  }
  stopped_ = true;
}

std::optional<std::size_t> Flight::first(Fate fate) const {
  const auto found = std::ranges::find(fates_, fate);
  if (found == fates_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - fates_.begin());
}

}  // namespace sluice::sinks::rabbitmq
