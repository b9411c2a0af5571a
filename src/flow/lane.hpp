#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/batch.hpp"
#include "flow/backoff.hpp"
#include "flow/merge.hpp"
#include "flow/time.hpp"
#include "sluice/effect.hpp"

namespace sluice::flow {

/// What a lane has to know about an event. Lives in the event's batch until the event is resolved.
struct EventRecord {
  bson::View document;  ///< the whole event
  bson::View token;
  std::uint64_t cluster_time = 0;
  std::int64_t wall_time_ms = 0;
  std::uint32_t unresolved = 0;  ///< effects still to be resolved
  bool failed = false;           ///< one of its effects went to the dead letters
  bool published = false;        ///< one of its effects left MongoDB
};

/// An effect on its way through a lane.
struct Item {
  Effect effect;
  EventRecord* event = nullptr;
  void* owner = nullptr;      ///< the pipeline's batch of events; the lane only hands it back
  std::uint32_t refusal = 0;  ///< why it is now a dead letter: the lane's number for the reason, or 0
};

struct LaneLimits {
  std::size_t batch_docs = 1000;
  std::size_t batch_bytes = 4u << 20;
  Duration linger = std::chrono::milliseconds(5);
};

enum class LaneActionKind : std::uint8_t { wait, send };

struct LaneAction {
  LaneActionKind what = LaneActionKind::wait;
  std::optional<Time> until;  ///< with wait: ask again then; if absent, when something has happened
};

/// How a finished batch changes the lane.
struct LaneReport {
  std::size_t resolved = 0;    ///< this many of the oldest items are done: pop() them
  std::optional<Error> retry;  ///< the batch will be sent again, because of this
  std::optional<Error> stop;   ///< the worker has to end, because of this
};

/// One lane: effects wait in stream order, are merged into batches, sent one batch at a time, and retried,
/// split or set aside by kind of error. Does no I/O and never reads the clock: the caller passes in effects,
/// outcomes and the time.
///
/// Invariants: a batch ends where an event ends, so its last token covers all of this lane's effects up to
/// there; at most one batch is out; what was sent stays in the queue until it is resolved.
class Lane {
 public:
  Lane(LaneLimits limits, LaneGuard guard, const std::vector<std::string>& rule_names, std::uint64_t seed);

  void offer(const Item& item, Time now);

  /// What to do now. With `send`, batch() is ready and done() must follow.
  LaneAction next(Time now);
  const Batch& batch() const { return batch_; }

  LaneReport done(const Outcome& outcome, Time now);

  /// The oldest item; pop() it once for each resolved one.
  const Item& front() const { return items_.front(); }
  void pop();

  /// From now on nothing waits for a fuller batch: what is queued is sent as it is.
  void flush() { flushing_ = true; }

  bool idle() const { return items_.empty() && !sending_; }
  std::size_t queued() const { return items_.size(); }

 private:
  struct Refusal {
    Error why;
    std::size_t items = 0;  ///< how many items in the queue it holds for
  };

  bool ready(Time now) const;
  void build();
  void add_item(const Item& item);
  void refuse_item(Item& item, std::uint32_t refusal);
  std::uint32_t add_refusal(Error why);
  std::size_t mark_refused(const std::optional<std::size_t>& write, const Error& why);
  bool at_event_end(std::size_t count) const;
  LaneReport not_committed(const Outcome& outcome, Time now);
  std::size_t done_items(const Outcome& outcome) const;
  LaneReport retry_later(const Outcome& outcome, Time now);
  LaneReport refuse(const Outcome& outcome, Time now);
  LaneReport letter_refused(const Outcome& outcome, Time now);
  void shrink();
  bool never_fits(const Error& error);
  void learn_fan_out(const Outcome& outcome);
  std::size_t expected_copy_bytes() const;
  void learn_copy_bytes(const Outcome& outcome);

  LaneLimits limits_;
  const std::vector<std::string>& rule_names_;
  std::deque<Item> items_;
  std::unordered_map<std::uint32_t, Refusal> refusals_;  ///< only of items still in the queue
  std::uint32_t last_refusal_ = 0;
  Batch batch_;
  Merger merger_;
  Backoff backoff_;
  Time oldest_{};  ///< when the first waiting item came
  std::optional<Time> retry_at_;
  std::size_t in_batch_ = 0;         ///< items in the batch that is out, or else in the last one
  std::size_t max_items_;            ///< shrinks when batches fail, grows back as they succeed
  int tries_ = 0;                    ///< consecutive failures of the present batch
  int too_large_failures_ = 0;       ///< how many of these said that one event's transaction is too large
  int duplicate_keys_ = 0;           ///< how many of these were a duplicate key
  double fan_out_ = 1;               ///< learned: how many documents one refresh reaches
  std::size_t copies_in_batch_ = 0;  ///< writes of the batch that are refreshes or fills
  double bytes_of_a_copy_ = 0;       ///< learned: what one of these writes needs in the sink
  bool sending_ = false;
  bool flushing_ = false;
  bool unfinished_ = false;  ///< some of the last batch's work goes on: it is sent again at once
  bool in_pieces_ = false;
  bool one_by_one_ = false;
  LetterForm letter_form_ = LetterForm::readable;  ///< of the present batch's dead letters
  bool in_doubt_ = false;  ///< the last batch may be committed already: only the identical batch may follow
};

}  // namespace sluice::flow
