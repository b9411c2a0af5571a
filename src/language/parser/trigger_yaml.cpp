#include "language/parser/trigger.hpp"
#include "language/values/json.hpp"

/// Texts, lists and maps are written as JSON, which is valid YAML. So any text is preserved, even if it would
/// mean something else to YAML without quotes.
namespace sluice::language {

namespace {

std::string list_of(const std::vector<std::string>& texts) {
  std::vector<std::string> items;
  for (const std::string& text : texts) items.push_back(json_text(text));
  return json_list(items);
}

std::string map_of(const std::vector<std::pair<std::string, std::string>>& texts) {
  std::string out;
  for (const auto& [key, text] : texts)
    out += (out.empty() ? "" : ", ") + json_text(key) + ": " + json_text(text);
  return "{" + out + "}";
}

std::string line(const char* key, const std::string& value) {
  return std::string("  ") + key + ": " + value + "\n";
}

std::string selection_of(const Trigger& trigger) {
  std::vector<std::string> operations;
  if (trigger.on_insert) operations.emplace_back("insert");
  if (trigger.on_update) operations.insert(operations.end(), {"update", "replace"});
  if (trigger.on_delete) operations.emplace_back("delete");
  std::string out = line("from", json_text(trigger.collection)) + line("operations", list_of(operations));
  if (!trigger.fields.empty()) out += line("fields", list_of(trigger.fields));
  if (!trigger.when.empty()) out += line("when", json_text(trigger.when));
  if (trigger.ignores_own) out += line("own_writes", json_text("ignore"));
  return out;
}

/// The rule's kind, and its settings other than the selection of events.
struct Settings {
  const char* kind;
  std::string lines;
};

Settings settings_of(const WriteAction& write) {
  std::string lines = line("into", json_text(write.into)) + line("mode", json_text(write.mode));
  if (!write.id.empty()) lines += line("id", json_text(write.id));
  if (!write.values.empty()) lines += line("values", map_of(write.values));
  if (!write.document.empty()) lines += line("values", json_text(write.document));
  return {"write", lines};
}

Settings settings_of(const CallAction& call) {
  std::string lines = line("url", json_text(call.url)) + line("method", json_text(call.method));
  if (!call.headers.empty()) lines += line("headers", map_of(call.headers));
  if (call.body) lines += line("body", json_text(*call.body));
  if (!call.values.empty()) lines += line("values", map_of(call.values));
  return {"webhook", lines};
}

Settings settings_of(const DropKeysAction& drop) {
  return {"cache", line("delete", list_of(drop.keys))};
}

Settings settings_of(const PublishAction& publish) {
  std::string lines = line("subject", json_text(publish.subject));
  if (!publish.stream.empty()) lines += line("stream", json_text(publish.stream));
  return {"publish", lines};
}

}  // namespace

std::string rule_yaml(const Trigger& trigger) {
  Settings settings = std::visit([](const auto& action) { return settings_of(action); }, trigger.action);
  if (std::holds_alternative<PublishAction>(trigger.action)) {
    // Another rule may publish the same events to the same stream, and JetStream drops a message whose id it
    // has seen. So the id contains the trigger's name.
    settings.lines += line("message_id", json_text(trigger.name + "-{token}"));
  }
  return "name: " + json_text(trigger.name) + "\n" + settings.kind + ":\n" + selection_of(trigger) +
         settings.lines;
}

}  // namespace sluice::language
