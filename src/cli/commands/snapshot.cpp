#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "checkpoint/snapshot_records.hpp"
#include "cli/commands.hpp"
#include "cli/load_config.hpp"
#include "cli/own_flags.hpp"
#include "mongo/quiet.hpp"
#include "mongo/raii.hpp"
#include "requirements/requirements.hpp"
#include "rules/registry.hpp"
#include "sluice/error.hpp"

namespace sluice::cli {
namespace {

using checkpoint::snapshot_id;
using checkpoint::SnapshotRequest;
using checkpoint::SnapshotStore;

constexpr const char* application = "sluice snapshot";

void check(const std::optional<Error>& error, const mongo::ClientPool& pool) {
  if (!error) return;
  throw Stop(exit_code::cannot_start, "MongoDB at " + pool.hosts() + " cannot be asked: " + error->text());
}

struct Publishing {
  const StreamConfig* stream;
  std::string rule;
  std::vector<Subscription> subscriptions;
};

std::vector<Publishing> publishing_rules(const Config& config) {
  std::vector<Publishing> all;
  for (const StreamConfig& stream : config.streams) {
    for (const auto& rule : rules::make_rules(stream)) {
      if (!rule->has_snapshots()) continue;
      all.push_back({&stream, rule->name(), rule->subscriptions()});
    }
  }
  return all;
}

void show(const Config& config, const Publishing& one, std::ostream& out) {
  mongo::ClientPool pool(*one.stream, 1, application);
  SnapshotStore store(pool, config.state_database);
  const std::string id = snapshot_id(config.pipeline, one.stream->name, one.rule);
  std::vector<SnapshotRequest> requests;
  check(store.find({id}, requests), pool);
  if (requests.empty()) {
    out << one.rule << ": no snapshot was requested\n";
    return;
  }
  checkpoint::ProgressOfShards all;
  check(store.all_progress(id, all), pool);
  bool any = false;
  for (const auto& [shard, progress] : all) {
    if (progress.run != requests.front().run) continue;
    any = true;
    out << fmt::format("{}: shard {}: {} documents published{}\n", one.rule, shard, progress.mark.documents,
                       progress.mark.done ? ", done" : "");
  }
  if (!any) out << one.rule << ": requested; no worker has started it\n";
}

void ask(const Config& config, const Publishing& one, const std::string& collection, std::ostream& out) {
  SnapshotRequest request{
      snapshot_id(config.pipeline, one.stream->name, one.rule), checkpoint::new_snapshot_run(), {}};
  const auto reads = [&](const Subscription& subscription) { return subscription.reads(collection); };
  if (!collection.empty() && std::ranges::none_of(one.subscriptions, reads)) {
    std::vector<std::string> names;
    for (const Subscription& subscription : one.subscriptions) names.push_back(subscription.collection);
    const std::string near = nearest_name(collection, names);
    throw ConfigError(fmt::format("the rule '{}' does not publish '{}'{}", one.rule, collection,
                                  near.empty() ? "" : "; did you mean '" + near + "'?"));
  }
  mongo::ClientPool pool(*one.stream, 1, application);
  if (collection.empty()) {
    const auto client = pool.acquire();
    check(requirements::collections_of(client.get(), one.stream->database, one.subscriptions,
                                       request.collections),
          pool);
  } else {
    request.collections = {collection};
  }
  SnapshotStore store(pool, config.state_database);
  check(store.ask(request, false), pool);
  out << fmt::format("{}: requested; workers check for requests every second (--status shows the progress)\n",
                     one.rule);
}

}  // namespace

int snapshot_command(const Arguments& arguments, std::ostream& out, std::ostream&) {
  const Config config = load_config(arguments);
  const std::string rule = given(arguments, "rule").value_or("");
  const std::vector<Publishing> all = publishing_rules(config);
  const bool status = arguments.own.contains("status");
  if (rule.empty() && !status) throw UsageError("name the rule whose collections to publish: --rule NAME");
  std::vector<std::string> names;
  mongo::quiet_driver();
  const mongo::Driver driver;
  bool found = rule.empty();
  for (const Publishing& one : all) {
    names.push_back(one.rule);
    if (!rule.empty() && one.rule != rule) continue;
    found = true;
    status ? show(config, one, out) : ask(config, one, given(arguments, "collection").value_or(""), out);
  }
  if (!found) {
    const std::string near = nearest_name(rule, names);
    throw ConfigError(fmt::format("there is no publishing rule '{}'{}", rule,
                                  near.empty() ? "" : "; did you mean '" + near + "'?"));
  }
  return exit_code::ok;
}

}  // namespace sluice::cli
