#include "flow/keyed_calls.hpp"

#include <algorithm>
#include <cassert>

namespace sluice::flow {

void KeyedCalls::take(std::span<const Message> batch) {
  batch_.clear();
  batch_.reserve(batch.size());
  Place at = base_;
  for (const Message& message : batch) {
    const Place found = find(message.id, at);
    if (found == end()) {
      batch_.push_back(add(message));
      at = end();
      continue;
    }
    for (; at < found; ++at) forget(at);
    batch_.push_back(found);
    at = found + 1;
  }
  while (!calls_.empty() && calls_.front().gone && calls_.front().state != State::under_way) {
    const auto last = last_of_key_.find(calls_.front().key);
    if (last != last_of_key_.end() && last->second == base_) last_of_key_.erase(last);
    calls_.pop_front();
    ++base_;
  }
}

/// Known calls are in stream order, as the messages of a batch are, so the first comparison usually succeeds.
KeyedCalls::Place KeyedCalls::find(std::string_view id, Place from) const {
  while (from < end() && call(from).id != id) ++from;
  return from;
}

KeyedCalls::Place KeyedCalls::add(const Message& message) {
  const Place place = end();
  calls_.push_back({std::string(message.id), message.key});
  const auto [last, first] = last_of_key_.try_emplace(message.key, place);
  const Place before = std::exchange(last->second, place);
  const bool behind = !first && call(before).state != State::done && call(before).state != State::refused;
  if (behind) {
    call(before).next = place;
  } else {
    ready_.push(place);
  }
  return place;
}

void KeyedCalls::forget(Place place) {
  Call& one = call(place);
  one.gone = true;
  // It will not be made (again), so the next call of its key need not wait for it.
  if (one.state != State::under_way && one.state != State::done && one.state != State::refused) {
    one.state = State::done;
    begin_next_of_key(place);
  }
}

void KeyedCalls::begin_next_of_key(Place place) {
  const Place next = call(place).next;
  if (next != none) ready_.push(next);
}

void KeyedCalls::wake(Time now) {
  while (!pausing_.empty() && pausing_.top().first <= now) {
    const Place place = pausing_.top().second;
    pausing_.pop();
    if (place < base_ || call(place).state != State::pausing) continue;  // it was forgotten
    call(place).state = State::waiting;
    ready_.push(place);
  }
  while (!ready_.empty() && (ready_.top() < base_ || call(ready_.top()).state != State::waiting))
    ready_.pop();
}

bool KeyedCalls::any_ready(Time now) {
  wake(now);
  return !ready_.empty() && !batch_.empty() && ready_.top() <= batch_.back();
}

std::optional<KeyedCalls::Place> KeyedCalls::next(Time now) {
  if (!any_ready(now)) return std::nullopt;
  const Place place = ready_.top();
  ready_.pop();
  call(place).state = State::under_way;
  return place;
}

std::optional<Time> KeyedCalls::next_due() const {
  return pausing_.empty() ? std::nullopt : std::optional(pausing_.top().first);
}

void KeyedCalls::returned(Place place) {
  assert(call(place).state == State::under_way);
  call(place).state = State::done;
  begin_next_of_key(place);
}

KeyedCalls::After KeyedCalls::failed(Place place, bool for_good, Time now) {
  Call& one = call(place);
  assert(one.state == State::under_way);
  ++one.failures;
  if (for_good || (tries_ && one.failures >= *tries_)) {
    one.state = State::refused;
    begin_next_of_key(place);
    return After::refused;
  }
  one.state = State::pausing;
  pausing_.emplace(now + pause_after(one.failures), place);
  return After::pause;
}

void KeyedCalls::left(Place place) {
  call(place).state = State::left;
}

/// With full jitter: see Backoff.
Duration KeyedCalls::pause_after(int failures) {
  const Duration ceiling =
      std::min<Duration>(pauses_.cap, pauses_.base * (std::int64_t{1} << std::min(failures - 1, 20)));
  return Duration(std::uniform_int_distribution<Duration::rep>(1, ceiling.count())(random_));
}

std::optional<std::size_t> KeyedCalls::index_of(Place place) const {
  const auto found = std::ranges::lower_bound(batch_, place);
  if (found == batch_.end() || *found != place) return std::nullopt;
  return static_cast<std::size_t>(found - batch_.begin());
}

std::optional<std::size_t> KeyedCalls::first_refused() const {
  const auto refused = [this](Place place) { return call(place).state == State::refused; };
  const auto found = std::ranges::find_if(batch_, refused);
  if (found == batch_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - batch_.begin());
}

std::size_t KeyedCalls::done_first() const {
  const auto done = [this](Place place) { return call(place).state == State::done; };
  return static_cast<std::size_t>(std::ranges::find_if_not(batch_, done) - batch_.begin());
}

}  // namespace sluice::flow
