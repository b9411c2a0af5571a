#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "flow/dedup.hpp"
#include "flow/frontier.hpp"

namespace sluice::flow {

/// The dedup windows of a stream's rules, and how they stood at the end of each batch that the frontier may
/// come to. A rule without a window is asked nothing.
///
/// After a restart, events from behind the stored position are judged again. That reproduces the earlier
/// judgement where the window was restored as it was at that position. Where it was not (inexact()), an
/// effect that an earlier run has done may have been told, or dropped as a repetition: nobody knows, so it
/// must not enter the window, where it could suppress something that was never told.
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

  /// What is stored of a rule's window as of the position where this run begins; null: nothing.
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

  /// Whether what earlier runs have done must be kept out of the window.
  bool inexact(std::size_t rule) const { return !slots_[rule].exact; }
  /// Something that an earlier run has done was kept out.
  void left_out(std::size_t rule, std::int64_t now_ms) {
    slots_[rule].exact = false;
    slots_[rule].window->pass_to(now_ms);
  }

  /// All of batch `number` has been judged.
  void mark(const Frontier& frontier, std::uint64_t number) {
    if (marks_.empty() || marks_.back().number != number) marks_.push_back({number, {}});
    auto& windows = marks_.back().windows;
    windows.clear();
    for (const Slot& slot : slots_) {
      if (slot.window) windows.push_back(slot.window->mark());
    }
    // The frontier merges batches that are resolved, and never stops at their ends again.
    constexpr std::size_t spare = 64;
    if (marks_.size() > 2 * frontier.size() + spare) {
      std::erase_if(marks_, [&](const Mark& mark) { return !frontier.holds(mark.number); });
    }
  }

  /// The frontier has come to the end of batch `number`. `nothing_done_beyond`: no earlier run has done
  /// anything behind it.
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

  /// Differs once stored() gives something else than at the start of the run (0: what was restored).
  std::uint64_t version() const { return version_; }

  /// A rule's window as of where the frontier stands.
  Stored stored(std::size_t rule, std::size_t most) const {
    Stored stored = slots_[rule].window->stored(most);
    stored.exact = stored.exact && slots_[rule].exact_at_floor;
    return stored;
  }

  std::size_t marks() const { return marks_.size(); }

 private:
  struct Slot {
    std::optional<DedupWindow> window;
    bool exact = true;           ///< it is as it was in the run that did what is done already
    bool exact_at_floor = true;  ///< a run that begins where the frontier stands may rely on that
  };
  struct Mark {
    std::uint64_t number;
    std::vector<DedupWindow::Mark> windows;  ///< of the rules that have one, in their order
  };

  std::vector<Slot> slots_;
  std::deque<Mark> marks_;  ///< at most two for each entry of the frontier, and some
  std::uint64_t version_ = 0;
  bool any_ = false;
};

}  // namespace sluice::flow
