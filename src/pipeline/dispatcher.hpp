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
#include "source/id_hash.hpp"

namespace sluice::pipeline {

/// Parses the events of batches, applies the rules, offers the effects to lanes by their key, and keeps
/// account of how every event ends. On the strand only.
class Dispatcher {
 public:
  Dispatcher(const std::vector<std::unique_ptr<Rule>>& rules, flow::Budget& budget,
             observe::StreamMetrics& metrics);

  /// Call it once, before the first batch. `facts`: what earlier runs did. `filled`: what a backfill has
  /// already written. `windows`: the dedup windows as of the position where this run begins.
  /// `told_elsewhere`: for each rule, the _data of the token up to which another program has published its
  /// changes; "" or missing if there is none.
  void start(std::vector<flow::DoneTable::Fact> facts, std::vector<flow::Lane*> lanes,
             const std::vector<checkpoint::BackfillMark>& filled = {},
             const std::optional<std::vector<checkpoint::DedupRecord>>& windows = {},
             std::vector<std::string> told_elsewhere = {});

  /// Dispatches a batch. Returns a sentence that says why the stream must end, if the batch contains an event
  /// that ends it (a watched collection was dropped, the stream was invalidated). Then everything before that
  /// event has been dispatched, and nothing after it.
  std::optional<std::string> dispatch(std::unique_ptr<source::StreamBatch> batch, flow::Time now);

  /// Collections that were found to match patterns since the last call, and on which a rule needs images.
  std::vector<std::string> take_found() { return table_.take_found(); }

  /// Removes the first `count` items from a lane, and records them as done.
  void resolve(flow::Lane& lane, std::size_t count);

  /// The newest position that may be stored, if there is a new one.
  std::optional<Position> advance();

  /// From now on, changes that have effects are reported to `trail`, which must outlive the dispatcher.
  void tell(flow::TokenTrail& trail) { trail_ = &trail; }

  /// Whether this part reports changes of whole collections. Each part of a divided stream reads such
  /// changes, but only one part reports them.
  void tell_of_collections(bool yes) { of_collections_ = yes; }

  /// Changes of whole watched collections since the last call that some rules do not handle, as a sentence
  /// each.
  std::vector<std::string> take_notices() { return std::exchange(notices_, {}); }

  bool idle() const { return frontier_.idle(); }

  /// True once: when the newest position that advance() returned is after everything that earlier runs did.
  /// Their facts may then be deleted in the update that stores this position. (That later events were read is
  /// not enough. Earlier events may still be in flight; after a crash they would be read again, and without
  /// the facts nobody would know which of their effects were done.)
  bool passed_facts();

  /// The dedup windows as of the newest position that advance() returned.
  const Deduplicator& repetitions() const { return repetitions_; }

 private:
  std::optional<std::string> change_collection(const ChangeEvent& event, Arena& arena);
  /// Offers the effects in effects_, which the rules made of the event, to the lanes.
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
  std::optional<source::IdHasher> hasher_;  ///< made when it is needed
  std::size_t filtered_ = 0;
  flow::TokenTrail* trail_ = nullptr;
  observe::Distribution::Tally lag_;
};

}  // namespace sluice::pipeline
