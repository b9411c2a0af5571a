#include "pipeline/dispatcher.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "pipeline/collection_changes.hpp"

namespace sluice::pipeline {

namespace {

std::int64_t wall_clock_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::string end_sentence(const CollectionChange& change) {
  return in_words(change) +
         ", after which events alone cannot keep the targets up to date. Start with --on-lost rebuild to "
         "recompute them and continue, or once with --restart-now to continue from the present moment with "
         "the targets as they are";
}

}  // namespace

Dispatcher::Dispatcher(const std::vector<std::unique_ptr<Rule>>& rules, flow::Budget& budget,
                       observe::StreamMetrics& metrics)
    : budget_(budget),
      metrics_(metrics),
      rules_(rules),
      table_(rules),
      repetitions_(rules),
      lag_(metrics.event_lag_seconds) {
  for (const auto& rule : rules) rule_metrics_.push_back(metrics.rule_effects(rule->name()));
}

void Dispatcher::start(std::vector<flow::DoneTable::Fact> facts, std::vector<flow::Lane*> lanes,
                       const std::vector<checkpoint::BackfillMark>& filled,
                       const std::optional<std::vector<checkpoint::DedupRecord>>& windows,
                       std::vector<std::string> told_elsewhere) {
  filled_.set(rules_, filled);
  filled_matters_ = !filled.empty();
  for (auto& fact : facts) done_.add(std::move(fact));
  done_matters_ = had_facts_ = !done_.facts().empty();
  lanes_ = std::move(lanes);
  repetitions_.restore(windows);
  told_elsewhere_ = std::move(told_elsewhere);
  told_elsewhere_.resize(rules_.size());
  newest_told_ = rules_.empty() ? "" : *std::ranges::max_element(told_elsewhere_);
  told_matters_ = !newest_told_.empty();
}

std::optional<Position> Dispatcher::advance() {
  auto reached = frontier_.advance();
  if (reached) passed_facts_ = !done_.matters_behind(reached->data());
  if (reached && repetitions_.any()) repetitions_.settle(frontier_.passed(), passed_facts_);
  return reached;
}

bool Dispatcher::passed_facts() {
  if (!passed_facts_ || !had_facts_) return false;
  had_facts_ = false;
  return true;
}

std::optional<std::string> Dispatcher::dispatch(std::unique_ptr<source::StreamBatch> from, flow::Time now) {
  if (from->events.empty() && !from->resume_token) {
    budget_.dispatched(0, 0, from->expected);
    budget_.release(0, source::charged_of(*from));  // it has neither events nor a position
    return std::nullopt;
  }
  auto owned = std::make_unique<EventBatch>(std::move(from));
  EventBatch& batch = *owned;
  const auto count = batch.records.size();
  std::optional<std::string> end;
  std::size_t read = 0;
  std::size_t done_before = 0;
  // The frontier must know the batch before its first event can be resolved. One more is counted as
  // unresolved until all events are dispatched, so that the batch lives as long as this function needs it.
  const std::size_t self = count > 0 ? 1 : 0;
  batch.unresolved += self;
  const std::uint64_t number = batch.number = frontier_.open(source::end_of(*batch.source), batch.unresolved);
  batches_.emplace(number, std::move(owned));
  for (; read < count; ++read) {
    ChangeEvent event;
    parse_event(batch.source->events[read], event);
    event.first_number = batch.source->first_number;
    event.own = !batch.source->own.empty() && batch.source->own[read];
    done_matters_ = done_matters_ && done_.matters_at(event.token_data);
    filled_matters_ = filled_matters_ && filled_.matter_at(event.cluster_time);
    told_matters_ = told_matters_ && event.token_data <= newest_told_;
    const bool change = event.operation != Operation::snapshot;
    if (done_matters_) {
      if (!hasher_) hasher_.emplace();
      event.shard_hash = static_cast<std::uint64_t>(hasher_->hash(event.id));
    }
    if (change && done_matters_ && done_.event_done(event.shard_hash, event.token_data)) {
      ++done_before;
      finish_event(batch, 1);
      continue;
    }
    effects_.clear();
    if (requirements::ends_stream(event.operation)) {
      if ((end = change_collection(event, batch.arena))) break;
    } else {
      table_.apply(event, effects_, batch.arena);
    }
    dispatch_event(batch, read, event, now);
  }
  if (trail_ != nullptr) trail_->end_batch();
  // Counted once for each batch: an atomic addition for each event would be noticeable.
  metrics_.events_read.Increment(static_cast<double>(read - done_before));
  metrics_.events_filtered.Increment(static_cast<double>(std::exchange(filtered_, 0)));
  batch.charged = static_cast<std::int64_t>(batch.arena.used() + count * sizeof(flow::EventRecord) +
                                            batch.items * sizeof(flow::Item));
  budget_.dispatched(batch.charged, count > 0 ? static_cast<std::int64_t>(batch.source->size) : 0,
                     batch.source->expected);
  finish_event(batch, self);
  if (repetitions_.any()) repetitions_.mark(frontier_, number);
  return end;
}

/// Returns why the stream must end, if a rule that keeps state is concerned. Other rules continue: what is
/// written after a drop is published like anything else.
std::optional<std::string> Dispatcher::change_collection(const ChangeEvent& event, Arena& arena) {
  const auto concerned = table_.change_collection(event, of_collections_, effects_, arena);
  const CollectionChange change = change_of(event, concerned.collection);
  const bool counts = of_collections_ && event.operation != Operation::invalidate && concerned.any;
  if (counts) metrics_.collection_changes(std::string(name_of(event.operation))).Increment();
  if (concerned.keeps_state) return end_sentence(change);
  if (counts && !concerned.untold.empty())
    notices_.push_back(in_words(change) + without_effect(change, concerned.untold));
  return std::nullopt;
}

bool Dispatcher::skip(const ChangeEvent& event, const Effect& effect) const {
  // A snapshot's position does not say what was done.
  if (event.operation == Operation::snapshot) return false;
  if (filled_matters_ && filled_.cover(effect.rule, event.cluster_time)) return true;
  return done_matters_ && done_.effect_done(event.shard_hash, effect.key, event.token_data);
}

void Dispatcher::dispatch_event(EventBatch& batch, std::size_t index, const ChangeEvent& event,
                                flow::Time now) {
  flow::EventRecord& record = batch.records[index];
  record = {batch.source->events[index], event.token, event.cluster_time, event.wall_time_ms};
  if (repetitions_.any()) drop_repetitions(event);
  const bool any = !effects_.empty();
  if (told_matters_) drop_told_elsewhere(event);
  if (!effects_.empty() && trail_ != nullptr && event.operation != Operation::snapshot) {
    trail_->change(event.collection, event.token_data);
  }
  std::erase_if(effects_, [&](const Effect& effect) {
    const bool skipped = skip(event, effect);
    if (skipped) rule_metrics_[effect.rule].skipped.Increment();
    return skipped;
  });
  record.unresolved = static_cast<std::uint32_t>(effects_.size());
  batch.items += effects_.size();
  for (const Effect& effect : effects_)
    lanes_[effect.key % lanes_.size()]->offer({effect, &record, &batch, 0}, now);
  if (!effects_.empty()) return;
  if (any) {
    metrics_.events_applied.Increment();  // applied by an earlier run
  } else {
    ++filtered_;
  }
  finish_event(batch, 1);
}

/// Removes effects that repeat earlier ones. Those of a snapshot are kept, since it is requested to publish
/// things again.
void Dispatcher::drop_repetitions(const ChangeEvent& event) {
  if (event.operation == Operation::snapshot) return;
  std::erase_if(effects_, [&](const Effect& effect) {
    if (done_matters_ && repetitions_.unsure(event, effect.rule) && skip(event, effect)) {
      repetitions_.left_out(event, effect.rule);
      return false;
    }
    const bool known = repetitions_.repeated(event, effect);
    if (known) rule_metrics_[effect.rule].repeated.Increment();
    return known;
  });
}

/// Removes effects that another program has published. Such a change is not reported to trail_ either: the
/// other program has stored a newer token, which ours would set back.
void Dispatcher::drop_told_elsewhere(const ChangeEvent& event) {
  if (event.operation == Operation::snapshot) return;
  std::erase_if(effects_, [&](const Effect& effect) {
    const bool told = event.token_data <= told_elsewhere_[effect.rule];
    if (told) rule_metrics_[effect.rule].skipped.Increment();
    return told;
  });
}

void Dispatcher::resolve(flow::Lane& lane, std::size_t count) {
  const std::int64_t now = wall_clock_ms();
  std::vector<std::size_t> applied(rule_metrics_.size());
  std::vector<std::size_t> failed(rule_metrics_.size());
  std::size_t events_applied = 0;
  std::size_t events_published = 0;
  std::size_t events_dead = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const flow::Item& item = lane.front();
    flow::EventRecord& record = *item.event;
    auto& batch = *static_cast<EventBatch*>(item.owner);
    ++(item.refusal == 0 ? applied : failed)[item.effect.rule];
    record.failed |= item.refusal != 0;
    record.published |= std::holds_alternative<Deliver>(item.effect.body);
    lane.pop();
    if (--record.unresolved > 0) continue;
    ++(record.failed ? events_dead : record.published ? events_published : events_applied);
    lag_.observe(static_cast<double>(std::max<std::int64_t>(0, now - record.wall_time_ms)) / 1000.0);
    finish_event(batch, 1);
  }
  for (std::size_t rule = 0; rule < rule_metrics_.size(); ++rule) {
    if (applied[rule] > 0) rule_metrics_[rule].applied.Increment(static_cast<double>(applied[rule]));
    if (failed[rule] > 0) rule_metrics_[rule].failed.Increment(static_cast<double>(failed[rule]));
  }
  if (events_applied > 0) metrics_.events_applied.Increment(static_cast<double>(events_applied));
  if (events_published > 0) metrics_.events_published.Increment(static_cast<double>(events_published));
  if (events_dead > 0) metrics_.events_dead.Increment(static_cast<double>(events_dead));
  metrics_.event_lag_seconds.add(lag_);
}

void Dispatcher::finish_event(EventBatch& batch, std::size_t count) {
  frontier_.resolve(batch.number, count);
  batch.unresolved -= count;
  if (batch.unresolved > 0) return;
  if (batch.source->on_done) batch.source->on_done();
  budget_.release(static_cast<std::int64_t>(batch.records.size()),
                  source::charged_of(*batch.source) + batch.charged);
  batches_.erase(batch.number);
}

}  // namespace sluice::pipeline
