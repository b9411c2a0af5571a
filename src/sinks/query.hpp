#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "bson/builder.hpp"

namespace sluice::sinks {

/// Appends the condition "`path` equals `value`" in the shortest form that means just that: operators in a
/// stored value are not taken for operators, and null does not match a missing field.
inline void append_equals(bson::Builder& out, std::string_view path, const bson::Value& value) {
  switch (value.type()) {
    case BSON_TYPE_NULL:
      out.open(path).append("$eq", value).append("$exists", true).close();
      break;
    case BSON_TYPE_DOCUMENT:
    case BSON_TYPE_ARRAY:
    case BSON_TYPE_REGEX:
      out.open(path).append("$eq", value).close();
      break;
    default:
      out.append(path, value);
  }
}

/// Whether a value can stand in _id at all: what cannot refers to nothing.
inline bool can_be_id(const bson::Value& value) {
  return value && !value.is_array() && value.type() != BSON_TYPE_REGEX && value.type() != BSON_TYPE_UNDEFINED;
}

inline bool path_holds(const std::string& outer, const std::string& inner) {
  return inner == outer ||
         (inner.size() > outer.size() && inner.starts_with(outer) && inner[outer.size()] == '.');
}

/// A projection of all fields. The server refuses a path together with one inside it, so the outer one stays.
inline void append_projection(bson::Builder& out, const std::vector<const std::string*>& fields) {
  out.open("projection").append("_id", 1);
  for (const std::string* field : fields) {
    const bool inside_other = std::ranges::any_of(
        fields, [&](const std::string* other) { return *other != *field && path_holds(*other, *field); });
    if (!inside_other && *field != "_id" && !field->starts_with("_id.")) out.append(*field, 1);
  }
  out.close();
}

}  // namespace sluice::sinks
