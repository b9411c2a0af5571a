#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "audit/projection_audit.hpp"
#include "sluice/config.hpp"
#include "sluice/rule.hpp"

namespace sluice::audit {

struct VerifyOptions {
  bool repair = false;
  std::int64_t sample = 0;  ///< targets to check in each projection; 0: all
  std::string rule;         ///< the only rule to verify; empty: all
};

struct VerifyEvents {
  AuditEvents audit;
  /// Called after each projection.
  std::function<void(const std::string& rule, const std::string& target, const AuditTotals&)> done;
};

/// Compares the targets of every rule with what they should hold, computed from the sources as of one cluster
/// time, and reports or repairs the differences. It may run at any time, also while workers run: it
/// distinguishes changes that a worker has not applied yet from differences, and repairs under a lease of its
/// own.
class Verification {
 public:
  /// `config` must outlive it.
  Verification(const Config& config, VerifyOptions options, VerifyEvents events);
  ~Verification();

  /// Verifies all streams and returns the totals over all of them. Throws ConfigError if a rule is unknown or
  /// unusable, and Stop if it cannot go on. Blocks.
  AuditTotals run();

 private:
  struct Moment;

  void stream(const StreamConfig& stream);
  std::unique_ptr<Moment> moment(mongo::ClientPool& pool, const StreamConfig& stream,
                                 const std::vector<std::unique_ptr<Rule>>& rules) const;
  /// Returns whether the whole projection was repaired.
  bool projection(mongo::ClientPool& pool, const StreamConfig& stream,
                  const std::vector<std::unique_ptr<Rule>>& rules, const Rule& rule,
                  const Projection& projection, Repairer* repairer);
  void note_whole_repair(mongo::ClientPool& pool, const StreamConfig& stream, const Rule& rule);
  void drop_rejected(mongo::ClientPool& pool, const StreamConfig& stream, const Rule& rule, std::uint64_t at);

  const Config& config_;
  VerifyOptions options_;
  VerifyEvents events_;
  AuditTotals totals_;
  std::uint64_t repaired_at_ = 0;   ///< cluster time of the last projection's moment
  std::unique_ptr<Moment> moment_;  ///< the current stream's last moment; null if a new one must be read
};

}  // namespace sluice::audit
