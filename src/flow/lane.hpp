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

/// What a lane needs to know about an event. Owned by the event's batch (EventBatch), which lives until all
/// its events are resolved.
struct EventRecord {
  bson::View document;  ///< the whole event
  bson::View token;
  std::uint64_t cluster_time = 0;
  std::int64_t wall_time_ms = 0;
  std::uint32_t unresolved = 0;  ///< effects that are not yet resolved
  bool failed = false;           ///< one of its effects became a dead letter
  bool published = false;        ///< one of its effects was a message sent to a sink outside MongoDB
};

/// An effect on its way through a lane.
struct Item {
  Effect effect;
  EventRecord* event = nullptr;
  void* owner = nullptr;      ///< the dispatcher's EventBatch; the lane does not use it
  std::uint32_t refusal = 0;  ///< the lane's number for why this item becomes a dead letter; 0: not refused
};

struct LaneLimits {
  std::size_t batch_docs = 1000;
  std::size_t batch_bytes = 4u << 20;
  /// The most that an effect waits for others to share its batch. After a batch, a lane waits as long as that
  /// batch took. So it spends at most half of its time on small batches, and an effect that is offered later
  /// is sent at once.
  Duration linger = std::chrono::milliseconds(5);
  Duration fill{0};  ///< an effect waits this long in any case, because rules want full batches
};

enum class LaneActionKind : std::uint8_t { wait, send };

struct LaneAction {
  LaneActionKind what = LaneActionKind::wait;
  /// With `wait`: call next() again at this time; if absent, after the next offer(), done() or flush().
  std::optional<Time> until;
};

/// How a finished batch changes the lane.
struct LaneReport {
  std::size_t resolved = 0;    ///< this many of the oldest items are done: call pop() for each
  std::optional<Error> retry;  ///< set: the batch failed with this error and will be sent again
  std::optional<Error> stop;   ///< set: the worker has to end, because of this error
};

/// One lane. It queues effects in stream order, merges them into batches and sends one batch at a time. What
/// happens to a failed batch depends on the kind of error: it is retried, it is split, or its refused effects
/// become dead letters. A lane does no I/O and never reads the clock: the caller passes in effects, outcomes
/// and the time.
///
/// Invariants: a batch ends where an event ends, so its last token covers all of this lane's effects up to
/// there; at most one batch is being sent; items stay in the queue until they are resolved.
class Lane {
 public:
  Lane(LaneLimits limits, LaneGuard guard, const std::vector<std::string>& rule_names, std::uint64_t seed);

  void offer(const Item& item, Time now);

  /// Returns what to do now. With `send`, batch() is ready, and the caller must send it and then call done().
  /// A batch that is made now ends behind the event with which it exceeds `most_bytes`, or the lane's limit.
  LaneAction next(Time now, std::size_t most_bytes = SIZE_MAX);
  const Batch& batch() const { return batch_; }

  LaneReport done(const Outcome& outcome, Time now);

  /// The oldest item. After done(), the caller handles and pops as many items as LaneReport::resolved says.
  const Item& front() const { return items_.front(); }
  void pop();

  /// From now on batches are sent at once, without waiting for more effects.
  void flush() { flushing_ = true; }

  bool idle() const { return items_.empty() && !sending_; }
  std::size_t queued() const { return items_.size(); }

 private:
  struct Refusal {
    Error why;
    std::size_t items = 0;  ///< queued items that were refused for this reason
  };

  Time ready_at() const;
  bool ready(Time now) const;
  void build(std::size_t most_bytes);
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
  std::unordered_map<std::uint32_t, Refusal> refusals_;  ///< by Item::refusal; only those of queued items
  std::uint32_t last_refusal_ = 0;
  Batch batch_;
  Merger merger_;
  Backoff backoff_;
  Time oldest_{};                ///< when the first item that is not being sent was offered
  Time sent_{};                  ///< when the last batch was sent
  Time last_done_{};             ///< when it ended
  Duration conflict_linger_{0};  ///< how long to wait for a larger batch, since others write to its documents
  int contended_batches_ = 0;    ///< so many more batches expect others to write to their documents
  std::optional<Time> retry_at_;
  std::size_t in_batch_ = 0;         ///< items in the batch that is being sent, otherwise in the last one
  std::size_t max_items_;            ///< shrinks when batches fail, grows back as they succeed
  int tries_ = 0;                    ///< consecutive failures of the current batch
  int too_large_failures_ = 0;       ///< of these: a single event that was too large for one transaction
  int duplicate_keys_ = 0;           ///< of these: duplicate key errors
  double fan_out_ = 1;               ///< learned: how many documents one refresh updates on average
  std::size_t copies_in_batch_ = 0;  ///< refreshes and fills in the batch
  double bytes_of_a_copy_ = 0;       ///< learned: bytes that the sink needs for one refresh or fill
  bool sending_ = false;
  bool flushing_ = false;
  bool unfinished_ = false;  ///< the last batch was Outcome::unfinished: send it again at once
  bool in_pieces_ = false;
  bool one_by_one_ = false;
  LetterForm letter_form_ = LetterForm::readable;  ///< of the current batch's dead letters
  /// The last batch may already be committed, so only the identical batch may be sent next.
  bool in_doubt_ = false;
};

}  // namespace sluice::flow
