#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "checkpoint/audit_lease.hpp"
#include "core/batch.hpp"
#include "sluice/projection.hpp"

namespace sluice::audit {

/// The repair of one counter.
struct CounterFix {
  bson::Value id;
  std::int64_t change = 0;  ///< to be added to the counter's value at the time of the repair
  bson::Value broken;  ///< the counter's value if it is not a number; then `value` replaces it and `change`
                       ///< is ignored
  std::int64_t value = 0;
  std::vector<bson::Value> letters;  ///< dead letters that the repair accounts for
};

/// Repairs differences that an audit found. A counter is repaired by adding the difference, so a worker may
/// go on counting meanwhile. The same transaction checks the audit's lease and deletes the dead letters that
/// the repair accounts for, so that they cannot be retried as well. Copies are written as the sink writes
/// them. Only one thread may fix counters; any number may fill copies. Blocks, and retries transient errors.
class Repairer {
 public:
  struct Options {
    std::string state_database;
    int statement_ms = 5000;
    std::stop_token stop = {};  ///< ends the retries
  };

  Repairer(mongo::ClientPool& pool, mongo::SessionRecorder& recorder, Options options,
           checkpoint::AuditLease& lease)
      : pool_(pool), recorder_(recorder), options_(std::move(options)), lease_(lease) {}

  /// Applies all of them or none. ErrorKind::own_fault: the server refuses one of them.
  std::optional<Error> fix_counters(const CounterPlan& plan, const std::vector<CounterFix>& fixes);

  /// Applies FillWrites, all or none. Copies are repaired only by these, since a fill never removes a
  /// document.
  std::optional<Error> fill_copies(const std::vector<Write>& fills);

 private:
  std::optional<Error> try_counters(const CounterPlan& plan, const std::vector<CounterFix>& fixes);
  std::optional<Error> try_fills(const std::vector<Write>& fills);
  std::optional<Error> write_counters(mongo::Transaction& transaction, const CounterPlan& plan,
                                      const std::vector<CounterFix>& fixes) const;
  std::optional<Error> replace_broken(mongo::Transaction& transaction, const CounterPlan& plan,
                                      const CounterFix& fix) const;
  std::optional<Error> take_letters(mongo::Transaction& transaction,
                                    const std::vector<CounterFix>& fixes) const;

  mongo::ClientPool& pool_;
  mongo::SessionRecorder& recorder_;
  Options options_;
  checkpoint::AuditLease& lease_;
};

/// Retries `step`, with pauses, while its error is transient. Returns the last error after about a minute, or
/// on `stop`.
std::optional<Error> retry_transient(const std::stop_token& stop,
                                     const std::function<std::optional<Error>()>& step);

}  // namespace sluice::audit
