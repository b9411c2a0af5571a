#pragma once

#include <string_view>

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

}  // namespace sluice::sinks
