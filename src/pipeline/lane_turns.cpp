#include "pipeline/lane_turns.hpp"

#include <algorithm>
#include <utility>

namespace sluice::pipeline {

namespace {

constexpr std::int32_t write_conflict = 112;

}  // namespace

LaneTurns::Place LaneTurns::line_up(std::size_t lane, std::function<void()> wake, const Batch* batch,
                                    std::function<bool()> crowded) {
  const std::lock_guard lock(mutex_);
  while (lines_.size() <= lane) lines_.push_back({{}, flow::TurnPace(storm_pace_)});
  auto entry =
      std::make_shared<Entry>(Entry{std::move(wake), batch, std::move(crowded), false, std::nullopt});
  lines_[lane].entries.push_back(entry);
  return {*this, lane, std::move(entry)};
}

LaneTurns::Place::Place(Place&& other) noexcept
    : turns_(std::exchange(other.turns_, nullptr)), lane_(other.lane_), entry_(std::move(other.entry_)) {}

LaneTurns::Place::~Place() {
  if (turns_ == nullptr) return;
  std::function<void()> wake;
  {
    const std::lock_guard lock(turns_->mutex_);
    auto& line = turns_->lines_[lane_].entries;
    const bool was_first = !line.empty() && line.front() == entry_;
    std::erase(line, entry_);
    if (was_first && !line.empty()) wake = line.front()->wake;
  }
  if (wake) wake();
}

bool LaneTurns::Place::is_first() const {
  const std::lock_guard lock(turns_->mutex_);
  const auto& line = turns_->lines_[lane_].entries;
  return !line.empty() && line.front() == entry_;
}

flow::Time LaneTurns::Place::begins_at(flow::Duration lateness) const {
  const std::lock_guard lock(turns_->mutex_);
  const Line& line = turns_->lines_[lane_];
  flow::TurnPace::Waiting waiting{.lateness = lateness};
  for (const auto& entry : line.entries) {
    if (entry->batch != nullptr && entry->batch->writes.size() >= turns_->full_batch_) waiting.full = true;
    if (entry->crowded && entry->crowded()) waiting.crowded = true;
  }
  return line.pace.next(waiting);
}

bool LaneTurns::Place::withdraw() {
  {
    const std::lock_guard lock(turns_->mutex_);
    if (entry_->taken || entry_->outcome) return false;
    entry_->batch = nullptr;  // so nobody takes it
  }
  return true;
}

bool LaneTurns::Place::taken() const {
  const std::lock_guard lock(turns_->mutex_);
  return entry_->taken;
}

std::optional<Outcome> LaneTurns::Place::outcome() const {
  const std::lock_guard lock(turns_->mutex_);
  return entry_->outcome;
}

LaneTurns::Group LaneTurns::Place::take_others(const Batch& own, std::size_t most_writes, flow::Time now) {
  Group group(*turns_, lane_, own);
  std::size_t writes = own.writes.size();
  std::size_t events = own.events;
  const std::lock_guard lock(turns_->mutex_);
  for (const auto& entry : turns_->lines_[lane_].entries) {
    if (entry == entry_ || entry->batch == nullptr) continue;
    writes += entry->batch->writes.size();
    if (writes > most_writes) break;
    events += entry->batch->events;
    group.batches_.push_back(entry->batch);
    group.taken_.push_back(entry);
    entry->taken = true;
  }
  turns_->lines_[lane_].pace.begins(events, now);
  return group;
}

void LaneTurns::Place::ended(const Outcome& outcome) {
  const std::lock_guard lock(turns_->mutex_);
  turns_->lines_[lane_].pace.ended(outcome.error && outcome.error->code == write_conflict);
}

LaneTurns::Group::~Group() {
  {
    const std::lock_guard lock(turns_.mutex_);
    for (const auto& entry : taken_) entry->taken = false;
  }
  for (const auto& entry : taken_) entry->wake();
}

void LaneTurns::Group::answer(const Outcome& outcome) {
  std::vector<std::shared_ptr<Entry>> answered = std::move(taken_);
  taken_.clear();
  {
    const std::lock_guard lock(turns_.mutex_);
    for (const auto& entry : answered) {
      entry->taken = false;
      entry->outcome = outcome;
      entry->outcome->documents = 0;  // counted once, for the lane that has sent them
      std::erase(turns_.lines_[lane_].entries, entry);
    }
  }
  for (const auto& entry : answered) entry->wake();
}

}  // namespace sluice::pipeline
