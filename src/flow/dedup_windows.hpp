#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "flow/dedup.hpp"
#include "flow/frontier.hpp"

namespace sluice::flow {

/// The deduplication windows of a stream's rules, with a mark for the end of each batch that the frontier may
/// stop at. Rules are named by index. A rule may have no window: then call only has() and restore() for it.
///
/// After a restart, events behind the stored position are judged again. The results are the same if the
/// window was restored exactly as it was at that position. If it was not (inexact()), it is unknown whether
/// an effect that an earlier run has done was sent or was dropped as a repetition. Such an effect must not
/// enter the window, where it could suppress something that was never sent.
class DedupWindows {
 public:
  using Stored = DedupWindow::Stored;

  /// `window_ms` 0: the rule has no window.
  void add(std::int64_t window_ms) {
    Slot slot;
    if (window_ms > 0) slot.window.emplace(window_ms);
    any_ |= slot.window.has_value();
    slots_.push_back(std::move(slot));
  }

  bool any() const { return any_; }
  std::size_t size() const { return slots_.size(); }
  bool has(std::size_t rule) const { return slots_[rule].window.has_value(); }

  /// Restores a rule's window from what is stored as of the position where this run begins; null: nothing is
  /// stored.
  void restore(std::size_t rule, const Stored* stored) {
    Slot& slot = slots_[rule];
    if (!slot.window) return;
    const bool taken = stored != nullptr && slot.window->restore(*stored);
    slot.exact = slot.exact_at_floor = taken && stored->exact;
    if (!taken) ++version_;
  }

  bool repeated(std::size_t rule, std::uint64_t content, std::int64_t now_ms) {
    return slots_[rule].window->repeated(content, now_ms);
  }

  /// Whether effects that earlier runs have done must be kept out of the window.
  bool inexact(std::size_t rule) const { return !slots_[rule].exact; }
  /// An effect that an earlier run has done was kept out of the window.
  void left_out(std::size_t rule, std::int64_t now_ms) {
    slots_[rule].exact = false;
    slots_[rule].window->pass_to(now_ms);
  }

  /// All events of batch `number` have been judged.
  void mark(const Frontier& frontier, std::uint64_t number) {
    if (marks_.empty() || marks_.back().number != number) marks_.push_back({number, {}});
    auto& windows = marks_.back().windows;
    windows.clear();
    for (const Slot& slot : slots_) {
      if (slot.window) windows.push_back(slot.window->mark());
    }
    // The frontier merges resolved batches and does not stop at the ends of merged ones, so their marks are
    // not needed.
    constexpr std::size_t spare = 64;
    if (marks_.size() > 2 * frontier.size() + spare) {
      std::erase_if(marks_, [&](const Mark& mark) { return !frontier.holds(mark.number); });
    }
  }

  /// The frontier has reached the end of batch `number`. `nothing_done_beyond`: earlier runs have done
  /// nothing behind it, so the windows are exact from here on.
  void settle(std::uint64_t number, bool nothing_done_beyond) {
    std::optional<Mark> reached;
    while (!marks_.empty() && marks_.front().number <= number) {
      reached = std::move(marks_.front());
      marks_.pop_front();
    }
    if (!reached) return;
    bool changed = false;
    auto mark = reached->windows.begin();
    for (Slot& slot : slots_) {
      if (!slot.window) continue;
      slot.exact = slot.exact || nothing_done_beyond;
      changed |= slot.window->settled() != *mark || slot.exact_at_floor != slot.exact;
      slot.window->settle(*mark++);
      slot.exact_at_floor = slot.exact;
    }
    if (changed) ++version_;
  }

  /// Changes when stored() would return something new. 0: still what was restored at the start of the run.
  std::uint64_t version() const { return version_; }

  /// A rule's window as of the frontier's position, with the newest `most` of its entries.
  Stored stored(std::size_t rule, std::size_t most) const {
    Stored stored = slots_[rule].window->stored(most);
    stored.exact = stored.exact && slots_[rule].exact_at_floor;
    return stored;
  }

  std::size_t marks() const { return marks_.size(); }

 private:
  struct Slot {
    std::optional<DedupWindow> window;
    bool exact = true;           ///< it equals the window of the run that did what is done already
    bool exact_at_floor = true;  ///< the same, as of the frontier's position
  };
  struct Mark {
    std::uint64_t number;
    std::vector<DedupWindow::Mark> windows;  ///< one for each rule that has a window, in the order of rules
  };

  std::vector<Slot> slots_;
  std::deque<Mark> marks_;  ///< at most 2 * frontier.size() + 64
  std::uint64_t version_ = 0;
  bool any_ = false;
};

}  // namespace sluice::flow
