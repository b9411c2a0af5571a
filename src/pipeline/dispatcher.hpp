#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checkpoint/backfill_marks.hpp"
#include "flow/budget.hpp"
#include "flow/done_table.hpp"
#include "flow/frontier.hpp"
#include "flow/lane.hpp"
#include "flow/token_trail.hpp"
#include "observe/metrics.hpp"
#include "pipeline/deduplicator.hpp"
#include "pipeline/event_batch.hpp"
#include "requirements/rule_table.hpp"
#include "sluice/rule.hpp"

namespace sluice::pipeline {

/// From batches of events to lanes and back: parses events, asks the rules, hands effects to the lanes by
/// their key, and keeps account of how every event ends. On the strand only.
class Dispatcher {
 public:
  Dispatcher(const std::vector<std::unique_ptr<Rule>>& rules, flow::Budget& budget,
             observe::StreamMetrics& metrics);

  /// What earlier runs did, what a backfill anticipated, the lanes to feed, and the dedup windows as of the
  /// position where this run begins. `told_elsewhere`: by rule, the _data of the token up to which another
  /// program has published its changes; "" or missing for none. Once, before the first batch.
  void start(std::vector<flow::DoneTable::Fact> facts, std::vector<flow::Lane*> lanes,
             const std::vector<checkpoint::BackfillMark>& filled = {},
             const std::optional<std::vector<checkpoint::DedupRecord>>& windows = {},
             std::vector<std::string> told_elsewhere = {});

  /// Takes a batch. Gives the sentence that ends the stream when the batch holds an event that says so (a
  /// watched collection dropped, the stream invalidated): everything before it has been dispatched, nothing
  /// after it.
  std::optional<std::string> dispatch(std::unique_ptr<source::StreamBatch> batch, flow::Time now);

  /// Collections that patterns were found to match since the last call, and whose images a rule needs.
  std::vector<std::string> take_found() { return table_.take_found(); }

  /// Takes the first `count` items off a lane, as done.
  void resolve(flow::Lane& lane, std::size_t count);

  /// The newest position that may be stored, if there is a new one.
  std::optional<Position> advance();

  /// From now on it is told of the changes that rules have something to do for. Outlives the dispatcher.
  void tell(flow::TokenTrail& trail) { trail_ = &trail; }

  /// Of several that divide the stream only one tells of what happens to whole collections, for each of them
  /// reads of it.
  void tell_of_collections(bool yes) { of_collections_ = yes; }

  /// What happened to watched collections, since the last call, that rules were not told of: a line each.
  std::vector<std::string> take_notices() { return std::exchange(notices_, {}); }

  bool idle() const { return frontier_.idle(); }

  /// True once, when the newest position that advance() gave lies behind all that earlier runs did: stored
  /// together with that position, they may be forgotten. (That events from behind were read is not enough:
  /// those before may be under way still, and would be read again, after a crash, with nobody to know which
  /// of their effects were done.)
  bool passed_facts();

  /// The dedup windows, as of the newest position that advance() gave.
  const Deduplicator& repetitions() const { return repetitions_; }

 private:
  std::optional<std::string> change_collection(const ChangeEvent& event, Arena& arena);
  /// With what the rules want done in effects_.
  void dispatch_event(EventBatch& batch, std::size_t index, const ChangeEvent& event, flow::Time now);
  void finish_event(EventBatch& batch, std::size_t count);
  bool skip(const ChangeEvent& event, const Effect& effect) const;
  void drop_repetitions(const ChangeEvent& event);
  void drop_told_elsewhere(const ChangeEvent& event);

  flow::Budget& budget_;
  observe::StreamMetrics& metrics_;
  const std::vector<std::unique_ptr<Rule>>& rules_;
  requirements::RuleTable table_;
  std::vector<observe::RuleEffects> rule_metrics_;
  std::vector<flow::Lane*> lanes_;
  flow::DoneTable done_;
  checkpoint::BackfillMarks filled_;
  Deduplicator repetitions_;
  bool of_collections_ = true;
  std::vector<std::string> notices_;
  bool filled_matters_ = false;
  bool done_matters_ = false;
  std::vector<std::string> told_elsewhere_;
  std::string newest_told_;
  bool told_matters_ = false;
  bool had_facts_ = false;
  bool passed_facts_ = false;
  flow::Frontier frontier_;
  std::map<std::uint64_t, std::unique_ptr<EventBatch>> batches_;
  std::vector<Effect> effects_;
  std::size_t filtered_ = 0;
  flow::TokenTrail* trail_ = nullptr;
  observe::Distribution::Tally lag_;
};

}  // namespace sluice::pipeline
