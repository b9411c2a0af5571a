#include "audit/backfill.hpp"

#include <spdlog/logger.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "checkpoint/maintained_rules.hpp"
#include "config/state_names.hpp"
#include "observe/progress.hpp"

namespace sluice::audit {

namespace {

/// Whether the server no longer keeps the snapshot. The rule is then filled again from a newer one.
bool is_too_old(const Error& error) {
  return error.code == mongo::snapshot_too_old || error.code == mongo::snapshot_unavailable;
}

bool counts(const Rule& rule) {
  return std::ranges::any_of(rule.projections(),
                             [](const Projection& one) { return std::holds_alternative<Counted>(one); });
}

}  // namespace

std::variant<std::monostate, checkpoint::Held, Error> Backfill::run(bool wanted,
                                                                    const std::stop_token& stop) {
  const std::string stream = parts_.store.id().stream_id();
  checkpoint::FillState state;
  if (auto error = parts_.store.fill_state(wanted, state)) return *error;
  if (state.refused)
    parts_.log.warn(
        "has a position already, so --backfill has no effect; to fill the targets, run sluice verify "
        "--repair");
  if (!state.fill || !state.fill->running) return std::monostate{};
  checkpoint::AuditLease lease(parts_.pool, parts_.config.state_database, stream,
                               parts_.config.engine.lease_ms);
  auto taken = lease.acquire();
  if (!std::holds_alternative<std::monostate>(taken)) return taken;
  // The lease's previous holder may have finished the backfill in the meantime.
  if (auto error = parts_.store.fill_state(false, state)) return *error;
  if (!state.fill || !state.fill->running) return std::monostate{};
  Position origin;
  if (auto error = find_origin(origin)) return *error;
  if (auto error = fill(*state.fill, origin, lease, stop)) return *error;
  if (auto error = parts_.store.end_fill()) return *error;
  parts_.log.info("the backfill is done");
  return std::monostate{};
}

/// Stores the position at which the stream will begin. This comes before anything is read, so that the stream
/// delivers what is written during the backfill.
std::optional<Error> Backfill::find_origin(Position& origin) {
  source::ChangeStream stream(parts_.pool, parts_.options);
  Position now;
  if (auto error = stream.open(std::nullopt, now)) return error;
  return parts_.store.agree_on_origin(now, origin);
}

std::optional<Error> Backfill::fill(const checkpoint::BackfillRecord& record, const Position& origin,
                                    checkpoint::AuditLease& lease, const std::stop_token& stop) {
  Repairer repairer(parts_.pool, parts_.recorder,
                    {parts_.config.state_database, parts_.config.engine.statement_ms, stop}, lease);
  for (const auto& rule : parts_.rules) {
    const bool done = std::ranges::any_of(
        record.rules, [&](const checkpoint::BackfillMark& one) { return one.rule == rule->name(); });
    if (done) continue;
    std::optional<Error> error;
    std::uint64_t at = 0;
    do {
      checkpoint::ProgressSnapshot progress;
      if (auto failed = checkpoint::read_progress_snapshot(parts_.pool, parts_.config.state_database,
                                                           parts_.store.id().stream_id(), progress)) {
        return failed;
      }
      // Not before the stream's first position, or changes between the two would be missed by both.
      at = std::max(progress.at, origin.cluster_time);
      error = fill_rule(*rule, at, repairer, stop);
    } while (error && is_too_old(*error) && !stop.stop_requested());
    if (error) return error;
    if (auto failed = wind_up(*rule, at)) return failed;
  }
  return std::nullopt;
}

std::optional<Error> Backfill::fill_rule(const Rule& rule, std::uint64_t at, Repairer& repairer,
                                         const std::stop_token& stop) {
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  observe::Progress progress(terminal, [&](const std::string& text) {
    if (terminal) {
      std::fputs(text.c_str(), stderr);
    } else {
      parts_.log.info("backfill: {}", text);
    }
  });
  const auto clear_line = [&] { progress.clear(); };
  AuditEvents events;
  events.difference = [](const std::string&) {};
  events.orphan = [](const std::string&) {};
  events.unmendable = [&](const std::string& sentence) {
    clear_line();
    parts_.log.error("backfill: {}", sentence);
  };
  events.progress = [&](const std::string& what, std::int64_t done, std::int64_t total) {
    progress.update(what, done, total, observe::Progress::Clock::now());
    parts_.waiting("the backfill runs: " + what + ", " + std::to_string(done) + " of " +
                   std::to_string(total));
  };
  const AuditOptions options{parts_.config.pipeline,         parts_.stream.name,
                             parts_.config.state_database,   0,
                             parts_.config.engine.in_flight, stop};
  for (const Projection& projection : rule.projections()) {
    ProjectionAudit audit(parts_.pool, nullptr, &repairer, at, options, events);
    auto error = audit.run(rule.name(), projection);
    clear_line();
    if (error) return error;
    const AuditTotals& totals = audit.totals();
    parts_.log.info("backfill: {}: {} targets, {} written, {} refused", rule.name(), totals.checked,
                    totals.mended, totals.unmendable);
    if (totals.orphans == 0) continue;
    parts_.log.info(
        "backfill: {}: {} references whose source does not exist are left as they are; sluice verify names "
        "them",
        rule.name(), totals.orphans);
  }
  return std::nullopt;
}

/// Marks the rule as filled as of `at`. For a counting rule, first deletes its dead letters up to then, since
/// the fill has counted their events.
std::optional<Error> Backfill::wind_up(const Rule& rule, std::uint64_t at) {
  const auto client = parts_.pool.acquire();
  bson::Builder remove;
  remove.append("delete", state::dead_letters).open_array("deletes").open(remove.item()).open("q");
  remove.append("pipeline", parts_.config.pipeline).append("stream", parts_.stream.name);
  remove.append("rule", rule.name()).open("clusterTime").append_timestamp("$lte", at).close().close();
  remove.append("limit", 0).close().close();
  if (counts(rule)) {
    const mongo::Reply reply = mongo::run_command(client.get(), parts_.config.state_database, remove.finish(),
                                                  mongo::Doing::storing);
    if (!reply.ok()) return reply.error;
  }
  return parts_.store.add_filled({rule.name(), at}, checkpoint::maintained_hash(rule));
}

}  // namespace sluice::audit
