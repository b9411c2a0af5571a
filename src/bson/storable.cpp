#include "bson/storable.hpp"

#include <algorithm>

namespace sluice::bson {

namespace {

bool is_nested(const Value& value) {
  return value.is_document() || value.is_array();
}

/// Follows the server's check (BSONObj::storageValidEmbedded): no name may begin with $, except in a DBRef. A
/// DBRef begins with $ref and $id, and $db may follow; the $id may hold anything.
bool can_be_inside_id(View document, int levels) {
  if (levels == 0) return true;  // too deep to be stored in any case
  auto element = document.begin();
  bool first = true;
  while (element != document.end()) {
    const bool begins_reference = first && element->key == "$ref" && element->value.type() == BSON_TYPE_UTF8;
    first = false;
    if (begins_reference) {
      ++element;
      if (element == document.end() || element->key != "$id") return false;
      ++element;
      if (element == document.end()) return true;
      if (element->key == "$db" && element->value.type() == BSON_TYPE_UTF8) {
        ++element;
        continue;
      }
    }
    if (element->key.starts_with('$')) return false;
    if (is_nested(element->value) && !can_be_inside_id(element->value.document(), levels - 1)) return false;
    ++element;
  }
  return true;
}

}  // namespace

bool can_be_id(const Value& value) {
  return value && !value.is_array() && value.type() != BSON_TYPE_REGEX &&
         value.type() != BSON_TYPE_UNDEFINED && can_be_inside_id(value.document(), max_levels);
}

int levels_of(View document, int limit) {
  int deepest = 0;
  for (const auto& [key, value] : document) {
    if (deepest + 1 >= limit) break;
    if (is_nested(value)) deepest = std::max(deepest, levels_of(value.document(), limit - 1));
  }
  return deepest + 1;
}

bool has_odd_names(View document) {
  for (const auto& [key, value] : document) {
    if (key.empty() || key.starts_with('$') || key.find('.') != std::string_view::npos) return true;
  }
  return false;
}

bool has_empty_timestamps(View document) {
  for (const auto& [key, value] : document) {
    if (value.type() == BSON_TYPE_TIMESTAMP && value.timestamp() == 0) return true;
  }
  return false;
}

}  // namespace sluice::bson
