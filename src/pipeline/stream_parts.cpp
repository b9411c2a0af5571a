#include <spdlog/logger.h>

#include <algorithm>
#include <random>

#include "audit/backfill.hpp"
#include "checkpoint/maintained_rules.hpp"
#include "pipeline/stream.hpp"
#include "requirements/fingerprints.hpp"
#include "requirements/provision.hpp"
#include "requirements/rights.hpp"
#include "source/relay_stream.hpp"

/// How a Stream constructs its parts. What happens while it runs is in stream.cpp.
namespace sluice::pipeline {

namespace {

using std::chrono::milliseconds;

/// The longest linger time of any rule: all rules share the lanes.
milliseconds longest_linger(const requirements::Rules& rules) {
  milliseconds longest(0);
  for (const auto& rule : rules) longest = std::max(longest, rule->options().linger);
  return longest;
}

}  // namespace

source::StreamFilter Stream::filter() const {
  return requirements::filter_of(rules_, part_.count, part_.index);
}

std::unique_ptr<source::EventStream> Stream::make_events() {
  const Config& config = context_.config;
  const int batch = config.engine.cursor_batch;
  const int await_ms = config.engine.max_await_ms;
  if (config.relay) {
    const source::RelayOptions options{
        config_.database,
        part_.index,
        requirements::relay_version(config, config_, rules_),
        batch,
        await_ms,
        static_cast<int>(config.engine.batch_linger_ms),
        [this](std::uint64_t records) { metrics_.relay_unread().Set(static_cast<double>(records)); }};
    return std::make_unique<source::RelayStream>(pool_, resources_.relay, options);
  }
  source::MakeStream make = [resources = shared_resources_, database = config_.database, batch,
                             await_ms](const source::StreamFilter& filter) {
    return std::make_unique<source::ChangeStream>(
        resources->pool, source::StreamOptions{database, filter, batch, await_ms}, resources);
  };
  auto ask = [this](const std::string& database, bson::View command) {
    const auto client = pool_.acquire();
    return mongo::run_command(client.get(), database, command, mongo::Doing::reading);
  };
  return context_.feeds->stream(
      {config_.uri + "\n" + config_.uri_file,
       config_.database,
       source::FeedNeeds(source::number_subscriptions(rules_), part_.count, part_.index, config_.name),
       std::move(make),
       std::move(ask),
       {batch, await_ms}});
}

ReaderPlan Stream::reader_plan(const Recovery& recovery) {
  const Config& config = context_.config;
  ReaderPlan plan;
  plan.stream = {config_.database, filter(), config.engine.cursor_batch, config.engine.max_await_ms};
  // Made now, so that streams that begin at the same time wait for each other and share a cursor.
  plan.events = make_events();
  const bool restart_now = part_.restart_now || recovery.policy == LostPolicy::restart_now;
  plan.acquire = {restart_now, config.accept_changed_rules, config.engine.lease_ms};
  if (recovery.policy == LostPolicy::rebuild) plan.rebuild = recovery.lost;
  plan.fill = [this, stream = plan.stream](const std::stop_token& stop) {
    const auto waiting = [this](const std::string& why) { context_.readiness.not_ready(condition_, why); };
    audit::Backfill backfill(
        {pool_, resources_.recorder, store_, context_.config, config_, rules_, stream, log_, waiting});
    return backfill.run(part_.backfill, stop);
  };
  plan.check_filled = [this, restart_now](checkpoint::Acquired& acquired) {
    return checkpoint::check_filled({pool_, store_, rules_, log_, restart_now}, acquired);
  };
  // In a cluster, each member logs missing rights when it joins.
  if (!part_.of_cluster) {
    plan.tell_rights = [this](mongoc_client_t* client) {
      for (const auto& lack :
           requirements::lacking(requirements::rights_of(client), context_.config, config_, rules_))
        log_.error("{}", lack);
    };
  }
  plan.provision = [this] {
    return requirements::prepare_for(context_.config, config_, rules_, context_.all_streams, pool_, log_);
  };
  if (config_.of_triggers) {
    plan.origin_first = !part_.of_cluster;  // in a cluster the first member stores the origin
    plan.note_problem = [this](const std::string& why) { troubles_.note_problem(why); };
  }
  plan.prepare_again = recovery.policy != LostPolicy::fail;
  plan.prepare_sinks = [this] { return prepare_sinks(); };
  plan.snapshots =
      std::make_unique<SnapshotPump>(pool_,
                                     SnapshotPump::Options{config.pipeline, config_.name, config_.database,
                                                           config.state_database, part_.count, part_.index},
                                     rules_, log_);
  if (plan.stream.filter.with_session) {
    plan.own_writes = std::make_unique<source::OwnWrites>(config.state_database, config.pipeline);
  }
  if (!config_.resume_tokens.empty()) {
    plan.look_elsewhere = [this](const std::optional<Position>& own, checkpoint::ForeignProgress& found) {
      return checkpoint::find_foreign_progress(pool_, config_.resume_tokens, rules_, own, log_, found);
    };
  }
  if (dispatcher_.repetitions().any()) plan.no_repetitions = dispatcher_.repetitions().stored();
  plan.tells_only = std::ranges::none_of(rules_, [](const auto& rule) { return rule->keeps_state(); });
  plan.hosts = pool_.hosts();
  plan.patient = part_.of_cluster;
  // What happens while an outlet is unreachable has to be published when it is back. In a cluster the first
  // member stores the origin.
  const bool only_publishes = plan.tells_only && !requirements::deliveries_of(rules_).empty();
  const bool begins_elsewhere = restart_now || plan.look_elsewhere || plan.rebuild;
  if (only_publishes && !part_.of_cluster && !begins_elsewhere) plan.origin_first = true;
  return plan;
}

sinks::OutletParts Stream::outlet_parts() {
  const auto say = [this](bool loud, const std::string& text) { lines_.of_outlet(loud, text); };
  const auto duplicates = [this](std::size_t count) {
    metrics_.publish_duplicates.Increment(static_cast<double>(count));
  };
  const auto requests = [this](const sinks::RequestReport& report) {
    auto counts = metrics_.requests(std::string(report.endpoint));
    counts.ok.Increment(static_cast<double>(report.ok));
    counts.retried.Increment(static_cast<double>(report.retried));
    counts.refused.Increment(static_cast<double>(report.refused));
    counts.open.Set(report.open ? 1 : 0);
    observe::Distribution::Tally took(counts.seconds);
    for (const double seconds : report.seconds) took.observe(seconds);
    counts.seconds.add(took);
  };
  return {context_.config, requirements::deliveries_of(rules_), say, duplicates, requests, context_.services};
}

void Stream::make_lanes(const std::vector<LaneGuard>& guards) {
  const EngineConfig& engine = context_.config.engine;
  const flow::LaneLimits limits{static_cast<std::size_t>(engine.batch_docs),
                                static_cast<std::size_t>(engine.batch_bytes),
                                milliseconds(engine.batch_linger_ms), longest_linger(rules_)};
  std::random_device seed;
  for (const LaneGuard& guard : guards) {
    const std::size_t index = lanes_.size();
    LaneDriver::Parts parts{
        strand_,
        resources_.batch_threads,
        sink_,
        dispatcher_,
        metrics_,
        [this](const Error& error) {
          if (keeper_.given_back()) return;  // the next holder does that batch again
          fail(error.kind == ErrorKind::fenced ? exit_code::lease_lost : exit_code::cannot_start,
               error.text());
        },
        [this, index](const Error& error, const std::string& outlet) {
          troubles_.retried(index, error, outlet, budget_.events());
        },
        [this, index] { troubles_.recovered(index); },
        allowance_,
        [this] {
          for (auto& waiting : lanes_) waiting->wake();
        },
        part_.of_cluster ? &resources_.turns : nullptr,
        index,
        [this] { return budget_.is_nearly_spent(); }};
    lanes_.push_back(std::make_unique<LaneDriver>(
        std::move(parts), std::make_unique<flow::Lane>(limits, guard, rule_names_, seed())));
  }
}

sinks::MongoBulkOptions Stream::bulk_options() {
  const auto stored = [this](std::vector<sinks::StoredLetter> letters) {
    on_strand([this, letters = std::move(letters)] { lines_.letters(letters); });
  };
  return {context_.config.pipeline, config_.name, context_.config.state_database,
          context_.config.engine.statement_ms, stored};
}

}  // namespace sluice::pipeline
