#include "sluice/settings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/names.hpp"
#include "config/problems.hpp"
#include "config/yaml/yaml_json.hpp"
#include "config/yaml/yaml_tree.hpp"

namespace sluice {

using config::Place;
using config::YamlEntry;
using config::YamlKind;
using config::YamlValue;

struct Settings::State {
  std::shared_ptr<const config::YamlDocument> document;  // owns what `map` points into
  const YamlValue* map = nullptr;
  Place own;  // place of the map's key, or of the map itself if it has no key
  std::vector<std::string> asked;

  void ask(std::string_view key) {
    if (std::find(asked.begin(), asked.end(), key) == asked.end()) asked.emplace_back(key);
  }

  bool was_asked(std::string_view key) const {
    return std::find(asked.begin(), asked.end(), key) != asked.end();
  }

  const YamlEntry* find(std::string_view key) const {
    const auto& entries = map->entries;
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [key](const YamlEntry& entry) { return entry.key == key; });
    return found == entries.end() ? nullptr : &*found;
  }

  [[noreturn]] void fail(Place place, const std::string& message) const {
    throw config::PlacedError({document->file, place.line, place.column, message});
  }

  [[noreturn]] void wrong_kind(const YamlValue& value, std::string_view key, std::string_view wanted) const {
    fail(value.place, fmt::format("'{}' must be {}, but is {}", key, wanted, config::kind_text(value)));
  }

  /// `what` starts the message: `'key' must be a text, but`.
  void demand_text(const YamlValue& value, const std::string& what) const {
    if (config::is_text(value)) return;
    const bool scalar = value.kind == YamlKind::scalar;
    fail(value.place, fmt::format("{} is {}{}", what, config::kind_text(value),
                                  scalar ? "; put it in quotes if it is meant as a text" : ""));
  }

  /// A missing key is often a misspelt one. Then the message points to the misspelling.
  [[noreturn]] void missing(std::string_view key) const {
    std::vector<std::string> others;
    for (const auto& entry : map->entries) {
      if (!was_asked(entry.key)) others.push_back(entry.key);
    }
    const std::string near = nearest_name(key, others);
    if (near.empty()) fail(own, fmt::format("'{}' is missing here", key));
    fail(find(near)->place, fmt::format("'{}' is missing; is '{}' a misspelling of it?", key, near));
  }

  const YamlValue& require(std::string_view key) {
    ask(key);
    const YamlEntry* entry = find(key);
    if (!entry) missing(key);
    return entry->value;
  }

  const YamlValue& require(std::string_view key, YamlKind kind, std::string_view wanted) {
    const YamlValue& value = require(key);
    if (value.kind != kind) wrong_kind(value, key, wanted);
    return value;
  }

  Settings child(const YamlValue& value, Place place) const {
    auto state = std::make_shared<State>();
    state->document = document;
    state->map = &value;
    state->own = place;
    return Settings(std::move(state));
  }
};

Settings::Settings(std::shared_ptr<State> state) : state_(std::move(state)) {}

Settings Settings::parse(const std::string& yaml, const std::string& file_name) {
  auto document = config::parse_yaml(yaml, file_name);
  if (!document->problems.empty()) throw config::PlacedError(document->problems);
  return config::settings_of(std::move(document));
}

Settings config::settings_of(std::shared_ptr<const YamlDocument> document) {
  auto state = std::make_shared<Settings::State>();
  state->document = std::move(document);
  state->map = &state->document->top;
  state->own = state->map->place;
  return Settings(std::move(state));
}

bool Settings::has(std::string_view key) const {
  state_->ask(key);
  return state_->find(key) != nullptr;
}

std::string Settings::text(std::string_view key) const {
  const YamlValue& value = state_->require(key);
  state_->demand_text(value, fmt::format("'{}' must be a text, but", key));
  return value.text;
}

std::string Settings::scalar(std::string_view key, std::string_view wanted) const {
  return state_->require(key, YamlKind::scalar, wanted).text;
}

std::string Settings::text_or(std::string_view key, std::string_view otherwise) const {
  return has(key) ? text(key) : std::string(otherwise);
}

std::vector<std::string> Settings::texts(std::string_view key) const {
  const YamlValue& list = state_->require(key, YamlKind::list, "a list of texts");
  std::vector<std::string> texts;
  for (const auto& item : list.items) {
    state_->demand_text(item, fmt::format("each item of '{}' must be a text, but this", key));
    texts.push_back(item.text);
  }
  return texts;
}

