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

/// Brings all targets of a stream to what stands in the sources, before any shard streams. The stream begins
/// at a position from before: copies are simply written again where a change is met twice, and counters carry
/// the moment that they were computed for, up to which the stream skips them. So nothing falls between the
/// two, and nothing counts twice, whatever applications write meanwhile. What was done survives a kill: rules
/// that are done are not done again, and of the one in the middle only what still differs is written.
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
    std::function<void(const std::string& why)> waiting;  ///< how far it is, for whoever asks
  };

  explicit Backfill(Parts parts) : parts_(std::move(parts)) {}

  /// Does what is wanted and not done yet; `wanted` says whether one should be begun on a stream that has not
  /// streamed yet. Held: another process does it. Blocks, on the reader's thread.
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
