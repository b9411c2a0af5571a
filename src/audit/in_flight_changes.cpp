#include "audit/in_flight_changes.hpp"

#include "checkpoint/backfill_marks.hpp"
#include "flow/read_detail.hpp"
#include "requirements/requirements.hpp"
#include "requirements/rule_table.hpp"
#include "source/change_stream.hpp"
#include "source/id_hash.hpp"
#include "source/resume_token.hpp"

namespace sluice::audit {

namespace {

constexpr int events_in_one_answer = 5000;
constexpr int await_ms = 200;
constexpr std::int64_t most_events = 2'000'000;  // their effects are kept in memory
constexpr int most_lost_answers = 6;             // each try waits twice as long as the one before

/// The delta of `id`, inserted if absent. The id is copied, since the batch it comes from is released.
InFlightChanges::Delta& insert(InFlightChanges::Deltas& deltas, const bson::Value& id, Arena& arena) {
  const auto found = deltas.find(bson::Identity(id));
  if (found != deltas.end()) return found->second;
  const bson::Value kept(id.type(), arena.keep(id.raw()));
  return deltas.emplace(bson::Identity(kept), InFlightChanges::Delta{kept, 0}).first->second;
}

/// Whether the server has read its oplog up to `moment`, by the resume token of an answer without events. If
/// the token's time cannot be read, the answer counts as yes.
bool looked_as_far_as(std::uint64_t moment, const source::StreamBatch& batch) {
  return source::time_of_token(batch.resume_token).value_or(moment) >= moment;
}

bool holds(const std::unordered_map<const void*, InFlightChanges::Deltas>& where, const void* plan,
           const bson::Value& id) {
  const auto found = where.find(plan);
  return found != where.end() && found->second.contains(bson::Identity(id));
}

}  // namespace

void InFlightChanges::add(const Effect& effect) {
  if (const auto* increment = std::get_if<Increment>(&effect.body)) {
    insert(counters_[increment->plan], increment->id, arena_).sum += increment->delta;
  } else if (const auto* refresh = std::get_if<Refresh>(&effect.body)) {
    insert(refreshes_[refresh->plan], refresh->source_id, arena_);
  } else if (const auto* fill = std::get_if<Fill>(&effect.body)) {
    insert(fills_[fill->plan], fill->target_id, arena_);
  }
}

/// Adds the effects of events that the worker has not carried out yet.
class InFlightChanges::Judge {
 public:
  Judge(InFlightChanges& pending, const requirements::Rules& rules,
        const checkpoint::ProgressSnapshot& progress)
      : pending_(pending), table_(rules), until_(progress.at) {
    for (const auto& fact : progress.facts) {
      done_.add(fact);
      if (fact.count > 1 && !hasher_) hasher_.emplace();
    }
    filled_.set(rules, progress.filled);
  }

  /// Takes a batch. False when an event is newer than the progress snapshot: then all have been read.
  bool take(const source::StreamBatch& batch) {
    Arena arena;
    for (const bson::View document : batch.events) {
      ChangeEvent event;
      if (!parse_event(document, event)) continue;
      if (event.cluster_time > until_) return false;
      if (hasher_) event.shard_hash = static_cast<std::uint64_t>(hasher_->hash(event.id));
      if (requirements::ends_stream(event.operation) || done_.event_done(event.shard_hash, event.token_data))
        continue;
      ++pending_.events_;
      effects_.clear();
      table_.apply(event, effects_, arena);
      for (const Effect& effect : effects_) {
        if (filled_.cover(effect.rule, event.cluster_time)) continue;
        if (!done_.effect_done(event.shard_hash, effect.key, event.token_data)) pending_.add(effect);
      }
    }
    return true;
  }

 private:
  InFlightChanges& pending_;
  requirements::RuleTable table_;
  flow::DoneTable done_;
  std::optional<source::IdHasher> hasher_;  ///< if facts are about some of the documents
  checkpoint::BackfillMarks filled_;
  std::uint64_t until_;
  std::vector<Effect> effects_;
};

std::optional<Error> InFlightChanges::read(mongo::ClientPool& pool, const StreamConfig& config,
                                           const requirements::Rules& rules,
                                           const checkpoint::ProgressSnapshot& progress) {
  if (!progress.floor) return std::nullopt;
  Judge judge(*this, rules, progress);
  const source::StreamFilter filter = requirements::filter_of(rules);
  flow::ReadingPolicy reading(events_in_one_answer, filter.parts_serve());
  source::ChangeStream stream(pool, {config.database, filter, events_in_one_answer, await_ms});
  Position at;
  int lost_answers = 0;
  auto error = stream.open(progress.floor, at, true);
  while (!error) {
    std::unique_ptr<source::StreamBatch> batch;
    error = stream.next(batch);
    if (error) {
      const bool less = error->kind == ErrorKind::too_large && reading.too_large();
      const bool again = error->network && ++lost_answers <= most_lost_answers;
      if (!less && !again) return error;
      stream.read_as(reading.now());
      error = stream.open(at, at);
      continue;
    }
    if (batch->events.empty()) {
      if (batch->resume_token && looked_as_far_as(progress.at, *batch)) return std::nullopt;
      continue;  // parts of a split event are missing, or the filter drops all events here
    }
    if (!judge.take(*batch)) return std::nullopt;
    if (events_ > most_events) {
      return Error{
          ErrorKind::fatal, 0,
          "the worker is more than " + std::to_string(most_events) + " events behind; let it catch up first",
          false};
    }
    if (batch->resume_token) at = Position::of(batch->resume_token, batch->operation_time);
    if (!reading.came(batch->events.size())) continue;
    stream.read_as(reading.now());
    error = stream.open(at, at);
  }
  return error;
}

const InFlightChanges::Deltas& InFlightChanges::counters(const CounterPlan& plan) const {
  static const Deltas none;
  const auto found = counters_.find(&plan);
  return found == counters_.end() ? none : found->second;
}

bool InFlightChanges::will_refresh(const CopyPlan& plan, const bson::Value& source) const {
  return holds(refreshes_, &plan, source);
}

bool InFlightChanges::will_fill(const CopyPlan& plan, const bson::Value& target) const {
  return holds(fills_, &plan, target);
}

}  // namespace sluice::audit
