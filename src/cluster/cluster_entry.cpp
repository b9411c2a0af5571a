#include "cluster/cluster_entry.hpp"

#include <utility>

#include "checkpoint/foreign_tokens.hpp"
#include "checkpoint/trigger_problems.hpp"
#include "pipeline/reading/snapshot_pump.hpp"
#include "requirements/fingerprints.hpp"
#include "requirements/provision.hpp"
#include "requirements/rights.hpp"
#include "sinks/outlet.hpp"
#include "source/change_stream.hpp"

namespace sluice::cluster {

std::optional<Error> ClusterEntry::attempt() {
  at_outlets_ = false;
  {
    const auto client = parts_.resources.pool.acquire();
    if (auto error = requirements::has_change_streams(client.get())) return error;
    tell_rights(client.get());
  }
  if (auto error = parts_.layout.prepare()) return error;
  if (auto error = parts_.membership.prepare()) return error;
  const Config& config = parts_.context.config;
  if (auto error = requirements::prepare_for(config, parts_.config, parts_.rules, parts_.context.all_streams,
                                             parts_.resources.pool, parts_.log)) {
    return error;
  }
  {
    const std::lock_guard turn(parts_.resources.preparing);
    parts_.resources.prepared = true;
  }
  // Partitions start one after the other, on several instances. All begin at the position at which the first
  // member joined.
  const auto now = [this](Position& at, bool has_run) { return tell_present(at, has_run); };
  if (auto error = parts_.layout.take_split_position()) return error;
  if (auto error = parts_.layout.settle_origin(now)) return error;
  // A member that cannot publish must not join: it would hold partitions that others could run.
  at_outlets_ = true;
  if (auto error = look_at_relay()) return error;
  if (auto error = reach_outlets()) return error;
  at_outlets_ = false;
  return parts_.membership.beat(false);
}

void ClusterEntry::tell_rights(mongoc_client_t* client) {
  if (std::exchange(rights_told_, true)) return;
  for (const auto& lack : requirements::lacking(requirements::rights_of(client), parts_.context.config,
                                                parts_.config, parts_.rules)) {
    parts_.log.error("{}", lack);
  }
}

std::optional<Error> ClusterEntry::reach_outlets() {
  const auto say = [this](bool loud, const std::string& text) {
    parts_.log.log(loud ? spdlog::level::warn : spdlog::level::info, {}, "{}", text);
  };
  const auto deliveries = requirements::deliveries_of(parts_.rules);
  auto unprepared =
      sinks::prepare_all(sinks::make_outlets({parts_.context.config, deliveries, say}), deliveries);
  if (!unprepared) {
    parts_.resources.outlets.works(parts_.condition);
    return std::nullopt;
  }
  if (unprepared->error.kind == ErrorKind::unavailable) {
    parts_.resources.outlets.failed(parts_.condition, unprepared->server, unprepared->error, 0);
  }
  return std::move(unprepared->error);
}

/// Only what waiting does not cure is an error here. The partitions themselves wait for the relay's server.
std::optional<Error> ClusterEntry::look_at_relay() {
  if (!parts_.resources.relay || relay_looked_at_) return std::nullopt;
  RelayLog& log = *parts_.resources.relay;
  const std::string version = requirements::relay_version(parts_.context.config, parts_.config, parts_.rules);
  RelayState state;
  auto error = log.look(state);
  if (!error && state.records > 0) error = check_owner(log, parts_.partitions, version);
  if (error && error->kind == ErrorKind::fatal) return error;
  relay_looked_at_ = true;
  return std::nullopt;
}

/// Opens the change stream to find the position at which the stream begins, and begins the snapshots, unless
/// it has run before. Called only if no member has stored such a position yet.
std::optional<Error> ClusterEntry::tell_present(Position& at, bool has_run) {
  const Config& config = parts_.context.config;
  source::ChangeStream stream(
      parts_.resources.pool,
      {parts_.config.database, requirements::filter_of(parts_.rules, parts_.partitions, 0),
       config.engine.cursor_batch, config.engine.max_await_ms});
  std::optional<Position> after;
  if (!config.restart_now) {
    const auto say = [this](const std::string& text) { parts_.log.info("{}", text); };
    if (auto error = checkpoint::find_foreign_position(parts_.resources.pool, parts_.config.resume_tokens,
                                                       after, say)) {
      return error;
    }
  }
  // The stream is really opened, so a position that cannot be read from is reported before any member is
  // ready.
  auto error = stream.open(after, at, true);
  if (error && after && error->kind == ErrorKind::lost && config.on_lost != LostPolicy::fail) {
    parts_.log.error(
        "the other connector's position is lost: {}; as its policy says, the stream starts at the present "
        "moment",
        error->text());
    after.reset();
    error = stream.open(after, at, true);
  }
  if (error) {
    if (after) error->message += "; start with --restart-now to start at the present moment";
    return error;
  }
  if (after) at = *after;
  if (has_run) return std::nullopt;
  pipeline::SnapshotPump snapshots(parts_.resources.pool,
                                   {config.pipeline, parts_.config.name, parts_.config.database,
                                    config.state_database, parts_.partitions, 0},
                                   parts_.rules, parts_.log);
  return snapshots.begin();
}

void ClusterEntry::note_problem(const std::string& why) {
  if (!parts_.config.of_triggers || noted_ == why) return;
  noted_ = why;
  const Config& config = parts_.context.config;
  const auto error = checkpoint::note_trigger_problem(parts_.resources.pool, config.state_database,
                                                      config.pipeline + "/" + parts_.config.name, why);
  if (error) parts_.log.debug("its problem could not be stored: {}", error->text());
}

}  // namespace sluice::cluster