std::vector<std::string> Settings::one_or_more(std::string_view key) const {
  state_->ask(key);
  const YamlEntry* entry = state_->find(key);
  if (entry == nullptr) state_->missing(key);
  if (entry->value.kind != YamlKind::list) {
    state_->demand_text(entry->value, fmt::format("'{}' must be a text or a list of texts, but", key));
    return {entry->value.text};
  }
  auto all = texts(key);
  if (all.empty()) fail(key, fmt::format("'{}' is empty; add at least one item", key));
  return all;
}

std::string Settings::choice(std::string_view key, std::initializer_list<std::string_view> allowed,
                             std::string_view otherwise) const {
  if (!has(key)) return std::string(otherwise);
  const std::vector<std::string> names(allowed.begin(), allowed.end());
  const YamlValue& value = state_->require(key, YamlKind::scalar, config::join_or(names));
  if (std::find(allowed.begin(), allowed.end(), value.text) == allowed.end()) {
    state_->fail(value.place, fmt::format("'{}' must be {}", key, config::not_among(value.text, names)));
  }
  return value.text;
}

long long Settings::integer_or(std::string_view key, long long otherwise, long long least,
                               long long most) const {
  if (!has(key)) return otherwise;
  const YamlValue& value = state_->require(key, YamlKind::scalar, "a whole number");
  const auto number = config::whole_number(value.text);
  if (!number || *number < least || *number > most) {
    state_->fail(value.place, fmt::format("'{}' must be a whole number from {} to {}, not '{}'", key, least,
                                          most, value.text));
  }
  return *number;
}

Settings Settings::section(std::string_view key) const {
  const YamlValue& map = state_->require(key, YamlKind::map, "a map (key: value)");
  return state_->child(map, state_->find(key)->place);
}

std::vector<Settings> Settings::sections(std::string_view key) const {
  const YamlValue& list = state_->require(key, YamlKind::list, "a list of maps (each starts with '- ')");
  std::vector<Settings> sections;
  for (const auto& item : list.items) {
    if (item.kind != YamlKind::map) {
      state_->fail(item.place, fmt::format("each item of '{}' must be a map (key: value), but this is {}",
                                           key, config::kind_text(item)));
    }
    sections.push_back(state_->child(item, item.place));
  }
  return sections;
}

std::vector<std::pair<std::string, std::string>> Settings::pairs(std::string_view key) const {
  const YamlValue& map = state_->require(key, YamlKind::map, "a map of texts (key: value)");
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& entry : map.entries) {
    state_->demand_text(entry.value, fmt::format("'{}.{}' must be a text, but", key, entry.key));
    pairs.emplace_back(entry.key, entry.value.text);
  }
  return pairs;
}

std::string Settings::json(std::string_view key) const {
  const YamlValue& value = state_->require(key);
  const bool whole = value.kind == YamlKind::scalar && value.text.starts_with('{');
  return whole ? value.in_expression() : config::json_of(value);
}

std::string Settings::all_json() const {
  return config::json_of(*state_->map);
}

std::vector<std::string> Settings::keys() const {
  std::vector<std::string> keys;
  for (const auto& entry : state_->map->entries) keys.push_back(entry.key);
  return keys;
}

void Settings::done() const {
  config::Problems problems;
  for (const auto& entry : state_->map->entries) {
    if (state_->was_asked(entry.key)) continue;
    // A key that is present already cannot be the one that was meant.
    std::vector<std::string> open;
    for (const auto& name : state_->asked) {
      if (!state_->find(name)) open.push_back(name);
    }
    problems.push_back({state_->document->file, entry.place.line, entry.place.column,
                        config::unknown_name("key", entry.key, open, state_->asked)});
  }
  if (!problems.empty()) throw config::PlacedError(std::move(problems));
}

std::string Settings::place(std::string_view key) const {
  const YamlEntry* entry = state_->find(key);
  return config::place_text(state_->document->file, entry ? entry->place : state_->own);
}

void Settings::fail(std::string_view key, const std::string& message) const {
  const YamlEntry* entry = state_->find(key);
  state_->fail(entry ? entry->place : state_->own, message);
}

}  // namespace sluice
