#include "sluice/event.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace sluice {

namespace {

constexpr std::array<std::pair<std::string_view, Operation>, 10> operations{{
    {"insert", Operation::insert},
    {"update", Operation::update},
    {"replace", Operation::replace},
    {"delete", Operation::remove},
    {"drop", Operation::drop},
    {"rename", Operation::rename},
    {"snapshot", Operation::snapshot},
    {"dropDatabase", Operation::drop_database},
    {"invalidate", Operation::invalidate},
    {"other", Operation::other},
}};

Operation operation_of(std::string_view name) {
  for (const auto& [text, operation] : operations) {
    if (text == name) return operation;
  }
  return Operation::other;
}

/// Removes the first component from a dotted path and returns it.
std::string_view next_component(std::string_view& path) {
  const auto dot = path.find('.');
  const auto component = path.substr(0, dot);
  path = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
  return component;
}

bool is_index(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Whether a change at the dotted name `changed` can affect the value at `path`: they are equal, or one
/// contains the other. In `path`, "[]" after a component stands for the elements of an array.
bool related(std::string_view changed, std::string_view path) {
  while (!changed.empty() && !path.empty()) {
    std::string_view component = next_component(path);
    const bool array = component.ends_with("[]");
    if (array) component.remove_suffix(2);
    if (next_component(changed) != component) return false;
    if (array && !changed.empty() && !is_index(next_component(changed))) return false;
  }
  return true;
}

/// The same for a changed name given as the server's list of components: strings, and numbers for array
/// indexes.
bool related(bson::View changed, std::string_view path) {
  auto next = changed.begin();
  while (next != changed.end() && !path.empty()) {
    std::string_view component = next_component(path);
    const bool array = component.ends_with("[]");
    if (array) component.remove_suffix(2);
    const auto index = next->value.integer();
    if (index ? std::to_string(*index) != component : next->value.text() != component) return false;
    ++next;
    if (!array || next == changed.end()) continue;
    if (!next->value.integer()) return false;
    ++next;
  }
  return true;
}

void parse_update(bson::View description, UpdateDescription& update) {
  for (const auto& [key, value] : description) {
    if (key == "updatedFields") update.updated = value.document();
    if (key == "removedFields") update.removed = value.document();
    if (key == "truncatedArrays") update.truncated = value.document();
    if (key == "disambiguatedPaths") update.disambiguated = value.document();
  }
}

void parse_namespace(bson::View ns, ChangeEvent& event) {
  for (const auto& [key, value] : ns) {
    if (key == "db") event.database = value.text();
    if (key == "coll") event.collection = value.text();
  }
}

}  // namespace

std::string_view name_of(Operation operation) {
  for (const auto& [text, candidate] : operations) {
    if (candidate == operation) return text;
  }
  return "other";
}

bool UpdateDescription::touches(std::string_view path) const {
  const auto touched_by = [&](std::string_view name) {
    if (!related(name, path)) return false;
    bool listed = false;  // it may be listed twice: "a.b" may be a path and also a field's name
    for (const auto& [key, value] : disambiguated) {
      if (key != name) continue;
      if (related(value.document(), path)) return true;
      listed = true;
    }
    return !listed;
  };
  for (const auto& [key, value] : updated) {
    if (touched_by(key)) return true;
  }
  for (const auto& [index, value] : removed) {
    if (touched_by(value.text())) return true;
  }
  for (const auto& [index, value] : truncated) {
    if (touched_by(value.document().at("field").text())) return true;
  }
  return false;
}

bool parse_event(bson::View document, ChangeEvent& event) {
  event.document = document;
  for (const auto& [key, value] : document) {
    if (key == "_id") {
      event.token = value.document();
    } else if (key == "operationType") {
      event.operation = operation_of(value.text());
    } else if (key == "clusterTime") {
      event.cluster_time = value.timestamp();
    } else if (key == "wallTime") {
      event.wall_time_ms = value.date_ms();
    } else if (key == "ns") {
      parse_namespace(value.document(), event);
    } else if (key == "documentKey") {
      event.id = value.document().at("_id");
    } else if (key == "fullDocument") {
      event.full_document = value.document();
    } else if (key == "fullDocumentBeforeChange") {
      event.before = value.document();
    } else if (key == "updateDescription") {
      parse_update(value.document(), event.update);
    } else if (!key.starts_with("sluice")) {
      continue;
    } else if (event.marked = true; key == "sluiceWants") {
      event.wants = value.document();
    } else if (key == "sluiceMade") {
      event.made = value.document();
    } else if (key == "sluiceRule") {
      event.snapshot_rule = value.integer().value_or(-1);
    } else if (key == "sluiceRun") {
      event.snapshot_run = value.text();
    } else if (key == "sluicePlace") {
      event.token_data = value.text();
    } else if (key == "sluiceDetail") {
      event.detail = value.integer() == 1 ? Detail::needed : Detail::key_only;
    } else if (key == "sluiceDottedNames") {
      event.dotted_names = value.boolean();
    }
  }
  if (event.token_data.empty()) event.token_data = event.token.at("_data").text();
  return !event.token_data.empty();
}

}  // namespace sluice
