#include "operations/triggers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "config/load.hpp"
#include "core/publish_plan.hpp"
#include "operations/relay_streams.hpp"
#include "requirements/requirements.hpp"
#include "rules/registry.hpp"
#include "rules/shared/apart.hpp"
#include "sinks/jetstream/streams.hpp"

namespace sluice::operations {

namespace {

std::pair<std::string, std::string> address_of(const StreamConfig& stream) {
  return {stream.uri, stream.uri_file};
}

std::vector<StreamShape> jetstreams_of(const requirements::Rules& rules) {
  std::vector<StreamShape> shapes;
  for (const DeliveryPlan* plan : requirements::deliveries_of(rules)) {
    if (const auto* publish = dynamic_cast<const PublishPlan*>(plan)) shapes.push_back(publish->stream);
  }
  return shapes;
}

StreamConfig empty_trigger_stream(const StreamConfig& stream) {
  StreamConfig made;
  made.name = checkpoint::trigger_stream_name(stream.name);
  made.uri = stream.uri;
  made.uri_file = stream.uri_file;
  made.database = stream.database;
  made.hidden = stream.hidden;
  made.of_triggers = true;
  return made;
}

}  // namespace

std::string jetstream_for(const std::vector<StreamConfig>& streams, const StreamConfig& stream,
                          const checkpoint::Trigger& trigger) {
  StreamConfig alone = empty_trigger_stream(stream);
  alone.rules = {checkpoint::rule_of_trigger(trigger)};
  const auto made = rules::make_rules(alone);
  const std::vector<StreamShape> own = jetstreams_of(made);
  const auto takes_it = [&](const StreamShape& shape) {
    return std::ranges::all_of(own.front().needed, [&](const std::string& needed) {
      return std::ranges::any_of(shape.subjects,
                                 [&](const auto& one) { return sinks::jetstream::covers(one, needed); });
    });
  };
  std::set<std::string> names;
  for (const StreamConfig& one : streams) {
    for (const StreamShape& shape : jetstreams_of(rules::make_rules(one))) {
      if (takes_it(shape)) names.insert(shape.name);
    }
  }
  if (names.size() == 1) return *names.begin();
  const std::string subject = own.front().needed.front();
  const char* how = "; name one: PUBLISH TO 'subject' STREAM 'name'";
  if (names.empty()) {
    throw ConfigError(
        fmt::format("no publish rule of the file has a JetStream stream for {}{}", subject, how));
  }
  throw ConfigError(
      fmt::format("the JetStream streams {} all accept {}{}", fmt::join(names, ", "), subject, how));
}

// Each rule is validated together with those before it, so that a rule in conflict with them is found.
StreamConfig trigger_stream(const StreamConfig& stream, const std::vector<checkpoint::Trigger>& triggers,
                            const TriggerComplaint& complain, int parts) {
  StreamConfig made = empty_trigger_stream(stream);
  for (const checkpoint::Trigger& trigger : triggers) {
    if (trigger.stream != stream.name) continue;
    try {
      RuleConfig rule = checkpoint::rule_of_trigger(trigger);
      if (std::ranges::find(made.rules, rule.name, &RuleConfig::name) != made.rules.end()) {
        throw ConfigError("another trigger's rule is already called '" + rule.name + "'");
      }
      if (made.rules.size() == config::kMostRules) {
        throw ConfigError("at most " + std::to_string(config::kMostRules) +
                          " triggers of a stream are allowed");
      }
      made.rules.push_back(std::move(rule));
    } catch (const std::exception& error) {
      complain(trigger, error.what());
      continue;
    }
    try {
      rules::make_rules(made, parts);
    } catch (const std::exception& error) {
      made.rules.pop_back();
      complain(trigger, error.what());
    }
  }
  return made;
}

namespace {

std::vector<StreamConfig> with_streams_of(const std::vector<checkpoint::Trigger>& triggers,
                                          const std::vector<StreamConfig>& streams,
                                          const TriggerComplaint& complain, int parts) {
  std::vector<StreamConfig> all = streams;
  for (const StreamConfig& stream : streams) {
    StreamConfig made = trigger_stream(stream, triggers, complain, parts);
    if (!made.rules.empty()) all.push_back(std::move(made));
  }
  return all;
}

/// Why these streams cannot run beside each other and beside the relay; "" if they can.
std::string relay_conflict(const RelayConfig& relay, const std::vector<StreamConfig>& streams) {
  try {
    check_relay_streams(relay, rules::with_callers_apart(streams));
    return "";
  } catch (const ConfigError& error) {
    return error.what();
  }
}

}  // namespace

std::vector<StreamConfig> with_triggers(const std::vector<StreamConfig>& streams,
                                        const std::vector<checkpoint::Trigger>& triggers,
                                        const TriggerComplaint& complain, int parts,
                                        const RelayConfig& relay) {
  std::vector<StreamConfig> all = with_streams_of(triggers, streams, complain, parts);
  if (!relay || relay_conflict(relay, all).empty()) return all;
  // Adds the triggers one by one, to find those that conflict.
  const auto told_before = [](const checkpoint::Trigger&, const std::string&) {};
  std::vector<checkpoint::Trigger> kept;
  all = streams;
  for (const checkpoint::Trigger& trigger : triggers) {
    kept.push_back(trigger);
    std::vector<StreamConfig> more = with_streams_of(kept, streams, told_before, parts);
    if (const std::string why = relay_conflict(relay, more); !why.empty()) {
      kept.pop_back();
      complain(trigger, why);
    } else {
      all = std::move(more);
    }
  }
  return all;
}

std::vector<StreamConfig> with_kept_triggers(const Config& config) {
  std::vector<checkpoint::Trigger> triggers;
  std::vector<std::pair<std::string, std::string>> asked;
  for (const StreamConfig& stream : config.streams) {
    if (std::ranges::find(asked, address_of(stream)) != asked.end()) continue;
    asked.push_back(address_of(stream));
    std::ranges::move(checkpoint::TriggerStore(config, stream).list(), std::back_inserter(triggers));
  }
  const auto left_out = [](const checkpoint::Trigger&, const std::string&) {};
  return with_triggers(config.streams, triggers, left_out, 1, config.relay);
}

TriggerWatch::TriggerWatch(const Config& config, spdlog::logger& log)
    : pipeline_(config.pipeline), database_(config.state_database), log_(log) {}

TriggerWatch::Cluster& TriggerWatch::cluster_of(const StreamConfig& stream) {
  const auto found = std::ranges::find(clusters_, address_of(stream), &Cluster::address);
  if (found != clusters_.end()) return *found;
  return clusters_.emplace_back(Cluster{
      address_of(stream),
      std::make_unique<mongo::ClientPool>(stream, 1, "sluice-triggers"),
      {},
      {observe::StreamLog(log_, "", stream.name), "the triggers cannot be read; those already known go on"}});
}

mongo::ClientPool* TriggerWatch::pool_of(const StreamConfig& stream) {
  const auto found = std::ranges::find(clusters_, address_of(stream), &Cluster::address);
  return found == clusters_.end() ? nullptr : found->pool.get();
}

bool TriggerWatch::look(const std::vector<StreamConfig>& streams) {
  const auto unused = [&](const Cluster& cluster) {
    return std::ranges::find(streams, cluster.address, address_of) == streams.end();
  };
  bool changed = std::erase_if(clusters_, unused) > 0;
  for (const StreamConfig& stream : streams) cluster_of(stream);
  for (Cluster& cluster : clusters_) changed |= look_at(cluster, streams);
  return changed;
}

bool TriggerWatch::look_at(Cluster& cluster, const std::vector<StreamConfig>& streams) {
  std::vector<checkpoint::Trigger> found;
  std::optional<Error> error;
  {
    const auto client = cluster.pool->acquire();
    error = checkpoint::read_triggers(client.get(), database_, pipeline_, found);
  }
  if (error) {
    cluster.pool->reconsider(*error);
    const bool passing = error->kind == ErrorKind::transient || error->kind == ErrorKind::unavailable;
    // If the server cannot be reached, the streams report it.
    if (!passing) {
      cluster.unread.failed(cluster.pool->hosts() + ": " + error->text(), observe::LogFields::of(*error));
    }
    return false;
  }
  cluster.unread.succeeded();
  // Ignores triggers whose stream is on another cluster: only those on their stream's own cluster count.
  std::erase_if(found, [&](const checkpoint::Trigger& trigger) {
    const auto stream = std::ranges::find(streams, trigger.stream, &StreamConfig::name);
    return stream != streams.end() && address_of(*stream) != cluster.address;
  });
  if (found == cluster.triggers) return false;
  cluster.triggers = std::move(found);
  return true;
}

std::vector<checkpoint::Trigger> TriggerWatch::triggers() const {
  std::vector<checkpoint::Trigger> all;
  for (const Cluster& cluster : clusters_) {
    all.insert(all.end(), cluster.triggers.begin(), cluster.triggers.end());
  }
  return all;
}

}  // namespace sluice::operations
