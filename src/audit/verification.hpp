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
  std::int64_t sample = 0;  ///< targets of each projection; 0: all
  std::string rule;         ///< this one only; empty: all
};

struct VerifyEvents {
  AuditEvents audit;
  /// After each projection.
  std::function<void(const std::string& rule, const std::string& target, const AuditTotals&)> done;
};

/// Compares what every rule's targets hold with what they should, computed from the sources at one moment,
/// and says or mends what differs. It may run beside the workers, and as often as one likes: what is merely
/// on its way to a target is told from what is wrong, and a repair adds differences under a lease of its own.
class Verification {
 public:
  /// Throws ConfigError and Stop as the worker does.
  Verification(const Config& config, VerifyOptions options, VerifyEvents events);
  ~Verification();

  /// All streams; what all came to. Throws Stop when it cannot be done. Blocks.
  AuditTotals run();

 private:
  struct Moment;

  void stream(const StreamConfig& stream);
  std::unique_ptr<Moment> moment(mongo::ClientPool& pool, const StreamConfig& stream,
                                 const std::vector<std::unique_ptr<Rule>>& rules) const;
  /// Whether it was repaired as a whole.
  bool projection(mongo::ClientPool& pool, const StreamConfig& stream,
                  const std::vector<std::unique_ptr<Rule>>& rules, const Rule& rule,
                  const Projection& projection, Repairer* mender);
  void note_whole_repair(mongo::ClientPool& pool, const StreamConfig& stream, const Rule& rule);
  void drop_rejected(mongo::ClientPool& pool, const StreamConfig& stream, const Rule& rule, std::uint64_t at);

  const Config& config_;
  VerifyOptions options_;
  VerifyEvents events_;
  AuditTotals totals_;
  std::uint64_t repaired_at_ = 0;   ///< cluster time of the last projection's moment
  std::unique_ptr<Moment> moment_;  ///< of the present stream, if one was read and may still serve
};

}  // namespace sluice::audit
