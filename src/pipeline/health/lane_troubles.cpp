#include "pipeline/health/lane_troubles.hpp"

#include <fmt/format.h>
#include <spdlog/logger.h>

#include "async/strand.hpp"
#include "checkpoint/trigger_problems.hpp"

namespace sluice::pipeline {

namespace {

/// Blocks.
void store_problem(mongo::ClientPool& pool, const observe::StreamLog& log, const std::string& database,
                   const std::string& id, const std::string& why) {
  const auto error = checkpoint::note_trigger_problem(pool, database, id, why);
  if (error) log.debug("its problem could not be stored: {}", error->text());
}

}  // namespace

LaneTroubles::LaneTroubles(Parts parts)
    : parts_(std::move(parts)),
      id_(parts_.config.pipeline + "/" + parts_.stream.name),
      held_up_(parts_.log, "a batch failed") {}

std::string LaneTroubles::lane_condition(std::size_t lane) const {
  return parts_.condition + " lane " + std::to_string(lane);
}

std::string LaneTroubles::who(std::size_t lane) const {
  return fmt::format("{} lane {}", parts_.title, lane);
}

void LaneTroubles::retried(std::size_t lane, const Error& error, const std::string& outlet,
                           std::int64_t events) {
  const std::string condition = lane_condition(lane);
  note_reach(error);
  const bool waits = error.kind == ErrorKind::denied || error.kind == ErrorKind::unavailable;
  if (waits && !outlet.empty()) {
    note_while_running(condition, error.text());
    parts_.resources.outlets.failed(who(lane), outlet, error, events);
    return;
  }
  denied(condition, error);
  // A write that is refused for good becomes a dead letter, which has its own log line.
  if (error.kind == ErrorKind::transient || error.kind == ErrorKind::own_fault) {
    parts_.log.log(spdlog::level::debug, observe::LogFields::of(error), "lane {}: {} ({}); retrying", lane,
                   error.text(), name_of(error.kind));
    return;
  }
  held_up_lanes_.insert(lane);
  observe::LogFields fields = observe::LogFields::of(error);
  fields.lane = static_cast<int>(lane);
  held_up_.failed(fmt::format("lane {}: {} ({})", lane, error.text(), name_of(error.kind)), fields);
}

void LaneTroubles::recovered(std::size_t lane) {
  note_reach(std::nullopt);
  denied(lane_condition(lane), std::nullopt);
  parts_.resources.outlets.works(who(lane));
  held_up_lanes_.erase(lane);
  if (held_up_lanes_.empty()) held_up_.succeeded();
}

void LaneTroubles::prepared() {
  note_reach(std::nullopt);
  parts_.resources.outlets.works(parts_.title + " start");
}

void LaneTroubles::unprepared(const std::string& server, const Error& error) {
  note_reach(error);
  if (error.kind == ErrorKind::unavailable) {
    parts_.resources.outlets.failed(parts_.title + " start", server, error, 0);
  }
}

void LaneTroubles::denied(const std::string& condition, const std::optional<Error>& error) {
  const bool lasting = error && error->kind == ErrorKind::denied;
  note_while_running(condition, lasting ? error->text() : "");
  if (lasting) {
    parts_.readiness.not_ready(condition, "MongoDB denies it: " + error->text());
  } else {
    parts_.readiness.forget(condition);
  }
}

void LaneTroubles::note_reach(const std::optional<Error>& error) {
  if (!error) {
    parts_.resources.reach.succeeded();
  } else if (error->kind == ErrorKind::unavailable) {
    parts_.resources.reach.failed(flow::Clock::now());
  }
}

void LaneTroubles::note_problem(const std::string& why) {
  store_problem(parts_.resources.pool, parts_.log, parts_.config.state_database, id_, why);
}

/// Stores the problem of running triggers in the state database. Only the problem of the part that fails
/// first is stored.
void LaneTroubles::note_while_running(const std::string& condition, const std::string& why) {
  const bool of_another = !problem_of_.empty() && problem_of_ != condition;
  if (!parts_.stream.of_triggers || of_another || problem_ == why) return;
  problem_ = why;
  problem_of_ = why.empty() ? "" : condition;
  asio::post(parts_.resources.keeper_threads,
             [&pool = parts_.resources.pool, log = parts_.log, database = parts_.config.state_database,
              id = id_, why] { store_problem(pool, log, database, id, why); });
}

void LaneTroubles::tell_due(flow::Time now) {
  held_up_.tell_due(now);
  parts_.resources.outlets.tell_due(now);
}

void LaneTroubles::forget(std::size_t lanes) {
  parts_.resources.outlets.forget(parts_.title + " ");
  for (std::size_t lane = 0; lane < lanes; ++lane) parts_.readiness.forget(lane_condition(lane));
  parts_.readiness.forget(parts_.condition + " checkpoint");
}

}  // namespace sluice::pipeline
