#include "rules/shared/debezium.hpp"

#include "text/json.hpp"

namespace sluice::rules {

namespace {

void append_quoted(std::string& out, std::string_view value) {
  out += '"';
  text::append_json_escaped(out, value, text::JsonEscape::replace_invalid);
  out += '"';
}

/// Appends the document as JSON in a string; null if there is none.
void append_in_string(std::string& out, bson::View document, bson::JsonFailure& failure) {
  if (!document) {
    out += "null";
    return;
  }
  std::string json;
  const auto failed = bson::append_json(json, document, bson::JsonStyle::relaxed);
  if (failed != bson::JsonFailure::none) failure = failed;
  append_quoted(out, json);
}

/// Appends a list, with each item as `append_item` writes it; null if the list is empty.
template <typename AppendItem>
void append_list(std::string& out, bson::View list, AppendItem append_item) {
  if (list.empty()) {
    out += "null";
    return;
  }
  char before = '[';
  for (const auto& [index, item] : list) {
    out += before;
    append_item(item);
    before = ',';
  }
  out += ']';
}

void append_update(std::string& out, const UpdateDescription& update, bson::JsonFailure& failure) {
  out += R"("updateDescription":{"removedFields":)";
  append_list(out, update.removed, [&](const bson::Value& field) { append_quoted(out, field.text()); });
  out += R"(,"updatedFields":)";
  append_in_string(out, update.updated, failure);
  out += R"(,"truncatedArrays":)";
  append_list(out, update.truncated, [&](const bson::Value& array) {
    out += R"({"field":)";
    append_quoted(out, array.document().at("field").text());
    out += ",\"size\":" + std::to_string(array.document().at("newSize").integer().value_or(0)) + "}";
  });
  out += '}';
}

void append_source(std::string& out, const ChangeEvent& event, std::string_view name) {
  const bool snapshot = event.operation == Operation::snapshot;
  out += R"("source":{"version":"sluice","connector":"mongodb","name":)";
  append_quoted(out, name);
  out += ",\"ts_ms\":" + std::to_string((event.cluster_time >> 32) * 1000);
  out += snapshot ? R"(,"snapshot":"true","db":)" : R"(,"snapshot":"false","db":)";
  append_quoted(out, event.database);
  out += R"(,"sequence":null,"collection":)";
  append_quoted(out, event.collection);
  out += ",\"ord\":" + std::to_string(event.cluster_time & 0xFFFFFFFF);
  out += R"(,"lsid":null,"txnNumber":null,"wallTime":)" + std::to_string(event.wall_time_ms) + "}";
}

char letter_of(Operation operation) {
  switch (operation) {
    case Operation::insert:
      return 'c';
    case Operation::remove:
      return 'd';
    case Operation::snapshot:
      return 'r';
    default:
      return 'u';
  }
}

}  // namespace

std::string debezium_key(const bson::Value& id) {
  std::string json;
  bson::append_json(json, id, bson::JsonStyle::relaxed);
  std::string key = R"({"id":)";
  append_quoted(key, json);
  return key + "}";
}

std::string debezium_value(const ChangeEvent& event, std::string_view name, bson::JsonFailure& failure) {
  std::string out = R"({"before":)";
  append_in_string(out, event.before, failure);
  out += R"(,"after":)";
  append_in_string(out, event.full_document, failure);
  out += ',';
  if (event.operation == Operation::update) {
    append_update(out, event.update, failure);
  } else {
    out += R"("updateDescription":null)";
  }
  out += ',';
  append_source(out, event, name);
  out += R"(,"op":")";
  out += letter_of(event.operation);
  out += "\",\"ts_ms\":" + std::to_string(event.wall_time_ms) + R"(,"transaction":null})";
  return out;
}

std::string debezium_name(std::string_view topic) {
  topic = topic.substr(0, topic.find('{'));
  while (topic.ends_with('.')) topic.remove_suffix(1);
  return topic.empty() ? "sluice" : std::string(topic);
}

}  // namespace sluice::rules
