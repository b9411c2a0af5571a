#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "bson/storable.hpp"
#include "sluice/bson_builder.hpp"
#include "sluice/effect.hpp"

namespace sluice::sinks {

using bson::can_be_id;  // a value that cannot be an _id refers to no document

/// Appends the condition "`path` equals `value`" in the shortest exact form: a value that looks like a query
/// operator is compared as a value, and null does not match a missing field.
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

/// Appends the conditions "the value at `path` is `value`". An array that contains the value does not match,
/// nor does a path that leads through an array. The conditions against arrays do not affect the choice of the
/// index.
inline void append_refers(bson::Builder& out, const std::string& path, const bson::Value& value) {
  for (auto dot = path.find('.'); dot != std::string::npos; dot = path.find('.', dot + 1)) {
    out.open(path.substr(0, dot)).open("$not").append("$type", "array").close().close();
  }
  out.open(path).append("$eq", value);
  if (value.is_null()) out.append("$exists", true);
  out.open("$not").append("$type", "array").close().close();
}

/// Appends the conditions "the target refers to `source_id`". With an array, at least one element must refer
/// to it; the update's array filter selects these elements.
inline void append_reference(bson::Builder& out, const CopyPlan& plan, const bson::Value& source_id) {
  if (plan.array.empty()) {
    append_refers(out, plan.reference, source_id);
  } else {
    append_equals(out, plan.array + "." + plan.reference, source_id);
  }
}

inline bool path_holds(const std::string& outer, const std::string& inner) {
  return inner == outer ||
         (inner.size() > outer.size() && inner.starts_with(outer) && inner[outer.size()] == '.');
}

/// Appends a projection of `_id` and `fields`. The server refuses a path together with a path inside it, so
/// only the outer one is listed.
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
