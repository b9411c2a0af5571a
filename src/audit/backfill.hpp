#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "audit/projection_audit.hpp"
#include "checkpoint/audit_lease.hpp"
#include "observe/log/log_line.hpp"
#include "sluice/config.hpp"
#include "sluice/rule.hpp"
#include "source/change_stream.hpp"

namespace sluice::audit {

/// Fills all targets of a stream from the existing sources, before any shard streams. The stream begins at a
/// position from before the fill, so no change is missed, whatever applications write meanwhile. A change
/// that both have seen does no harm: copies are written again, and for a counting rule the stream skips the
/// events up to the cluster time that its targets were filled as of. A backfill that was killed goes on:
/// finished rules are not filled again, and in the unfinished one only targets that still differ are written.
class Backfill {
 public:
  struct Parts {
    mongo::ClientPool& pool;
    mongo::SessionRecorder& recorder;
    checkpoint::LayoutStore& store;
    const Config& config;
    const StreamConfig& stream;
    const std::vector<std::unique_ptr<Rule>>& rules;
    const source::StreamOptions& options;
    const observe::StreamLog& log;
    std::function<void(const std::string& why)> waiting;  ///< called with the progress, for /readyz
  };

  explicit Backfill(Parts parts) : parts_(std::move(parts)) {}

  /// Finishes a backfill that has begun. `wanted`: begins one if the stream has no position yet. Held:
  /// another process runs it. Blocks; called on the reader's thread.
  std::variant<std::monostate, checkpoint::Held, Error> run(bool wanted, const std::stop_token& stop);

 private:
  std::optional<Error> find_origin(Position& origin);
  std::optional<Error> fill(const checkpoint::BackfillRecord& record, const Position& origin,
                            checkpoint::AuditLease& lease, const std::stop_token& stop);
  std::optional<Error> fill_rule(const Rule& rule, std::uint64_t at, Repairer& repairer,
                                 const std::stop_token& stop);
  std::optional<Error> wind_up(const Rule& rule, std::uint64_t at);

  Parts parts_;
};

}  // namespace sluice::audit
