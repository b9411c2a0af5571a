#include "config/yaml/yaml_tree.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/yaml/yaml_json.hpp"

namespace sluice::config {
namespace {

bool stands_in(const YamlValue& value, Place place) {
  if (value.place == place) return true;
  const auto in_item = [&](const YamlValue& item) { return stands_in(item, place); };
  const auto in_entry = [&](const YamlEntry& entry) {
    return entry.place == place || stands_in(entry.value, place);
  };
  return std::ranges::any_of(value.items, in_item) || std::ranges::any_of(value.entries, in_entry);
}

}  // namespace

/// The first item of a list has the same place as the list. The item is the smaller of the two and is
/// removed.
bool cut(YamlValue& value, Place place) {
  for (auto item = value.items.begin(); item != value.items.end(); ++item) {
    if (cut(*item, place)) return true;
    if (item->place != place) continue;
    value.items.erase(item);
    return true;
  }
  for (auto entry = value.entries.begin(); entry != value.entries.end(); ++entry) {
    if (entry->place != place && cut(entry->value, place)) return true;
    if (entry->place != place && entry->value.place != place) continue;
    value.entries.erase(entry);
    return true;
  }
  return false;
}

bool holds(const YamlValue& value, Place outer, Place inner) {
  for (const YamlValue& item : value.items) {
    if ((item.place == outer && stands_in(item, inner)) || holds(item, outer, inner)) return true;
  }
  for (const YamlEntry& entry : value.entries) {
    const bool here = entry.place == outer && (entry.place == inner || stands_in(entry.value, inner));
    if (here || holds(entry.value, outer, inner)) return true;
  }
  return false;
}

std::string place_text(std::string_view file, Place place) {
  if (place.line == 0) return std::string(file);
  return fmt::format("{}:{}:{}", file, place.line, place.column);
}

bool is_text(const YamlValue& value) {
  return value.kind == YamlKind::scalar && (value.quoted || value.expanded || !is_json_word(value.text));
}

std::string_view kind_text(const YamlValue& value) {
  switch (value.kind) {
    case YamlKind::null:
      return "empty";
    case YamlKind::scalar:
      if (is_text(value)) return "a text";
      return value.text == "true" ? "true" : value.text == "false" ? "false" : "a number";
    case YamlKind::list:
      return "a list";
    case YamlKind::map:
      return "a map";
  }
  return "unknown";
}

}  // namespace sluice::config
