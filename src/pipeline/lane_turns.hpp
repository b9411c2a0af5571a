#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "core/batch.hpp"
#include "flow/turn_pace.hpp"

namespace sluice::pipeline {

/// Lets lanes that write to the same documents take turns: the lanes with the same number, in all partitions
/// of a stream that run in this process. If they wrote at the same time, the server would refuse one of two
/// transactions, and its work would be for nothing. A lane whose turn it is may take the batches of waiting
/// lanes into its own transaction, so that a document that all of them change is written once. Thread-safe.
class LaneTurns {
  struct Entry;

 public:
  class Group;

  /// A place in the line of one lane number. Leaving it, by destruction, lets the next one in. One that may
  /// be taken() by now is left by withdraw().
  class Place {
   public:
    Place(LaneTurns& turns, std::size_t lane, std::shared_ptr<Entry> entry)
        : turns_(&turns), lane_(lane), entry_(std::move(entry)) {}
    Place(Place&& other) noexcept;
    Place& operator=(Place&&) = delete;
    ~Place();

    bool is_first() const;
    /// For the first one: when its transaction may begin, if its events are so late. It may change while
    /// others line up, and while events are read.
    flow::Time begins_at(flow::Duration lateness) const;
    /// Leaves the line, and returns true, unless another lane is committing this place's batch or has done
    /// so.
    bool withdraw();
    /// Another lane is committing this place's batch.
    bool taken() const;
    /// How the batch ended in another lane's transaction; absent while it has not.
    std::optional<Outcome> outcome() const;

    /// For the first one: takes waiting batches into a group with `own`, the oldest first, as long as the
    /// group has at most `most_writes` writes. The line's pace counts from `now`.
    Group take_others(const Batch& own, std::size_t most_writes, flow::Time now);
    /// For the first one: tells how its transaction, or that of its group, ended.
    void ended(const Outcome& outcome);

   private:
    LaneTurns* turns_;
    std::size_t lane_;
    std::shared_ptr<Entry> entry_;
  };

  /// Batches that are committed together. Destroyed without an answer(), it gives the others back: each one
  /// waits for its turn again.
  class Group {
   public:
    Group(LaneTurns& turns, std::size_t lane, const Batch& own)
        : turns_(turns), lane_(lane), batches_{&own} {}
    Group(Group&&) noexcept = default;
    ~Group();

    /// The group's own batch is the first.
    const std::vector<const Batch*>& batches() const { return batches_; }
    /// Tells the other lanes how the transaction ended.
    void answer(const Outcome& outcome);

   private:
    friend class Place;

    LaneTurns& turns_;
    std::size_t lane_;
    std::vector<const Batch*> batches_;
    std::vector<std::shared_ptr<Entry>> taken_;
  };

  /// `storm_pace`: see flow::TurnPace. A line with a batch of `full_batch` writes does not keep that pace.
  LaneTurns(flow::Duration storm_pace, std::size_t full_batch)
      : storm_pace_(storm_pace), full_batch_(full_batch) {}

  /// Takes the last place. `wake` is called, on any thread, when the place's state changes. `batch`, if not
  /// null, may be committed by another lane; it must stay as it is while the place exists. `crowded`, called
  /// on any thread, tells whether the lane's part has little room left for events.
  Place line_up(std::size_t lane, std::function<void()> wake, const Batch* batch = nullptr,
                std::function<bool()> crowded = nullptr);

 private:
  struct Entry {
    std::function<void()> wake;
    const Batch* batch = nullptr;
    std::function<bool()> crowded;
    bool taken = false;
    std::optional<Outcome> outcome;
  };

  struct Line {
    std::deque<std::shared_ptr<Entry>> entries;  ///< at most one for each part
    flow::TurnPace pace;
  };

  const flow::Duration storm_pace_;
  const std::size_t full_batch_;
  mutable std::mutex mutex_;
  std::vector<Line> lines_;  ///< by lane
};

}  // namespace sluice::pipeline
