#include "checkpoint/trigger_problems.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "config/state_names.hpp"
#include "rules/shared/apart.hpp"
#include "sluice/bson_builder.hpp"

namespace sluice::checkpoint {

namespace {

constexpr std::int32_t most_problems = 10'000;

}  // namespace

std::string text_of(const TriggerProblem& problem) {
  return fmt::format("trigger {} of {} is not running: {}", problem.trigger.name, problem.trigger.stream,
                     problem.text);
}

std::optional<Error> read_trigger_problems(mongoc_client_t* client, const std::string& state_database,
                                           const std::string& pipeline,
                                           std::vector<TriggerProblem>& problems) {
  problems.clear();
  bson::Builder find;
  find.append("find", state::layouts).open("filter").open("problem").append("$exists", true).close();
  // All ids that begin with `<pipeline>/`: the character after '/' is '0'.
  find.open("_id").append("$gte", pipeline + "/").append("$lt", pipeline + "0").close().close();
  find.append("batchSize", most_problems).append("limit", most_problems);
  const mongo::Reply reply = mongo::run_command(client, state_database, find.finish(), mongo::Doing::reading);
  if (!reply.ok()) return reply.error;
  std::map<std::string, std::pair<std::string, std::int64_t>, std::less<>> known;
  const bson::View layouts = reply.view().at_path("cursor.firstBatch").document();
  for (const auto& [index, layout] : layouts) {
    const bson::View document = layout.document();
    known[std::string(document.at("_id").text())] = {std::string(document.at_path("problem.text").text()),
                                                     document.at_path("problem.since").date_ms()};
  }
  if (known.empty()) return std::nullopt;
  std::vector<Trigger> triggers;
  if (auto error = read_triggers(client, state_database, pipeline, triggers)) return error;
  for (Trigger& trigger : triggers) {
    const std::string shared_stream = pipeline + "/" + trigger_stream_name(trigger.stream);
    // The problem of the trigger's own stream or, if it runs in the shared stream, that one's.
    auto found = known.find(rules::apart_name(shared_stream, trigger.name));
    if (found == known.end() && !stands_apart(trigger)) found = known.find(shared_stream);
    if (found == known.end()) continue;
    problems.push_back({std::move(trigger), found->second.first, found->second.second});
  }
  return std::nullopt;
}

std::optional<Error> note_trigger_problem(mongo::ClientPool& pool, const std::string& state_database,
                                          const std::string& stream_id, const std::string& text) {
  bson::Builder command;
  command.append("update", state::layouts).open_array("updates").open(command.item());
  command.open("q").append("_id", stream_id);
  if (!text.empty()) command.open("problem.text").append("$ne", text).close();
  command.close();
  if (text.empty()) {
    command.open("u").open("$unset").append("problem", true).close().close();
  } else {
    command.open_array("u").open(command.item()).open("$set").open("problem");
    command.open("text").append("$literal", text).close().append("since", "$$NOW");
    command.close().close().close().close().append("upsert", true);
  }
  command.close().close();
  const auto client = pool.acquire();
  auto error =
      mongo::run_command(client.get(), state_database, command.finish(), mongo::Doing::storing).error;
  // The filter excludes a problem with the same text, so the upsert tried to insert a second document: the
  // problem is stored already.
  if (error && error->code == mongo::duplicate_key) return std::nullopt;
  return error;
}

}  // namespace sluice::checkpoint
