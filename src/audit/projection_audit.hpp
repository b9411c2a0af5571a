#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

#include "audit/copies.hpp"
#include "audit/counters.hpp"
#include "audit/in_flight_changes.hpp"
#include "audit/repairer.hpp"

namespace sluice::audit {

/// The results of an audit of one projection.
struct AuditTotals {
  std::int64_t checked = 0;  ///< targets compared
  std::int64_t different = 0;
  std::int64_t orphans =
      0;  ///< references whose source is missing, under `on_delete: delete`; reported, never deleted
  std::int64_t mended = 0;
  std::int64_t unmendable = 0;
};

/// The events of a running audit. Called on several threads, but never at the same time.
struct AuditEvents {
  std::function<void(const std::string& sentence)> difference;
  std::function<void(const std::string& sentence)> orphan;
  std::function<void(const std::string& sentence)> unmendable;
  std::function<void(const std::string& what, std::int64_t done, std::int64_t total)> progress;
};

struct AuditOptions {
  std::string pipeline;
  std::string stream;
  std::string state_database;
  std::int64_t sample = 0;  ///< this many targets only; 0: all
  int threads = 4;
  std::stop_token stop = {};
};

/// Compares one projection's targets with its sources as of one cluster time, and repairs differences if
/// there is a `repairer`. Blocks.
class ProjectionAudit {
 public:
  /// `pending`: the changes that a worker has still to apply; null in a backfill, which has none. `repairer`:
  /// null to repair nothing. All arguments must outlive the audit.
  ProjectionAudit(mongo::ClientPool& pool, const InFlightChanges* pending, Repairer* repairer,
                  std::uint64_t at, AuditOptions options, AuditEvents events)
      : pool_(pool),
        pending_(pending),
        repairer_(repairer),
        at_(at),
        options_(std::move(options)),
        events_(std::move(events)) {}

  std::optional<Error> run(const std::string& rule, const Projection& projection);

  const AuditTotals& totals() const { return totals_; }

 private:
  /// The ids of dead letters, by the counter that they concern.
  using Letters = std::unordered_map<bson::Identity, std::vector<bson::Value>, sinks::IdentityHash>;
  struct CounterPass;
  struct CopyPass;

  std::optional<Error> counters(const Counted& counted);
  std::optional<Error> all_counters(const Counted& counted, CounterPass& pass);
  /// Compares only the counters of `ids`.
  std::optional<Error> counter_rows(const Counted& counted, const std::vector<bson::Value>& ids,
                                    CounterPass& pass);
  /// Compares one counter. Writes the collected fixes once there are enough of them.
  std::optional<Error> take(const Counted& counted, const CounterRow& row, CounterPass& pass);
  void compare(const Counted& counted, const CounterRow& row, std::int64_t still_to_add, CounterPass& pass);
  std::optional<Error> fix(const Counted& counted, CounterPass& pass);
  std::optional<Error> read_letters(const CounterPlan& plan, CounterPass& pass);
  std::optional<Error> sample_ids(const CounterPlan& plan, Arena& arena, std::vector<bson::Value>& ids);

  std::optional<Error> copies(const CopyPlan& plan);
  std::optional<Error> copy_range(const CopyPlan& plan, SourceCache& sources, const IdRange* range,
                                  CopyPass& pass);
  std::optional<Error> fix(CopyPass& pass);
  void compare(const CopyPlan& plan, const CopyDifference& difference, CopyPass& pass);

  /// Repairs `sentences.size()` differences by `write(from, to)`, a few hundred at a time.
  std::optional<Error> mend(const std::vector<std::string>& sentences,
                            const std::function<std::optional<Error>(std::size_t, std::size_t)>& write);

  void count_different(const std::string& sentence);
  void count_orphan(const std::string& sentence);
  void count_unmendable(const std::string& sentence);
  void count_mended(std::size_t number);
  void advance(const std::string& collection, std::int64_t targets);
  std::int64_t estimate(const std::string& database, const std::string& collection);

  mongo::ClientPool& pool_;
  const InFlightChanges* pending_;
  Repairer* repairer_;
  std::uint64_t at_;
  AuditOptions options_;
  AuditEvents events_;
  std::string rule_;
  std::int64_t expected_targets_ = 0;  ///< an estimate, for the progress
  std::mutex mutex_;                   ///< guards totals_ and events_
  AuditTotals totals_;
};

/// A value for messages: relaxed Extended JSON, shortened to about 120 bytes.
std::string value_text(const bson::Value& value);

}  // namespace sluice::audit
