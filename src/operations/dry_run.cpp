#include "operations/dry_run.hpp"

#include <algorithm>
#include <chrono>

#include "bson/json_writer.hpp"
#include "config/mask.hpp"
#include "requirements/rule_table.hpp"
#include "requirements/server_evaluator.hpp"
#include "rules/registry.hpp"
#include "sinks/mongo/letter_effect.hpp"

namespace sluice::operations {

namespace {

constexpr const char* dry_run_application = "sluice try";

requirements::OwnedDocument owned(bson::View view) {
  return {view.data(), view.data() + view.size()};
}

requirements::OwnedDocument parsed(const std::string& json) {
  bson::Document document;
  bson_error_t error{};
  if (!bson_init_from_json(document.out(), json.data(), static_cast<ssize_t>(json.size()), &error)) {
    bson_init(document.get());  // after an error it is not initialised
    throw ConfigError(std::string("the event cannot be read as (Extended) JSON: ") + error.message);
  }
  return owned(bson::View(*document.get()));
}

std::int64_t wall_clock_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

/// The fields of an event that its author may leave out.
void append_missing(bson::View event, bson::Builder& out) {
  if (!event.at("_id")) out.open("_id").append("_data", "try").close();
  if (!event.at("clusterTime"))
    out.append_timestamp("clusterTime", static_cast<std::uint64_t>(wall_clock_ms() / 1000) << 32 | 1);
  if (!event.at("wallTime")) out.append_date("wallTime", wall_clock_ms());
  if (event.at("documentKey")) return;
  const bson::Value after = event.at_path("fullDocument._id");
  const bson::Value id = after ? after : event.at_path("fullDocumentBeforeChange._id");
  if (!id) {
    throw ConfigError(
        "the event does not name its document; add a documentKey, such as "
        "{\"documentKey\": {\"_id\": 1}}");
  }
  out.open("documentKey").append("_id", id).close();
}

requirements::OwnedDocument completed(bson::View event, const StreamConfig& stream) {
  const std::string_view operation = event.at("operationType").text();
  constexpr std::string_view known[] = {"insert", "update", "replace", "delete"};
  if (std::ranges::find(known, operation) == std::end(known))
    throw ConfigError("the event's operationType must be insert, update, replace or delete");
  if (event.at_path("ns.coll").text().empty())
    throw ConfigError("the event does not name its collection; add {\"ns\": {\"coll\": \"orders\"}}");
  bson::Builder out;
  append_missing(event, out);
  for (const auto& [name, value] : event) {
    if (name != "ns") out.append(name, value);
  }
  out.open("ns").append("db", stream.database).append("coll", event.at_path("ns.coll")).close();
  return owned(out.finish());
}

std::string text_of(const Message& message) {
  std::string text = std::string(message.verb.empty() ? "publish" : message.verb) + " " +
                     config::mask_address(message.address) + "\nid: " + std::string(message.id);
  if (!message.key.empty()) text += "\nkey: " + std::string(message.key);
  if (!message.headers.empty()) text += "\n" + config::mask_lines(message.headers);
  if (!message.text.empty()) return text + "\n\n" + std::string(message.text);
  if (!message.payload) return text;
  text += "\n\n" + std::string(message.envelope);
  bson::append_json(text, message.payload, bson::JsonStyle::relaxed);
  if (!message.envelope.empty()) text += '}';
  return text;
}

std::string text_of(const Effect& effect) {
  if (const auto* reject = std::get_if<Reject>(&effect.body))
    return std::string("dead letter: ") + reject->reason;
  if (const auto* delivery = std::get_if<Deliver>(&effect.body)) return text_of(*delivery->message);
  bson::Builder described;
  sinks::describe_effect(effect.body, described);
  const bson::View view = described.finish();
  std::string text = sinks::effect_in_words(view);
  if (const auto* put = std::get_if<Put>(&effect.body); put != nullptr && put->values)
    text += "\n" + put->values.json();
  return text;
}

/// The event as the stream would deliver it to the rule; empty if the stream would drop it.
std::vector<requirements::OwnedDocument> judged(const StreamConfig& stream, const requirements::Rules& rules,
                                                requirements::OwnedDocument event) {
  if (!requirements::needs_judge(rules)) return {std::move(event)};
  mongo::ClientPool pool(stream, 1, dry_run_application);
  const auto client = pool.acquire();
  std::vector<requirements::OwnedDocument> out;
  if (auto error = requirements::judge(client.get(), stream.database, rules, {std::move(event)}, out)) {
    throw Stop(exit_code::cannot_start,
               "the rule's expressions are evaluated by the server, and MongoDB at " + pool.hosts() +
                   " did not: " + error->text());
  }
  return out;
}

}  // namespace

DryRun try_rule(const StreamConfig& stream, const std::string& name, const std::string& event_json) {
  const requirements::Rules rules = rules::make_rule(stream, name);
  const requirements::OwnedDocument stated = parsed(event_json);
  const requirements::OwnedDocument whole = completed(requirements::view_of(stated), stream);
  DryRun trial;
  trial.why_none =
      "the event does not match this rule: see its collections, operations and fields, and 'where' "
      "or 'when' if it has one";
  requirements::RuleTable table(rules);
  for (const requirements::OwnedDocument& one : judged(stream, rules, whole)) {
    ChangeEvent event;
    parse_event(requirements::view_of(one), event);
    Arena arena;
    std::vector<Effect> effects;
    table.apply(event, effects, arena);
    for (const Effect& effect : effects) trial.effects.push_back(text_of(effect));
  }
  return trial;
}

}  // namespace sluice::operations
