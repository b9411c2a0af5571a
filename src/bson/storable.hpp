#pragma once

#include "sluice/bson.hpp"

/// Which values and documents MongoDB can store.
namespace sluice::bson {

/// The most levels of nesting that a stored document may have. A flat document has one level.
inline constexpr int max_levels = 180;

/// Whether a value can be the _id of a document. Arrays, regular expressions and undefined cannot, and
/// neither can a document with a name that begins with $, at any depth, unless it is a DBRef ({$ref, $id,
/// $db}).
bool can_be_id(const Value& value);

/// The number of levels to which documents and arrays are nested in `document`; counts to `limit` at most.
int levels_of(View document, int limit);

/// Whether $set with these names would not set fields of these names: {"a.b": 1} would set a path, an empty
/// name is an error, and {"$x": 1} is taken for an operator. Looks at the first level only, because names
/// below it have no such meaning.
bool has_odd_names(View document);

/// Whether an insert would change the document: the server replaces Timestamp(0, 0) at the first level with
/// its own time.
bool has_empty_timestamps(View document);

}  // namespace sluice::bson
