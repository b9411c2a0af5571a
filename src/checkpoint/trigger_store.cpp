#include "checkpoint/trigger_store.hpp"

#include <algorithm>

#include "checkpoint/shard_records.hpp"
#include "checkpoint/trigger_problems.hpp"
#include "config/load.hpp"
#include "config/state_names.hpp"
#include "flow/retry.hpp"
#include "rules/registry.hpp"
#include "rules/shared/apart.hpp"
#include "sluice/bson_builder.hpp"

namespace sluice::checkpoint {

namespace {

using namespace std::chrono_literals;

// A wrong address should be reported soon. A server that has answered before may be electing a primary.
constexpr flow::Duration patience_at_first = 5s;
constexpr flow::Duration patience_later = 60s;
constexpr flow::Backoff::Limits waits{5ms, 1s};
constexpr int most_read = 100'000;

Trigger read_trigger(bson::View document) {
  return {std::string(document.at("stream").text()), std::string(document.at("name").text()),
          std::string(document.at("text").text()), std::string(document.at("rule").text()),
          document.at("createdAt").date_ms()};
}

}  // namespace

/// Names in files consist of letters, digits, '.', '_' and '-', so the colon makes this name distinct.
std::string trigger_stream_name(const std::string& stream) {
  return stream + ":triggers";
}

RuleConfig rule_of_trigger(const Trigger& trigger) {
  const std::string place = "trigger " + trigger.stream + "/" + trigger.name;
  const auto start = trigger.rule.find_first_not_of(" \n");
  if (start == std::string::npos || trigger.rule[start] != '-') {
    return config::rule_of(Settings::parse(trigger.rule, place));
  }
  const auto items = Settings::parse("rules:\n" + trigger.rule, place).sections("rules");
  if (items.size() != 1)
    throw ConfigError(place + ": exactly one rule is expected, not " + std::to_string(items.size()));
  return config::rule_of(items.front());
}

bool stands_apart(const Trigger& trigger) {
  try {
    return rules::trigger_stands_apart(rule_of_trigger(trigger));
  } catch (const ConfigError&) {  // not written by Sluice
    return false;
  }
}

std::optional<Error> read_triggers(mongoc_client_t* client, const std::string& state_database,
                                   const std::string& pipeline, std::vector<Trigger>& triggers) {
  bson::Builder find;
  find.append("find", state::triggers).open("filter").append("pipeline", pipeline).close();
  find.append("batchSize", most_read).append("limit", most_read);
  find.open("readConcern").append("level", "majority").close();
  const mongo::Reply reply = mongo::run_command(client, state_database, find.finish(), mongo::Doing::reading);
  if (!reply.ok()) return reply.error;
  triggers.clear();
  const bson::View documents = reply.view().at_path("cursor.firstBatch").document();
  for (const auto& [index, document] : documents) triggers.push_back(read_trigger(document.document()));
  std::ranges::sort(triggers, [](const Trigger& a, const Trigger& b) {
    return std::tie(a.created_at_ms, a.stream, a.name) < std::tie(b.created_at_ms, b.stream, b.name);
  });
  return std::nullopt;
}

TriggerStore::TriggerStore(const Config& config, const StreamConfig& on)
    : pipeline_(config.pipeline), database_(config.state_database), pool_(on, 1, "sluice trigger") {}

std::string TriggerStore::id_of(const std::string& stream, const std::string& name) const {
  return pipeline_ + "/" + stream + "/" + name;
}

void TriggerStore::retry_until(const std::function<std::optional<Error>()>& attempt) {
  const auto patience = reached_ ? patience_later : patience_at_first;
  const auto error = flow::retry_until({.pauses = waits, .patience = patience}, attempt);
  if (error) {
    throw Stop(exit_code::cannot_start,
               "the triggers on " + pool_.hosts() + " cannot be reached: " + error->text());
  }
  reached_ = true;
}

std::vector<Trigger> TriggerStore::list() {
  std::vector<Trigger> triggers;
  retry_until([&] {
    const auto client = pool_.acquire();
    return read_triggers(client.get(), database_, pipeline_, triggers);
  });
  return triggers;
}

std::vector<TriggerProblem> TriggerStore::problems() {
  std::vector<TriggerProblem> problems;
  retry_until([&] {
    const auto client = pool_.acquire();
    return read_trigger_problems(client.get(), database_, pipeline_, problems);
  });
  return problems;
}

bool TriggerStore::put(const Trigger& trigger, bool replace) {
  bool done = false;
  retry_until([&]() -> std::optional<Error> {
    // Creates the collection, because a transaction should not have to.
    const auto client = pool_.acquire();
    bson::Builder create;
    create.append("create", state::triggers);
    const auto made = mongo::run_command(client.get(), database_, create.finish(), mongo::Doing::reading);
    return made.ok() || made.error->code == mongo::namespace_exists ? std::nullopt : made.error;
  });
  retry_until([&] { return try_to_put(trigger, replace, done); });
  return done;
}

/// Uses one transaction: if the first two triggers are stored at the same time, one is retried and finds the
/// other.
std::optional<Error> TriggerStore::try_to_put(const Trigger& trigger, bool replace, bool& done) {
  const auto client = pool_.acquire();
  const std::string id = id_of(trigger.stream, trigger.name);
  const std::string stream_id = pipeline_ + "/" + trigger_stream_name(trigger.stream);
  try {
    StateTransaction transaction(client.get(), database_);
    bson::Builder find;
    find.append("find", state::triggers).open("filter").append("pipeline", pipeline_);
    find.append("stream", trigger.stream).close().open("projection").append("rule", 1).close();
    find.append("batchSize", most_read).append("limit", most_read);
    const mongo::Reply known = transaction.command(find, mongo::Doing::reading);
    const bson::View stored = known.view().at_path("cursor.firstBatch").document();
    bool shared_is_empty = true;  // no stored trigger, this one included, runs in the shared stream
    bool exists = false;
    bool was_apart = false;
    for (const auto& [index, other] : stored) {
      const bool other_apart = stands_apart(read_trigger(other.document()));
      shared_is_empty &= other_apart;
      if (other.document().at("_id").text() != id) continue;
      exists = true;
      was_apart = other_apart;
    }
    done = !exists || replace;
    if (!done) return std::nullopt;
    if (shared_is_empty) transaction.forget(stream_id);
    // Unless it already ran in a stream of its own, it begins at the present moment: forgets what an earlier
    // trigger of this name stored there.
    if (!was_apart) transaction.forget(rules::apart_name(stream_id, trigger.name));
    bson::Builder write;
    write.append("update", state::triggers).open_array("updates").open(write.item());
    write.open("q").append("_id", id).close().open_array("u").open(write.item()).open("$set");
    for (const auto& [key, value] : {std::pair{"pipeline", &pipeline_},
                                     {"stream", &trigger.stream},
                                     {"name", &trigger.name},
                                     {"text", &trigger.text},
                                     {"rule", &trigger.rule}}) {
      write.open(key).append("$literal", *value).close();
    }
    write.open("createdAt").open_array("$ifNull");
    write.append(write.item(), "$createdAt").append(write.item(), "$$NOW").close().close();
    write.close().close().close().append("upsert", true).close().close();
    transaction.command(write, mongo::Doing::writing);
    transaction.commit();
    return std::nullopt;
  } catch (const StateError& failed) {
    return failed.error;
  }
}

bool TriggerStore::drop(const std::string& stream, const std::string& name) {
  bool dropped = false;
  retry_until([&] {
    bson::Builder command;
    command.append("delete", state::triggers).open_array("deletes").open(command.item());
    command.open("q").append("_id", id_of(stream, name)).close().append("limit", 1).close().close();
    command.open("writeConcern").append("w", "majority").close();
    const auto client = pool_.acquire();
    const mongo::Reply reply =
        mongo::run_command(client.get(), database_, command.finish(), mongo::Doing::storing);
    dropped |= reply.ok() && reply.view().at("n").integer() == 1;
    return reply.error;
  });
  return dropped;
}

}  // namespace sluice::checkpoint
