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

/// Finds the effects that repeat what their rule sent or wrote lately (RuleOptions::dedup). On the stream's
/// strand.
class Deduplicator {
 public:
  /// `rules` in the order of the stream.
  explicit Deduplicator(const std::vector<std::unique_ptr<Rule>>& rules);

  bool any() const { return windows_.any(); }

  /// What was stored with the position where this run begins. Once, before the first event.
  void restore(const std::optional<std::vector<checkpoint::DedupRecord>>& stored);

  /// To be asked about every effect, also of those that an earlier run carried out, unless it is unsure().
  bool repeated(const ChangeEvent& event, const Effect& effect);

  /// Whether judging the event once more may give another result than it gave an earlier run: the window is
  /// not the same, or the document was looked up and may have changed since. If an earlier run has carried
  /// the effect out, it is then left_out() and not asked about.
  bool unsure(const ChangeEvent& event, std::size_t rule) const;
  void left_out(const ChangeEvent& event, std::size_t rule);

  /// The course of the batches, see flow::DedupWindows.
  void mark(const flow::Frontier& frontier, std::uint64_t batch) { windows_.mark(frontier, batch); }
  void settle(std::uint64_t batch, bool nothing_done_beyond) { windows_.settle(batch, nothing_done_beyond); }

  /// What is to be stored with the newest position of the frontier. `version` is 0 as long as that is what
  /// was restored, and another number after each change.
  std::vector<checkpoint::DedupRecord> stored() const;
  std::uint64_t version() const { return windows_.version(); }

 private:
  struct Asked {
    std::string name;
    bool looks_up;  ///< the document beside an update may be newer than the update
  };

  flow::DedupWindows windows_;  ///< by rule
  std::vector<Asked> rules_;    ///< likewise
};

}  // namespace sluice::pipeline
