#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/dedup_record.hpp"
#include "flow/dedup_windows.hpp"
#include "sluice/rule.hpp"

namespace sluice::pipeline {

/// Finds effects that repeat what their rule sent or wrote within its dedup window (RuleOptions::dedup). On
/// the stream's strand.
class Deduplicator {
 public:
  /// `rules` in the order of the stream.
  explicit Deduplicator(const std::vector<std::unique_ptr<Rule>>& rules);

  bool any() const { return windows_.any(); }

  /// Restores the windows that were stored with the position where this run begins. Call it once, before the
  /// first event.
  void restore(const std::optional<std::vector<checkpoint::DedupRecord>>& stored);

  /// Whether the effect repeats an earlier one; if not, it enters the window. Call it for every effect, also
  /// for those that an earlier run carried out, except as unsure() says.
  bool repeated(const ChangeEvent& event, const Effect& effect);

  /// Whether judging the event again may give another result than an earlier run got: the window differs, or
  /// the document was looked up and may have changed since. If an earlier run has carried out such an effect,
  /// call left_out() instead of repeated().
  bool unsure(const ChangeEvent& event, std::size_t rule) const;
  void left_out(const ChangeEvent& event, std::size_t rule);

  /// Report the progress of batches, see flow::DedupWindows.
  void mark(const flow::Frontier& frontier, std::uint64_t batch) { windows_.mark(frontier, batch); }
  void settle(std::uint64_t batch, bool nothing_done_beyond) { windows_.settle(batch, nothing_done_beyond); }

  /// The windows to store with the newest position of the frontier. `version` is 0 while they equal what was
  /// restored, and another number after each change.
  std::vector<checkpoint::DedupRecord> stored() const;
  std::uint64_t version() const { return windows_.version(); }

 private:
  struct Asked {
    std::string name;
    bool looks_up;  ///< the document sent with an update may be newer than the update
  };

  flow::DedupWindows windows_;  ///< by rule
  std::vector<Asked> rules_;    ///< by rule
};

}  // namespace sluice::pipeline
