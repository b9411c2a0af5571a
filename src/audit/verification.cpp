#include "audit/verification.hpp"

#include <algorithm>
#include <optional>

#include "checkpoint/maintained_rules.hpp"
#include "config/state_names.hpp"
#include "flow/time.hpp"
#include "requirements/fitness.hpp"
#include "rules/registry.hpp"

namespace sluice::audit {

namespace {

constexpr int threads = 4;
constexpr int clients = 3 * threads + 4;  // a thread reads targets and sources, and writes
constexpr int max_tries = 5;              // for each projection, each at a newer moment
// The server can read the past for a few minutes only, and comparing one projection may take that long. So a
// projection starts at the previous one's moment only if that is not older than this.
constexpr auto moment_max_age = std::chrono::seconds(20);

[[noreturn]] void give_up(const std::string& what, const mongo::ClientPool& pool, const Error& error) {
  std::string text = "could not " + what + " (" + pool.hosts() + "): " + error.text();
  if (error.code == mongo::snapshot_too_old) {
    text += ". It takes longer than the server keeps its history: raise minSnapshotHistoryWindowInSeconds";
  } else if (error.kind == ErrorKind::lost) {
    text +=
        ". The worker's position is lost, so it is unknown which changes are still to come; run the worker "
        "with "
        "--on-lost rebuild";
  }
  throw Stop(exit_code::cannot_start, text);
}

const std::string& target_of(const Projection& projection) {
  if (const auto* counted = std::get_if<Counted>(&projection)) return counted->plan->collection;
  return std::get<Copied>(projection).plan->target;
}

void add(AuditTotals& all, const AuditTotals& one) {
  all.checked += one.checked;
  all.different += one.different;
  all.orphans += one.orphans;
  all.mended += one.mended;
  all.unmendable += one.unmendable;
}

}  // namespace

/// A cluster time to compare at, with the worker's progress and the changes in flight at that time.
struct Verification::Moment {
  checkpoint::ProgressSnapshot progress;
  InFlightChanges pending;
  flow::Time read_at;
};

Verification::Verification(const Config& config, VerifyOptions options, VerifyEvents events)
    : config_(config), options_(std::move(options)), events_(std::move(events)) {}

Verification::~Verification() = default;

AuditTotals Verification::run() {
  bool any = options_.rule.empty();
  std::vector<std::string> names;
  for (const StreamConfig& stream : config_.streams) {
    for (const RuleConfig& rule : stream.rules) {
      names.push_back(rule.name);
      any = any || rule.name == options_.rule;
    }
  }
  if (!any) {
    const std::string near = nearest_name(options_.rule, names);
    throw ConfigError("there is no rule '" + options_.rule + "'" +
                      (near.empty() ? "" : "; did you mean '" + near + "'?"));
  }
  for (const StreamConfig& one : config_.streams) stream(one);
  return totals_;
}

void Verification::stream(const StreamConfig& config) {
  const auto rules = rules::make_rules(config);
  moment_.reset();
  mongo::ClientPool pool(config, clients, checkpoint::LeaseHolder::self().instance);
  // Fails soon if the address is wrong. Later errors are retried.
  if (auto error = requirements::has_change_streams(pool.acquire().get()))
    give_up("reach the server", pool, *error);
  std::vector<const Rule*> audited;
  for (const auto& rule : rules) {
    if (options_.rule.empty() || rule->name() == options_.rule) audited.push_back(rule.get());
  }
  std::optional<Error> unknown;  // a missing right to look at collections does not end the verification
  if (auto error = requirements::check_collections(pool, config.database, audited, unknown)) {
    // Code 0: not an error of the server, but a collection that a rule cannot use.
    const bool unfit = error->kind == ErrorKind::fatal && error->code == 0;
    if (unfit) throw Stop(exit_code::cannot_start, error->message);
    give_up("look at the collections", pool, *error);
  }
  mongo::SessionRecorder recorder(config_.state_database, state::sessions, config_.pipeline);
  std::optional<checkpoint::AuditLease> lease;
  std::optional<Repairer> repairer;
  if (options_.repair) {
    lease.emplace(pool, config_.state_database, config_.pipeline + "/" + config.name,
                  config_.engine.lease_ms);
    auto taken = lease->acquire();
    if (const auto* error = std::get_if<Error>(&taken)) give_up("take the lease for repairs", pool, *error);
    if (const auto* held = std::get_if<checkpoint::Held>(&taken)) {
      throw Stop(exit_code::lease_lost, held->shard + " is being repaired or backfilled by " + held->holder +
                                            "; wait until it has finished");
    }
    repairer.emplace(pool, recorder, Repairer::Options{config_.state_database, config_.engine.statement_ms},
                     *lease);
  }
  for (const Rule* rule : audited) {
    bool whole = !rule->projections().empty();
    for (const Projection& one : rule->projections())
      whole &= projection(pool, config, rules, *rule, one, repairer ? &*repairer : nullptr);
    if (whole) note_whole_repair(pool, config, *rule);
  }
}

/// Stores in the layout that the rule's targets are complete, so that workers no longer report the rule as
/// not backfilled.
void Verification::note_whole_repair(mongo::ClientPool& pool, const StreamConfig& stream, const Rule& rule) {
  const checkpoint::MaintainedRule repaired{rule.name(), checkpoint::maintained_hash(rule), true,
                                            repaired_at_};
  const std::string id = config_.pipeline + "/" + stream.name;
  const auto note = [&] { return checkpoint::note_repaired(pool, config_.state_database, id, repaired); };
  if (auto error = retry_transient({}, note)) give_up("note that the rule is repaired", pool, *error);
}

std::unique_ptr<Verification::Moment> Verification::moment(
    mongo::ClientPool& pool, const StreamConfig& stream,
    const std::vector<std::unique_ptr<Rule>>& rules) const {
  auto moment = std::make_unique<Moment>();
  const std::string id = config_.pipeline + "/" + stream.name;
  const auto read = [&] {
    return checkpoint::read_progress_snapshot(pool, config_.state_database, id, moment->progress);
  };
  if (auto error = retry_transient({}, read)) give_up("read the stream's progress", pool, *error);
  if (moment->progress.filling)
    throw Stop(exit_code::cannot_start, id + " is being backfilled; there is nothing to verify yet");
  if (auto error = moment->pending.read(pool, stream, rules, moment->progress))
    give_up("read the changes still to come", pool, *error);
  moment->read_at = flow::Clock::now();
  return moment;
}

bool Verification::projection(mongo::ClientPool& pool, const StreamConfig& stream,
                              const std::vector<std::unique_ptr<Rule>>& rules, const Rule& rule,
                              const Projection& projection, Repairer* repairer) {
  for (int tries = 1;; ++tries) {
    const bool reuse = moment_ && tries == 1 && flow::Clock::now() < moment_->read_at + moment_max_age;
    if (!reuse) moment_ = moment(pool, stream, rules);
    const checkpoint::ProgressSnapshot& progress = moment_->progress;
    AuditOptions options{config_.pipeline, stream.name, config_.state_database, options_.sample};
    options.threads = threads;
    ProjectionAudit audit(pool, &moment_->pending, repairer, progress.at, options, events_.audit);
    const auto error = audit.run(rule.name(), projection);
    const bool again =
        error && (error->code == mongo::snapshot_too_old || error->kind == ErrorKind::transient);
    if (again && tries < max_tries) continue;
    if (error) give_up("verify " + rule.name(), pool, *error);
    add(totals_, audit.totals());
    events_.done(rule.name(), target_of(projection), audit.totals());
    const bool all_mended = repairer != nullptr && options_.sample == 0 && audit.totals().unmendable == 0;
    if (all_mended && std::holds_alternative<Counted>(projection))
      drop_rejected(pool, stream, rule, progress.at);
    repaired_at_ = progress.at;
    // A stream that has never run will begin at a later moment. Changes between this repair and that
    // beginning are in neither of the two, so the targets are not complete.
    const bool whole = all_mended && progress.floor.has_value();
    // A repaired target may be the source of another rule, so the next projection needs a newer moment.
    if (audit.totals().mended > 0) moment_.reset();
    return whole;
  }
}

/// Deletes the dead letters of events that a counting rule could not use (no pre-image). A repair of the
/// whole projection makes up for them.
void Verification::drop_rejected(mongo::ClientPool& pool, const StreamConfig& stream, const Rule& rule,
                                 std::uint64_t at) {
  bson::Builder remove;
  remove.append("delete", state::dead_letters).open_array("deletes").open(remove.item()).open("q");
  remove.append("pipeline", config_.pipeline).append("stream", stream.name).append("rule", rule.name());
  remove.append("effect.kind", "none").open("clusterTime").append_timestamp("$lte", at).close().close();
  remove.append("limit", 0).close().close();
  const auto client = pool.acquire();
  const mongo::Reply reply =
      mongo::run_command(client.get(), config_.state_database, remove.finish(), mongo::Doing::writing);
  if (!reply.ok()) give_up("remove the dead letters that the repair made up for", pool, *reply.error);
}

}  // namespace sluice::audit
